# What the sample network loses on pictures that neither training nor calibration has seen.
. "$(dirname "$0")/harness.sh"
"$SAMPLE_DATA" . || die "no pictures"
accuracy() {
  expect 0 run "$1" --inputs test.npz --outputs scores.npz --batch 100
  result=$("$SAMPLE_ACCURACY" scores.npz test_labels.npy) || die "no accuracy of $1"
}
net=$SOURCE/samples/shapes.onnx
accuracy "$net"
float=$result
holds "$float > 90"
# loses POINTS OPTIONS...
loses() {
  local points=$1
  shift
  expect 0 "$net" -o q.dsq --data calibration.npz --labels calibration_labels.npy "$@"
  accuracy q.dsq
  echo "$*: $float % in float, $result % quantized"
  holds "$float - $result <= $points"
}
loses 0.3 --weights int8 --act int8
loses 2 --weights int8 --act int4
