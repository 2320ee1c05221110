# Outputs that cannot be written: refused, and nothing is left behind.
. "$(dirname "$0")/harness.sh"
make_net
mkdir folder
expect 3 run net.dsir --inputs x.npz -o folder
stderr_has "error[E604]"
expect 3 run net.dsir --inputs x.npz -o nowhere/y.npz
stderr_has "error[E604]"
no_file nowhere
if [ -w /dev/full ]; then
  status=0
  "$DSQUANT" dump net.dsir >/dev/full 2>err || status=$?
  [ $status = 3 ] || die "status $status for a full stdout"
  stderr_has "error[E604]: standard output"
fi
status=0
"$DSQUANT" dump net.dsir >&- 2>err || status=$?
[ $status = 3 ] || die "status $status for a closed stdout"
"$DSQUANT" list codes 2>err | true
[ "${PIPESTATUS[0]}" = 0 ] || die "a reader that goes away is no error"
[ ! -s err ] || die "a reader that goes away is not worth a word"
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  trap 'umount "$folder/small"; rm -rf "$folder"' EXIT
  head -c 48k /dev/zero >small/other
  make_npz big.npz x f32 900,3,8,8
  expect 3 run net.dsir --inputs big.npz -o small/y.npz
  stderr_has "error[E604]"
  [ "$(ls -A small)" = other ] || die "left on the full disk: $(ls -A small)"
else
  echo "a full disk was not tried: mounting one needs root"
fi
expect 0 run net.dsir --inputs x.npz -o y.npz
