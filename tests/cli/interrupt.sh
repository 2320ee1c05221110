# Ctrl-C ends a long run at once with status 130, one line, and no file.
. "$(dirname "$0")/harness.sh"
make_net
make_npz big.npz x f32 100000,3,8,8
cat >slow.sh <<'END'
trap - INT
exec "$1" run net.dsir --inputs big.npz --batch 1 --backend portable -o y.npz
END
set -m
bash slow.sh "$DSQUANT" >out 2>err &
pid=$!
sleep 0.3
kill -INT "$pid" 2>/dev/null || die "it was over too soon"
wait "$pid"
status=$?
[ $status = 130 ] || die "status $status"
stderr_has "dsquant: interrupted"
no_file y.npz
