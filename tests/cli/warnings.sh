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

# Versions that are read although they are not all known say so.
printf '<ir_version: 8, opset_import: ["" : 17, "own" : 1]> g (float[N,4] x) => (float[N,4] y) { y = own.f(x) }
  <domain: "own", opset_import: ["" : 13]> f (p) => (r) { r = Relu(p) }' | make_onnx function.onnx
expect 0 inspect function.onnx
stderr_has "warning[E104]: the function 'f' is of opset 13 and read as of the model's, 17"
printf '<ir_version: 3, opset_import: ["" : 6]> g (float[N,4] x) => (float[N,4] y) { y = Relu(x) }' | make_onnx old.onnx
expect 0 inspect old.onnx --explain
stderr_has "note[E304]: opset 6 is older than 7"
for versions in "2 13" "15 13" "8 0" "8 29"; do
  set -- $versions
  printf '<ir_version: %s, opset_import: ["" : %s]> g (float[N,4] x) => (float[N,4] y) { y = Relu(x) }' "$@" | make_onnx bad.onnx
  expect 3 inspect bad.onnx
  stderr_has "error[E104]: bad.onnx: "
done
