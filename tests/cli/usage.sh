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
  while read -r flag kind; do
    case $kind in
      FILE) set -- "" ;;
      N) set -- nan inf 1e9 -1 1.5 0x8 99999999999999999999 "" " 3" three ;;
      *) set -- nan inf -inf 1e999 -1e99 0x8 "" "3 " 1,5 three ;;
    esac
    for value in "$@"; do
      expect 2 "$command" net.dsir $flag "$value"
      stderr_has "error[E801]: $flag: "
    done
    expect 2 "$command" net.dsir $flag=
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
