# The main command: works without a command word, says where files lie, refuses pairs that cannot be.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 --weights int8 --act int4 net.dsir
for file in net.dsq net.report.json net.report.html; do
  stdout_has "$file"
  [ -s $file ] || die "$file was not written"
done
cp net.dsq first.dsq
expect 0 quantize net.dsir --json --threads 1 --data x.npz -o calibrated.dsq
python3 -m json.tool out >/dev/null || die "no JSON"
expect 0 net.dsir --threads 1
cmp -s net.dsq first.dsq || die "another number of threads, other bytes"
expect 0 run net.dsq --inputs x.npz -o y.npz
expect 2 net.dsir --labels x.npz -o no.dsq
stderr_has "error[E802]"
expect 2 net.dsir --recover fast -o no.dsq
stderr_has "error[E802]: --recover fast needs samples"
expect 2 net.dsir --max-drop 1 -o no.dsq
stderr_has "error[E802]"
expect 2 net.dsir --weights float --act int4 -o no.dsq
stderr_has "error[E802]"
expect 2 net.dsir --weights int9 -o no.dsq
stderr_has "nearest is 'int8'"
expect 2 net.dsir --keep 'cnv1=fp16' -o no.dsq
stderr_has "error[E803]"
stderr_has "conv1"
make_npz n.npz x f32 5,3,8,8 nan
expect 3 net.dsir --data n.npz -o no.dsq
stderr_has "error[E403]"
expect 3 net.dsir -o nowhere/no.dsq
stderr_has "error[E604]"
no_file no.dsq
no_file no.report.json
expect 1 net.dsir --min-sqnr 190 -o gate.dsq
stderr_has "error[E804]"
[ -s gate.dsq ] || die "a failed gate must still write"
expect 0 --help
stdout_has "quantize"
expect 0 quantize --help
for flag in --weights --act --data --labels --output --shape --keep --edges-at-act --max-weight-error --batch --threads --backend --recover --output-kind --metric-command --max-drop --min-agreement --min-cosine --min-sqnr --max-size --baseline --junit --sarif --markdown --json; do
  stdout_has "$flag"
done
