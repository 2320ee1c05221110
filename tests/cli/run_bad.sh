# Runs that fail on the way: an element type without a kernel, values that a node refuses, a backend that is not there.
. "$(dirname "$0")/harness.sh"
cat >half.dsir <<'END'
graph "half" stage=float (%x: f32[?,4]) -> (%y) {
  %h = cast(%x) {to=f16}
  %s = sin(%h) @"wave"
  %y = cast(%s) {to=f32}
}
END
make_npz x.npz x f32 2,4
for backend in onednn portable; do
  expect 3 run half.dsir --inputs x.npz -o y.npz --backend $backend
  stderr_has "error[E701]: half.dsir: node 'wave'"
  stderr_has "help: "
done
cat >index.dsir <<'END'
graph "index" stage=float (%i: i64[?]) -> (%y) {
  %t = const f32[4,2] rand(seed=1)
  %y = gather(%t, %i) {axis=0} @"embed"
}
END
make_npz i.npz i i64 3 9
expect 3 run index.dsir --inputs i.npz -o y.npz
stderr_has "error[E702]: index.dsir: "
stderr_has "embed"
stderr_has "index 9 is outside [0, 4)"
expect 2 run half.dsir --inputs x.npz -o y.npz --backend cuda
stderr_has "error[E704]"
no_file y.npz
