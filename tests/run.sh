#!/usr/bin/env bash
# Installs what is missing, builds everything with tests and runs them all: first what sanitizers watch, with half a
# minute of fuzzing for each target, then every test on the release build. Ends with ctest's own line.
set -euo pipefail
cd "$(dirname "$0")/.."

.ci/install.sh build package tests
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}

cmake --preset dev
cmake --build --preset dev --target sanitized
ctest --preset dev --no-tests=error

cmake --preset ci
cmake --build --preset ci
ctest --preset ci --no-tests=error
