# Bad input to the main command: each kind has its code and status, says the next step, and leaves nothing behind.
. "$(dirname "$0")/harness.sh"
make_net
# refuse STATUS CODE TEXT ARGUMENTS...: also that no output, whole or half, is there afterwards.
refuse() {
  local status=$1 code=$2 text=$3
  shift 3
  expect "$status" "$@" -o out.dsq
  stderr_has "error[$code"  # E10: which one depends on where the file ends
  stderr_has "$text"
  stderr_has "help: "
  for file in out.dsq out.report.json out.report.html; do no_file $file; done
}
# The model.
refuse 3 E101 nowhere.onnx nowhere.onnx
refuse 3 E101 "not a regular file" .
: >empty.onnx
refuse 3 E102 empty.onnx empty.onnx
echo "hello, this is no model" >text.onnx
refuse 3 E10 text.onnx text.onnx
make_onnx good.onnx <<'END'
<ir_version: 8, opset_import: ["" : 13]>
agraph (float[N,4] x) => (float[N,2] y) <float[4,2] w = {1, 2, 3, 4, 5, 6, 7, 8}> { y = MatMul(x, w) }
END
expect 0 good.onnx -o good.dsq
size=$(stat -c %s good.onnx)
for cut in 1 $((size / 3)) $((size / 2)) $((size - 1)); do
  head -c "$cut" good.onnx >cut.onnx
  refuse 3 E10 cut.onnx cut.onnx
done
make_onnx unknown.onnx <<'END'
<ir_version: 8, opset_import: ["" : 13]>
agraph (float[1,4] x) => (float[1,4] y) { a = Frobnicate(x)  y = Twiddle(a) }
END
refuse 3 E105 Twiddle unknown.onnx
make_onnx stride.onnx <<'END'
<ir_version: 8, opset_import: ["" : 13]>
agraph (float[1,4,4,4] x, float[4,4,1,1] w) => (float[1,4,4,4] y) { y = Conv <strides=[0,0]> (x, w) }
END
refuse 3 E106 "node 'y'" stride.onnx
for value in nan inf; do
  sed "s/%lw = const.*/%lw = const f32[10,4] {$(printf '1, %.0s' $(seq 39))$value}/" net.dsir >$value.dsir
  refuse 3 E110 fc $value.dsir
done
# A model that is quantized already.
expect 0 net.dsir -o done.dsq
refuse 3 E302 "done.dsq: it is a .dsq file" done.dsq
expect 3 done.dsq
stderr_has "error[E302]: done.dsq: it is a .dsq file, quantized already"
# The data.
make_npz name.npz z f32 5,3,8,8
refuse 3 E402 "no array is named 'x'" net.dsir --data name.npz
make_npz shape.npz x f32 5,3,8,9
refuse 3 E402 "f32[?,3,8,8]" net.dsir --data shape.npz
make_npz type.npz x i32 5,3,8,8
refuse 3 E402 i32 net.dsir --data type.npz
for value in nan inf; do
  make_npz $value.npz x f32 5,3,8,8 $value
  refuse 3 E403 "sample 4" net.dsir --data $value.npz
done
refuse 3 E101 nowhere.npz net.dsir --data nowhere.npz
head -c 100 x.npz >cut.npz
refuse 3 E401 cut.npz net.dsir --data cut.npz
: >empty.npz
refuse 3 E401 empty.npz net.dsir --data empty.npz
# The labels.
make_npz few.npz labels i64 4
refuse 3 E404 "4 labels for 5 samples" net.dsir --data x.npz --labels few.npz
make_npz real.npz labels f32 5
refuse 3 E404 "integers" net.dsir --data x.npz --labels real.npz
for value in 10 -1; do
  make_npz far.npz labels i64 5 $value
  refuse 3 E404 "label $value" net.dsir --data x.npz --labels far.npz
done
# Pairs of options that cannot be.
refuse 2 E802 "integer weights" net.dsir --weights fp16 --act int8
refuse 2 E802 "needs samples" net.dsir --max-drop 1
refuse 2 E109 "no input 'q'" net.dsir --shape q=1,3,8,8
refuse 2 E801 --batch net.dsir --batch 0
refuse 2 E704 "built without CUDA" net.dsir --backend cuda
refuse 2 E704 "nearest is 'onednn'" net.dsir --backend onedn
cp net.dsir same.dsq
cp same.dsq before
expect 2 same.dsq
stderr_has "error[E802]"
cmp -s same.dsq before || die "the model was overwritten"

# A network that only takes samples by twos, though its input does not say so: what to say instead.
cat >pairs.dsir <<'EOF'
graph "pairs" stage=float (%x: f32[?,6]) -> (%y) {
  %s = const i64[3] {1, 2, 6}
  %w = const f32[2,1,3] rand(seed=1)
  %r = reshape(%x, %s)
  %y = conv(%r, %w) {group=2} @"conv"
}
EOF
make_npz pairs.npz x f32 32,6
expect 3 pairs.dsir --data pairs.npz -o pairs.dsq
stderr_has "error[E203]"
stderr_has "--shape 'x=N,...' says so"
expect 0 pairs.dsir --data pairs.npz --shape x=2,6 -o pairs.dsq
