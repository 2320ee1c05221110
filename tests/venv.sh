#!/usr/bin/env bash
# Makes the Python environment of the tests, once: tests/venv.sh FOLDER. A ctest fixture (see dsq_python_test).
set -euo pipefail
requirements=$(dirname "$0")/requirements.txt
folder=$1
if cmp -s "$requirements" "$folder/installed.txt"; then
  exit 0
fi
rm -rf "$folder"
/usr/bin/python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --retries 8 --requirement "$requirements"
cp "$requirements" "$folder/installed.txt"
