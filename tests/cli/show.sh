# inspect, dump, list and version: text, JSON, and a dump that reads back.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 inspect net.dsir
stdout_has "conv1"
stdout_has "open dimensions are taken as 1: x [1,3,8,8]"
stdout_has "i8 weights, u8 input per_sample"
expect 0 inspect net.dsir --weights fp16 --keep 'fc=float'
stdout_has "f16 weights, computed in float"
expect 2 inspect net.dsir --keep 'cf=float'
stderr_has "error[E803]"
expect 0 inspect net.dsir --json
python3 - <<'END' || die "wrong costs"
import json
i = json.load(open("out"))
assert i["macs"] == 8 * 8 * 4 * 3 * 9 + 40 and i["assumed_shapes"] == ["x [1,3,8,8]"] and not i["open_shapes"], i["macs"]
assert all(layer["plan"] for layer in i["layers"]), i["layers"]
END
expect 0 net.dsir -o inspected.dsq
expect 0 inspect inspected.dsq
stdout_has "100.0 % of the MACs in integers"
stdout_has "conversion"
stdout_has "1 island"
expect 2 inspect inspected.dsq --act int8
stderr_has "error[E802]"
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
for command in run inspect dump compare bench diff reproduce opt list version; do
  stdout_has "$command"
done
for command in run inspect dump compare bench diff reproduce opt list version; do
  expect 0 $command --help
  stdout_has "examples:"
  stdout_has "--json"
done
