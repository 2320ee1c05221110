# diff: what changed between two reports, in words and numbers; gates that are missed now; files that are no reports.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 net.dsir --data x.npz -o a.dsq
expect 0 net.dsir --data x.npz -o same.dsq --threads 1
expect 0 diff a.report.json same.report.json --fail-on-regression
stdout_has "the same in all that matters"
expect 0 net.dsir --data x.npz -o b.dsq --act int8 --keep 'fc=fp16'
expect 0 diff a.report.json b.report.json
for word in "options" "--act int8" "came out" "file" "bytes" "fc" "-> f16" "effect first" "dB"; do
  stdout_has "$word"
done
expect 0 diff a.report.json b.report.json --json
python3 - <<'END' || die "layers are not sorted by effect"
import json
d = json.load(open("out"))
effects = [abs(layer["effect"]) for layer in d["layers"]]
assert effects and effects == sorted(effects, reverse=True), effects
assert not d["same"] and {"fc"} <= {layer["name"] for layer in d["layers"]}
END

# Gates.
expect 1 net.dsir --data x.npz -o gated.dsq --min-sqnr 190
expect 0 diff a.report.json gated.report.json
stdout_has "gate missed that a met: output SQNR"
expect 1 diff a.report.json gated.report.json --fail-on-regression
stderr_has "error[E804]: gated.report.json: output SQNR"
expect 0 diff gated.report.json a.report.json --fail-on-regression

# What is no report.
expect 3 diff a.report.json net.dsir
stderr_has "error[E605]: net.dsir: the text is not a dsquant report"
expect 3 diff a.report.json nothing.json
stderr_has "error[E101]"
sed 's/"version": 1,/"version": 99,/' a.report.json >newer.json
expect 3 diff newer.json a.report.json
stderr_has "error[E605]: newer.json: the report has version 99"
stderr_has "update dsquant"
sed 's/"passed": true/"passed": 7/' a.report.json >bad.json
expect 3 diff bad.json a.report.json
stderr_has "error[E605]: bad.json: /verdict/passed"
