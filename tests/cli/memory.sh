# Memory that runs out is E703, not a crash.
. "$(dirname "$0")/harness.sh"
cat >big.dsir <<'END'
graph "big" stage=float (%x: f32[?,1]) -> (%y) {
  %s = const i64[2] {1, 600000000}
  %e = expand(%x, %s)
  %y = relu(%e)
}
END
make_npz x.npz x f32 1,1
cat >heavy.dsir <<'END'
graph "heavy" stage=float (%x: f32[?,12000]) -> (%y) {
  %w = const f32[12000,12000] rand(seed=1)
  %y = linear(%x, %w) @"fc"
}
END
ulimit -v 1200000
expect 3 run big.dsir --inputs x.npz -o y.npz
stderr_has "error[E703]"
stderr_has "help: "
expect 3 heavy.dsir -o out.dsq
stderr_has "error[E703]"
no_file out.dsq
no_file y.npz
