#!/usr/bin/env bash
# Installs what is missing with apt-get (Debian 12): .ci/install.sh build|tests|package|train|accuracy ...
# Says what it installs; asks for no rights when nothing is missing.
set -euo pipefail

# What the program is built with.
build=(g++ cmake ninja-build libfmt-dev libssl-dev libonnx-dev libprotobuf-dev protobuf-compiler libflatbuffers-dev
       flatbuffers-compiler nlohmann-json3-dev libcli11-dev libdnnl-dev libeigen3-dev libminizip-dev libturbojpeg0-dev
       libspng-dev libstb-dev libexif-dev libtomlplusplus-dev libzstd-dev zlib1g-dev)
# What its tests add: the venv takes numpy, onnx and onnxruntime from PyPI; chromium opens the report; clang builds what
# sanitizers and fuzzers watch.
tests=(ca-certificates ccache chromium clang-14 clang-format fish groff-base libclang-rt-14-dev libgtest-dev libomp-14-dev
       libonnx-testdata mandoc mmdebstrap python3-venv zsh)
# What cpack needs for the Debian packages.
package=(dpkg-dev file)
# What training the sample network adds.
train=(libtorch-dev)
# What tests/accuracy draws and trains with.
accuracy=(dataset-fashion-mnist fonts-croscore fonts-freefont-ttf fonts-liberation fortunes libopenblas0-pthread
          mate-backgrounds python3-torch python3-venv wamerican)

wanted=()
for list in "$@"; do
  case $list in
    build) wanted+=("${build[@]}") ;;
    tests) wanted+=("${tests[@]}") ;;
    package) wanted+=("${package[@]}") ;;
    train) wanted+=("${train[@]}") ;;
    accuracy) wanted+=("${accuracy[@]}") ;;
    *) echo "usage: .ci/install.sh build|tests|package|train|accuracy ..." >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "Installing from Debian: ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "This needs root. As root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 ||
    { cat "$log" >&2; echo "apt-get $1 failed" >&2; exit 1; }
}
apt update
apt install -y --no-install-recommends "${missing[@]}"
