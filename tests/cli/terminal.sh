# On a terminal: a bar with percent and time left that removes itself, colour unless NO_COLOR, lines within 80 columns.
. "$(dirname "$0")/harness.sh"
make_net
make_npz big.npz x f32 20000,3,8,8
command -v script >/dev/null || { echo "not tried: there is no script(1)"; exit 0; }
# on_terminal COMMAND: its output with escape codes is in the file seen.
on_terminal() { env -u NO_COLOR TERM=xterm script -qec "stty cols 80; $1" /dev/null >seen </dev/null || die "failed on a terminal: $1"; }
on_terminal "$DSQUANT run net.dsir --inputs big.npz --batch 1 --backend portable"
if grep -q '%.*left' seen; then
  grep -q '\[#*\.*\]' seen || die "no bar"
  tail -c +1 seen | tr '\r' '\n' | grep -v $'^\x1b\[K$' | tail -3 | grep -q 'left' && die "the bar stayed"
else
  echo "the bar was not seen: it was over too soon"
fi
on_terminal "$DSQUANT --weights int8 --act int4 net.dsir"
width=$(tr -d '\r' <seen | sed $'s/\x1b\\[[0-9;]*[mK]//g' | LC_ALL=C.UTF-8 wc -L)
[ "$width" -le 80 ] || { cat seen; die "$width columns on a terminal of 80"; }
for quiet in NO_COLOR=1 TERM=dumb; do
  on_terminal "$quiet $DSQUANT nowhere.onnx || true"
  if grep -q $'\x1b\[[0-9;]*m' seen; then die "colour with $quiet"; fi
done
on_terminal "$DSQUANT nowhere.onnx || true"
grep -q $'\x1b\[1;31m' seen || die "no colour on a terminal"
