#!/usr/bin/env bash
# Trains the sample network again and writes samples/shapes.onnx. Minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

.ci/install.sh build train
cmake --preset release -B build/train -DDSQ_SAMPLE_TRAIN=ON >/dev/null
cmake --build build/train --target sample_train
build/train/samples/sample_train samples/shapes.onnx
