#!/usr/bin/env bash
# From nothing to a quantized network: installs what is missing, builds, draws the pictures, quantizes the sample
# network and shows what it cost. On a bare Debian 12 about ten minutes on two cores, seconds when already built.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

.ci/install.sh build
[[ -f build/release/build.ninja ]] || cmake --preset release
cmake --build --preset release --target dsquant sample_data sample_accuracy

dsquant=build/release/cli/dsquant
tools=build/release/samples
out=build/sample
mkdir -p "$out"
[[ -f $out/test_labels.npy ]] || "$tools/sample_data" "$out"

echo
"$dsquant" --weights int8 --act int4 samples/shapes.onnx -o "$out/shapes.dsq" \
  --data "$out/calibration.npz" --eval-data "$out/test.npz" --eval-labels "$out/test_labels.npy"

# Accuracy is measured on pictures that neither training nor calibration has seen.
run() {
  "$dsquant" run "$1" --inputs "$out/test.npz" --outputs "$out/scores.npz" --batch 100 --json |
    sed -n 's/^ *"seconds": \([0-9.e-]*\).*/\1/p'
}
accuracy() { "$tools/sample_accuracy" "$out/scores.npz" "$out/test_labels.npy"; }
size() { stat -c %s "$1"; }

float_seconds=$(run samples/shapes.onnx)
float_accuracy=$(accuracy)
quantized_seconds=$(run "$out/shapes.dsq")
quantized_accuracy=$(accuracy)

echo
printf '%-28s %12s %12s\n' "sample network" "float" "W8A4"
printf '%-28s %10.2f %% %10.2f %%\n' "accuracy, 2400 test pictures" "$float_accuracy" "$quantized_accuracy"
printf '%-28s %12d %12d\n' "file size, bytes" "$(size samples/shapes.onnx)" "$(size "$out/shapes.dsq")"
printf '%-28s %12.2f %12.2f\n' "time for them, seconds" "$float_seconds" "$quantized_seconds"
echo "report: $out/shapes.report.html"
