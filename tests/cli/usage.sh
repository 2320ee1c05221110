# Mistyped commands, flags and values get the nearest suggestion and status 2.
. "$(dirname "$0")/harness.sh"
make_net
expect 2
stderr_has "error[E801]"
expect 2 inspct net.dsir
stderr_has "nearest command is 'inspect'"
expect 2 run net.dsir --inputz x.npz
stderr_has "unknown option '--inputz'; nearest is '--inputs'"
expect 2 run net.dsir --inputs x.npz --backend onedn
stderr_has "nearest is 'onednn'"
expect 2 run net.dsir --inputs x.npz --batch 0
stderr_has "--batch"
expect 2 run net.dsir
stderr_has "--inputs"
expect 2 list pases
stderr_has "nearest is 'passes'"
expect 2 inspect net.dsir --shape x=1,three
stderr_has "NAME=1,3,224,224"
expect 2 inspect net.dsir --shape z=1,3,8,8
stderr_has "error[E109]"
expect 2 inspect net.dsir --shape x=1,3,9,9
stderr_has "error[E109]"

# Numbers are numbers, and names of files are names: for every flag of every command, as its help gives them.
for command in $("$DSQUANT" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  "$DSQUANT" "$command" --help | grep -oE -- '--[a-z-]+ (N|DB|SHARE|POINTS|FILE)\b' >flags || continue
  words=$command
  [ "$command" = data ] && words="data check x.npz"
  while read -r flag kind; do
    case $kind in
      FILE) set -- "" ;;
      N) set -- nan inf 1e9 -1 1.5 0x8 99999999999999999999 "" " 3" three ;;
      *) set -- nan inf -inf 1e999 -1e99 0x8 "" "3 " 1,5 three ;;
    esac
    for value in "$@"; do
      expect 2 $words net.dsir $flag "$value"
      stderr_has "error[E801]: $flag: "
    done
    expect 2 $words net.dsir $flag=
    stderr_has "error[E801]: $flag: "
  done <flags
done
expect 2 net.dsir -o ''
stderr_has "error[E801]: --output: the file's name is empty"
expect 2 net.dsir --wieghts int8
stderr_has "nearest is '--weights'"
expect 2 quantise net.dsir
stderr_has "nearest command is 'quantize'"
expect 2 net.dsir --keep conv1=pf16
stderr_has "nearest is 'fp16'"
expect 2 net.dsir --act int7
stderr_has "nearest is 'int"
expect 2 explain E1O5
stderr_has "nearest is 'E105'"

# Values that are missing or too many, and arguments that are missing: which, what it takes, an example.
expect 2 run
stderr_has "error[E801]: MODEL is missing: an .onnx, .dsq or .dsir file"
stderr_has "help: for example \`dsquant run model.dsq --inputs x.npz"
expect 2 run net.dsir
stderr_has "error[E801]: --inputs is missing: Samples: .npz"
expect 2 run net.dsir --inputs
stderr_has "error[E801]: --inputs: a value is missing; it takes FILE"
expect 2 run net.dsir --inputs --batch 3
stderr_has "error[E801]: --inputs: a value is missing; it takes FILE"
expect 2 net.dsir --weights --act int4
stderr_has "error[E801]: --weights: a value is missing; it takes int8|int6|int4|fp16|float"
stderr_has "help: for example \`dsquant --weights int8"
expect 2 run net.dsir --inputs x.npz --inputs x.npz
stderr_has "error[E801]: --inputs: given 2 times; it takes one value"
expect 2 bench net.dsir --runs 3 --seconds 2
stderr_has "error[E802]: --seconds and --runs cannot be used together"
expect 2 net.dsir --json=no
stderr_has "error[E801]: --json: 'no' is neither true nor false"
for command in list explain completion diff opt; do
  expect 2 $command
  stderr_has "is missing: "
  stderr_has "help: for example \`"
done
for raw in "required" "Expected" "received" "excludes"; do
  for line in "run" "run net.dsir --inputs" "net.dsir --shape" "bench net.dsir --runs 1 --seconds 1" "run net.dsir --batch 1 --batch 2"; do
    expect 2 $line
    grep -q "^error.*$raw" err && die "CLI11's words: $line"
  done
done
expect 2 completion
stderr_has "help: for example \`source <(dsquant completion bash)\`;"
expect 2 --
stderr_has "error[E801]: MODEL is missing"
expect 2 help inspct
stderr_has "'inspct' is no command; nearest command is 'inspect'"

# --json: what has none says so; in settings it is one of them.
for command in selftest man "completion bash"; do
  expect 2 $command --json
  stderr_has "error[E801]: dsquant ${command% *} prints text alone: it has no --json"
done
expect 0 net.dsir --print-config --json
stdout_has "json = true"

# Advice is what one would have to type.
expect 2 net.dsir --keep c1
stderr_has "help: for example --keep 'c1=fp16'"
expect 2 net.dsir --keep conv1=pf16
stderr_has "help: for example --keep 'conv1=fp16'"

# Outputs have names of their own kind, and replace nothing that is read.
for name in - q.onnx q.npz q.report.json; do
  expect 2 net.dsir -o $name
  stderr_has "error[E802]: "
  stderr_has "help: give a name such as "
  no_file ./$name
done
expect 2 run net.dsir --inputs x.npz -o -
stderr_has "results go into files, not to standard output"
expect 2 run net.dsir --inputs x.npz -o y.dsq
stderr_has "error[E802]: y.dsq: .npz or .npy is written here, no .dsq file"
ln -s net.dsir link.dsir
ln net.dsir hard.dsir
for same in net.dsir ./net.dsir link.dsir hard.dsir; do
  expect 2 opt net.dsir --list canonicalize -o $same
  stderr_has "error[E802]: $same: the output would replace 'net.dsir'"
done
cmp -s net.dsir hard.dsir || die "net.dsir was replaced"

# With --json, stdout is one document or nothing, whatever goes wrong.
for line in "3 inspect nowhere.onnx" "3 run net.dsir --inputs nowhere.npz" "2 net.dsir --act int7" "3 compare net.dsir broken.onnx --inputs x.npz" "3 reproduce net.dsir" "3 diff net.dsir net.dsir" "2 opt net.dsir --passes none" "3 bench nowhere.onnx"; do
  expect $line --json
  [ ! -s out ] || die "stdout is not empty: $line"
done
expect 1 net.dsir --json --min-sqnr 199 -o gate.dsq
python3 -m json.tool out >/dev/null || die "no JSON where a gate failed"
