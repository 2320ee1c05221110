# Whole networks: the same bytes whatever the threads, the same bits on both backends, a quarter of the size, gates.
. "$(dirname "$0")/harness.sh"
"$SAMPLE_DATA" . || die "no pictures"
net=$SOURCE/samples/shapes.onnx

# The bytes do not depend on the number of threads, nor on the run.
expect 0 "$net" -o calibrated.dsq --data calibration.npz --fallback int8 --threads 1
expect 0 "$net" -o dynamic.dsq --threads 1
for threads in 2 4 1 2 4 1 2 4 2; do
  expect 0 "$net" -o again.dsq --data calibration.npz --fallback int8 --threads $threads
  same calibrated.dsq again.dsq
  expect 0 "$net" -o again.dsq --threads $threads
  same dynamic.dsq again.dsq
done
! cmp -s calibrated.dsq dynamic.dsq || die "data make no difference"

# Both backends compute the same bits, with calibrated ranges and with ranges taken at run time; fp16 layers would be floats.
for model in calibrated.dsq dynamic.dsq; do
  for backend in portable onednn; do
    expect 0 run $model --inputs calibration.npz --outputs $backend.npz --backend $backend
  done
  same portable.npz onednn.npz
done

# A dense network takes about a quarter of its fp32 weights.
cat >dense.dsir <<'NET'
graph "dense" stage=float (%x: f32[?,256]) -> (%y) {
  %w1 = const f32[1024,256] rand(seed=1)
  %w2 = const f32[1024,1024] rand(seed=2)
  %w3 = const f32[64,1024] rand(seed=3)
  %a = linear(%x, %w1) @"first"
  %b = relu(%a)
  %c = linear(%b, %w2) @"middle"
  %d = relu(%c)
  %y = linear(%d, %w3) @"last"
}
NET
expect 0 dense.dsir -o dense.dsq
holds "$(stat -c %s dense.dsq) <= 0.27 * 4 * (1024 * 256 + 1024 * 1024 + 64 * 1024)"

# A gate that fails says so in the exit status; what was made is there.
expect 1 "$net" -o gate.dsq --data calibration.npz --fallback int8 --min-sqnr 190
[ -s gate.dsq ] && [ -s gate.report.json ] && [ -s gate.report.html ] || die "a failed gate must still write"
same gate.dsq calibrated.dsq
