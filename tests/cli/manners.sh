# --quiet, --verbose and --color do the same for every command.
. "$(dirname "$0")/harness.sh"
make_net
silent() { [ ! -s out ] && [ ! -s err ] || die "not quiet: $1"; }
coloured() { grep -q $'\x1b\[1;3[136]m' err || die "no colour: $1"; }
plain() { if grep -q $'\x1b' out err; then die "escape codes: $1"; fi; }

# Quiet: nothing but errors and what was asked for.
expect 0 --quiet net.dsir
silent quantize
[ -s net.dsq ] || die "nothing was written"
expect 0 run -q net.dsir --inputs x.npz -o y.npz
silent run
expect 0 compare net.dsir net.dsq --inputs x.npz --quiet
silent compare
expect 1 compare net.dsir net.dsq --inputs x.npz --quiet --min-sqnr 199
stderr_has "error[E804]"
[ ! -s out ] || die "a summary"
expect 1 --quiet net.dsir --min-sqnr 199 -o gate.dsq
stderr_has "error[E804]"
expect 3 --quiet nowhere.onnx
stderr_has "error[E101]"
stderr_has "help: "
for asked in "inspect net.dsir" "dump net.dsir" "list passes" "explain E105" version man "completion bash" "net.dsir --json" "run net.dsir --inputs x.npz --json"; do
  expect 0 $asked --quiet
  [ -s out ] && [ ! -s err ] || die "what was asked for: $asked"
done

# Verbose: every note and what the passes did, on stderr.
expect 0 --verbose net.dsir --threads 1
stderr_has "note[E304]: "
grep -qE '^  fuse_activation +[0-9]+ +[1-9]' err || die "no word of the passes"
for asked in "run net.dsir --inputs x.npz" "dump net.dsir --canonical" "compare net.dsir net.dsir --inputs x.npz"; do
  expect 0 $asked -v
  stderr_has "  fuse_activation"
done
expect 0 dump net.dsir --canonical
cp out before
expect 0 dump net.dsir --canonical --verbose
cmp -s out before || die "--verbose changes what is asked for"
expect 2 net.dsir --quiet --verbose
stderr_has "error[E802]"

# Colour: in pipes only when it is asked for; NO_COLOR gives way to --color.
for command in $("$DSQUANT" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  expect 2 $command --nonsense
  plain "$command"
  expect 2 $command --nonsense --color always
  coloured "$command"
  NO_COLOR=1 expect 2 $command --color=always --nonsense
  coloured "$command"
  expect 0 $command --help --quiet --color never
  plain "$command"
  for flag in --quiet --verbose --color; do stdout_has "$flag"; done
done
expect 0 net.dsir --color always --explain
coloured notes
expect 0 net.dsir --color never --explain
plain notes
expect 2 net.dsir --color sometimes
stderr_has "'sometimes' is not one of auto|always|never"
