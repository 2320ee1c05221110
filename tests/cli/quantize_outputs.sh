# Places that quantize cannot write to: refused before the work where that can be known, and nothing is left behind.
. "$(dirname "$0")/harness.sh"
make_net
touch file
mkdir -p folder taken
refuse() {
  expect 3 net.dsir -o "$1"
  stderr_has "error[E604]"
  stderr_has "help: "
}
refuse folder
refuse nowhere/net.dsq
refuse file/net.dsq
mkdir taken/net.report.json
refuse taken/net.dsq
[ "$(ls -A taken)" = net.report.json ] || die "left beside a report that cannot be written: $(ls -A taken)"
# Weights that lie in another file are input, too.
"$MAKE_FILE" dense dense.onnx 2 8 own.dsq
cp own.dsq before
expect 2 dense.onnx -o own.dsq
stderr_has "the output would replace 'own.dsq'"
cmp own.dsq before || die "the weights were replaced"
if [ "$(id -u)" != 0 ]; then
  mkdir -m 500 closed
  refuse closed/net.dsq
fi
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  trap 'umount "$folder/small"; rm -rf "$folder"' EXIT
  for free in 4 12 24 40; do  # no room for the model, or for its reports
    head -c $((64 - free))k /dev/zero >small/other
    refuse small/net.dsq
    [ "$(ls -A small)" = other ] || die "left on the full disk: $(ls -A small)"
  done
  mount -o remount,ro small
  refuse small/net.dsq
else
  echo "a full disk and a read-only one were not tried: mounting one needs root"
fi
