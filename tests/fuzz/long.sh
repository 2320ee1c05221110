#!/usr/bin/env bash
# Fuzzes for long, as many targets at a time as there are cores: tests/fuzz/long.sh [SECONDS] [TARGET...]
# Default: an hour for each target. Goes on after a find. Everything is kept under build/fuzz/TARGET: corpus/ (the next
# night starts from it), finds/ (the inputs) and log. A find is replayed with build/dev/tests/fuzz/fuzz_TARGET FILE.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-3600}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(onnx dsq text npy config calibration)

cmake --preset dev >/dev/null
cmake --build --preset dev --target "${targets[@]/#/fuzz_}"

# Debian's own cases for every operator are good seeds, though not ours to commit.
mkdir -p build/fuzz/onnx/corpus
for model in /usr/share/libonnx-testdata/data/node/*/model.onnx; do
  if [[ -f $model && $(stat -c %s "$model") -le 4096 ]]; then
    cp -n "$model" "build/fuzz/onnx/corpus/$(basename "$(dirname "$model")")"
  fi
done

fuzz_until() {
  local target=$1 end=$2 now status=0
  while now=$(date +%s) && ((now < end)); do
    tests/fuzz/fuzz.sh "build/dev/tests/fuzz/fuzz_$target" "$target" $((end - now)) "build/fuzz/$target" || status=1
  done
  return $status
}
export -f fuzz_until
printf '%s\n' "${targets[@]}" |
  xargs -P "$(nproc)" -I{} bash -c 'fuzz_until {} $(($(date +%s) + '"$seconds"'))'
