# inspect, dump, list and version: text, JSON, and a dump that reads back.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 inspect net.dsir
stdout_has "conv1"
expect 0 dump net.dsir --full
cp out again.dsir
expect 0 dump again.dsir --full
cmp -s out again.dsir || die "the dump of a dump differs"
for what in passes ops backends codes precisions; do
  expect 0 list $what --json
  python3 -m json.tool out >/dev/null || die "list $what: no JSON"
done
for arguments in "inspect net.dsir" "dump net.dsir" version --version; do
  expect 0 $arguments --json
  python3 -m json.tool out >/dev/null || die "$arguments: no JSON"
done
expect 0 --help
for command in run inspect dump compare list version; do
  stdout_has "$command"
done
for command in run inspect dump compare list version; do
  expect 0 $command --help
  stdout_has "examples:"
  stdout_has "--json"
done
