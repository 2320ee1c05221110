# Installs the build into a folder of its own and uses it from outside: consumer.sh BUILD DSQUANT
# Nothing of the product is compiled again but, for add_subdirectory, its smallest room.
set -eu
build=$1 dsquant=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
die() { echo "FAILED: $*"; exit 1; }

cmake --install "$build" --prefix "$folder/prefix" >"$folder/log" || { cat "$folder/log"; die "install"; }
mv "$folder/prefix" "$folder/moved"  # what is installed names no place
if grep -rlF -e "$folder" -e "$source" "$folder/moved/lib"*/cmake; then die "these files name a folder of this machine"; fi
cmp -s <("$folder/moved/bin/dsquant" version) <("$dsquant" version) || die "the installed program is another one"

cmake -G Ninja -S "$source/tests/consumer" -B "$folder/consumer" -DCMAKE_PREFIX_PATH="$folder/moved" -DSAMPLES="$source/samples" \
  -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >"$folder/log" || { cat "$folder/log"; die "find_package"; }
cmake --build "$folder/consumer" >"$folder/log" || { cat "$folder/log"; die "build with find_package"; }
"$folder/consumer/quantize" "$source/samples/shapes.onnx" "$folder/api.dsq" || die "the sample quantize"
"$dsquant" "$source/samples/shapes.onnx" --act int8 -o "$folder/cli.dsq" >/dev/null
cmp "$folder/api.dsq" "$folder/cli.dsq" || die "the library and the program make different files"
"$folder/consumer/custom_pass" "$source/samples/shapes.onnx" "$folder/bounded.dsq" | tee "$folder/log"
grep -q '^[1-9][0-9]* functions bounded' "$folder/log" || die "the pass did nothing"
"$dsquant" dump "$folder/bounded.dsq" >/dev/null || die "what it wrote cannot be read"
"$folder/consumer/quantize" nowhere.onnx "$folder/no.dsq" 2>"$folder/log" && die "an error that is none"
grep -q E101 "$folder/log" || die "the error has no code"

echo 'find_package(dsquant 9 REQUIRED)' >"$folder/newer.cmake"
if cmake -DCMAKE_PREFIX_PATH="$folder/moved" -P "$folder/newer.cmake" >"$folder/log" 2>&1; then die "any version will do"; fi

cmake -G Ninja -S "$source/tests/consumer/subdirectory" -B "$folder/subdirectory" -DDSQUANT="$source" >"$folder/log" ||
  { cat "$folder/log"; die "add_subdirectory"; }
cmake --build "$folder/subdirectory" >"$folder/log" || { cat "$folder/log"; die "build with add_subdirectory"; }
[ "$("$folder/subdirectory/codes")" -gt 30 ] || die "no codes"
echo "find_package and add_subdirectory work"
