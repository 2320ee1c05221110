# --dry-run: foretells the file's size, names what is quantized and what is not, refuses as the real run does, writes nothing.
. "$(dirname "$0")/harness.sh"
make_net
sed -i 's/%y = linear(%g, %lw)/%n = softmax(%g) {axis=1} %y = linear(%n, %lw)/' net.dsir
size() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["forecast"]["file_bytes"])' out; }
unwritten() { for file in *.dsq *.json *.html *.tmp*; do [ ! -e "$file" ] || die "$file was written"; done; }

expect 0 net.dsir --dry-run
stdout_has "conv1"
stdout_has "per_sample"
stdout_has "it divides by sums over its own input"
stdout_has "bytes, exactly"
stdout_has "quantizing takes about"
stdout_has "nothing was written"
expect 0 net.dsir --dry-run --json
python3 -m json.tool out >/dev/null || die "no JSON"
unwritten
foretold=$(size out)
expect 0 net.dsir -o real.dsq
[ "$foretold" = "$(stat -c %s real.dsq)" ] || die "foretold $foretold bytes, written $(stat -c %s real.dsq)"

make_npz many.npz x f32 200,3,8,8
rm real.*
expect 0 net.dsir --dry-run --json --data many.npz
unwritten
foretold=$(size out)
expect 0 net.dsir --data many.npz -o real.dsq
python3 -c 'import sys; a, b = map(int, sys.argv[1:]); sys.exit(abs(a - b) > b / 100)' "$foretold" "$(stat -c %s real.dsq)" ||
  die "foretold $foretold bytes, written $(stat -c %s real.dsq)"
expect 0 net.dsir --dry-run --data many.npz
stdout_has "near that"

# Refusals, with the real run's status.
rm real.*
expect 2 net.dsir --dry-run --keep 'cnv1=fp16'
stderr_has "error[E803]"
expect 3 net.dsir --dry-run -o nowhere/no.dsq
stderr_has "error[E604]"
expect 3 nothing.onnx --dry-run
stderr_has "error[E101]"
make_npz bad.npz x f32 5,3,8,8 nan
expect 3 net.dsir --dry-run --data bad.npz
stderr_has "error[E403]"
expect 2 net.dsir --dry-run --max-drop 1
stderr_has "error[E802]"
expect 0 net.dsir --dry-run --min-sqnr 190
unwritten
