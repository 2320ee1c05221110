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

# One output fits into a .npy file, two do not.
expect 0 run net.dsir --inputs x.npz -o one.npy
[ "$(head -c 6 one.npy | od -An -c | tr -d ' ')" = '223NUMPY' ] || die "one.npy is no .npy file"
expect 0 run net.dsir --inputs x.npz -o one.npz
python3 - <<'END' || die "the arrays differ"
import zipfile
assert zipfile.ZipFile("one.npz").read("y.npy") == open("one.npy", "rb").read()
END
sed 's/-> (%y)/-> (%y, %g)/' net.dsir >two.dsir
expect 0 run two.dsir --inputs x.npz -o two.npz
expect 2 run two.dsir --inputs x.npz -o two.npy
stderr_has "error[E802]: --outputs: a .npy file holds one array, two.dsir has 2 outputs"
no_file two.npy
