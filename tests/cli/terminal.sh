# On a terminal: a bar with percent and time left that removes itself, colour unless NO_COLOR, lines within 80 columns.
. "$(dirname "$0")/harness.sh"
make_net
make_npz big.npz x f32 20000,3,8,8
script -qec true /dev/null >/dev/null 2>&1 || { echo "not tried: script(1) makes no pseudo-terminal here"; exit 0; }
# on_terminal COMMAND: its output with escape codes is in the file seen.
on_terminal() { env -u NO_COLOR TERM=xterm script -qec "stty cols ${columns:-80}; $1" /dev/null >seen </dev/null || die "failed on a terminal: $1"; }
on_terminal "$DSQUANT run net.dsir --inputs big.npz --batch 1 --backend portable"
if grep -q '%.*left' seen; then
  grep -q '\[#*\.*\]' seen || die "no bar"
  tail -c +1 seen | tr '\r' '\n' | grep -v $'^\x1b\[K$' | tail -3 | grep -q 'left' && die "the bar stayed"
else
  echo "the bar was not seen: it was over too soon"
fi
if grep -q $'\x1b\[K.*%' seen; then
  on_terminal "TERM=dumb $DSQUANT run net.dsir --inputs big.npz --batch 1 --backend portable"
  if grep -q $'\x1b' seen; then die "escape codes where TERM=dumb"; fi
  on_terminal "$DSQUANT run net.dsir --inputs big.npz --batch 1 --backend portable --quiet"
  [ ! -s seen ] || { cat seen; die "not quiet"; }
fi

# Names that are long, and every table there is.
long=stage3.blocks.11.attention.projection.with_a_name_of_considerable_length
cat >long.dsir <<END
graph "long" stage=float (%image_as_it_comes_from_the_camera_before_anything_is_done: f32[?,3,8,8]) -> (%$long.out) {
  %w = const f32[4,3,3,3] rand(seed=1)
  %axes = const i64[2] {2, 3}
  %lw = const f32[10,4] rand(seed=3)
  %c = conv(%image_as_it_comes_from_the_camera_before_anything_is_done, %w) {pads=[1,1,1,1]} @"$long.conv"
  %g = reduce_mean(%c, %axes) {keepdims=false} @"$long.pool"
  %$long.out = linear(%g, %lw) @"$long.head"
}
END
make_npz l.npz image_as_it_comes_from_the_camera_before_anything_is_done f32 5,3,8,8
on_terminal "$DSQUANT --weights int8 --act int4 long.dsir"
on_terminal "$DSQUANT --weights int8 --act int8 long.dsir -o int8.dsq"
while IFS= read -r arguments; do
  for columns in 80 60 40; do
    case $columns:$arguments in [46]0:inspect*|[46]0:*--help|40:*--dry-run) continue ;; esac  # hashes, commands and names stay whole
    on_terminal "$DSQUANT $arguments 2>/dev/null"
    width=$(tr -d '\r' <seen | sed $'s/\x1b\\[[0-9;]*[mK]//g' | LC_ALL=C.UTF-8 wc -L)
    [ "$width" -le $columns ] || { cat seen; die "$width columns on a terminal of $columns: $arguments"; }
    [ -s seen ] || die "nothing was shown: $arguments"
  done
done <<'END'
diff long.report.json int8.report.json
long.dsir --dry-run
bench net.dsir --runs 2
--weights int8 --act int4 net.dsir
--weights int8 --act int4 long.dsir -o other.dsq
run long.dsir --inputs l.npz --profile
inspect long.dsir
inspect long.dsq
compare long.dsir long.dsq --inputs l.npz --values
list passes
list ops
list backends
list codes
list precisions
explain E106
version
--help
quantize --help
run --help
END
columns=80
for quiet in NO_COLOR=1 TERM=dumb; do
  on_terminal "$quiet $DSQUANT nowhere.onnx || true"
  if grep -q $'\x1b\[[0-9;]*m' seen; then die "colour with $quiet"; fi
done
on_terminal "$DSQUANT nowhere.onnx || true"
grep -q $'\x1b\[1;31m' seen || die "no colour on a terminal"
