# Outputs are the same for any batch and number of threads; --json parses; pipes get no colour.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 run net.dsir --inputs x.npz -o all.npz --profile
stdout_has "f32[5,10]"
stdout_has "conv1"
expect 0 run net.dsir --inputs x.npz -o cut.npz --batch 2 --threads 1
cmp -s all.npz cut.npz || die "batches change the bits"
expect 0 run net.dsir --inputs x.npz -o p.npz --backend portable --json --profile
python3 -m json.tool out >/dev/null || die "no JSON"
expect 3 run nowhere.onnx --inputs x.npz
if grep -q $'\x1b' out err; then die "escape codes in a pipe"; fi
