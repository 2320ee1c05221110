# Ctrl-C at any moment of quantize: status 130, one line, and every file that is there is whole.
. "$(dirname "$0")/harness.sh"
make_net
make_npz big.npz x f32 3000,3,8,8
expect 0 net.dsir --data big.npz -o whole.dsq
cat >slow.sh <<'END'
trap - INT
exec "$1" net.dsir --data big.npz -o cut.dsq
END
set -m
interrupted=0
for moment in 0.01 0.03 0.05 0.08 0.1 0.13 0.16 0.2 0.25 0.3 0.4 0.5 0.7; do
  rm -f cut.*
  status=0
  bash slow.sh "$DSQUANT" >out 2>err &
  pid=$!
  sleep $moment
  kill -INT "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  if [ $status = 130 ]; then
    interrupted=$((interrupted + 1))
  elif [ $status != 0 ]; then
    die "status $status at $moment s"
  fi
  [ -z "$(find . -name '*.tmp*')" ] || die "a temporary file was left behind at $moment s"
  [ ! -e cut.dsq ] || cmp -s cut.dsq whole.dsq || die "half a model at $moment s"
  [ ! -e cut.report.json ] || python3 -m json.tool cut.report.json >/dev/null || die "half a report at $moment s"
done
[ $interrupted -gt 0 ] || die "it was over too soon each time"
