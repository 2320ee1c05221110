# Sourced by every script. $DSQUANT and $MAKE_FILE are programs; the script runs in an empty folder of its own.
set -u
DSQUANT=$1 MAKE_FILE=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

die() { echo "FAILED: $*"; echo "--- stdout"; head -50 out; echo "--- stderr"; head -50 err; exit 1; }

# expect STATUS ARGUMENTS...: runs dsquant; its output is in the files out and err.
expect() {
  local status=$1 got=0
  shift
  "$DSQUANT" "$@" >out 2>err || got=$?
  [ "$got" = "$status" ] || die "exit status $got instead of $status: dsquant $*"
}
stdout_has() { grep -qF -e "$1" out || die "stdout lacks '$1'"; }
stderr_has() { grep -qF -e "$1" err || die "stderr lacks '$1'"; }
no_file() { [ ! -e "$1" ] || die "$1 was left behind"; [ -z "$(find . -name '*.tmp*')" ] || die "a temporary file was left behind"; }

make_npz() { "$MAKE_FILE" npz "$@" || die "cannot make $*"; }
make_onnx() { "$MAKE_FILE" onnx "$1" || die "cannot make $1"; }
make_net() {
  cat >net.dsir <<'END'
// Two layers.
graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[4,3,3,3] rand(seed=1)
  %b = const f32[4] rand(seed=2)
  %axes = const i64[2] {2, 3}
  %lw = const f32[10,4] rand(seed=3)
  %c = conv(%x, %w, %b) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c) @"relu1"
  %g = reduce_mean(%r, %axes) {keepdims=false} @"pool"
  %y = linear(%g, %lw) @"fc"
}
END
  make_npz x.npz x f32 5,3,8,8
}
