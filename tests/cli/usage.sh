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
