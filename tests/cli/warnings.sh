# A poor result is warned of, on stderr and in the report, and is written all the same; --explain shows the notes.
. "$(dirname "$0")/harness.sh"
cat >far.dsir <<'END'
graph "far" stage=float (%x: f32[?,2]) -> (%y) {
  %s = const f32[2] {1000000, 1000000}
  %w = const f32[1,4] {0, 0, 1, 1}
  %m = mul(%x, %s) @"scale"
  %c = concat(%m, %x) {axis=1} @"both"
  %y = linear(%c, %w) @"fc"
}
END
expect 0 far.dsir
stderr_has "warning[E405]: "
stderr_has "--data"
stderr_has "--explain"
[ -s far.dsq ] || die "it was not written"
grep -q E405 far.report.json || die "the report lacks the warning"
expect 0 far.dsir --explain
stderr_has "note[E304]: "
expect 0 far.dsir --json
python3 -m json.tool out >/dev/null || die "warnings must not mix with JSON"
stderr_has "warning[E405]: "
