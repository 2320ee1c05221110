# Operators that do not exist are all named at once.
. "$(dirname "$0")/harness.sh"
make_onnx m.onnx <<'END'
<ir_version: 8, opset_import: ["" : 13]>
agraph (float[1,4] x) => (float[1,4] y) {
  a = Frobnicate(x)
  y = Twiddle(a)
}
END
make_npz x.npz x f32 1,4
expect 3 run m.onnx --inputs x.npz -o y.npz
stderr_has "error[E105]"
stderr_has "Frobnicate"
stderr_has "Twiddle"
no_file y.npz
