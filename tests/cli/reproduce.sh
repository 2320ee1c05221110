# reproduce: says how a .dsq file was made, makes it again and compares; names the input whose hash differs; writes nothing.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 net.dsir --keep 'fc=fp16' --edges-at-act -o plain.dsq
rm -f *.report.*
find . -name '*.*' | sort >before
expect 0 reproduce plain.dsq
for word in "made by dsquant" "zstd" "--keep 'fc=fp16' --edges-at-act" "net.dsir" "$(sha256sum <net.dsir | cut -c1-64)" "reproduced: the same"; do
  stdout_has "$word"
done
expect 0 reproduce plain.dsq --json --threads 1
python3 -c 'import json; r = json.load(open("out")); assert r["same"] and r["remade"] and not r["changed"], r' || die "wrong JSON"
find . -name '*.*' | sort | cmp -s - before || die "files came or went"

# With data, and with paths that moved.
expect 0 net.dsir --data x.npz --batch 2 --backend portable -o data.dsq
expect 3 reproduce data.dsq
stderr_has "error[E402]: data.dsq"
stderr_has "give that file with --data"
expect 0 reproduce data.dsq --data x.npz
stdout_has "--batch 2 --backend portable"
mkdir moved
mv net.dsir moved/other.dsir
expect 3 reproduce data.dsq --data x.npz
stderr_has "error[E101]"
expect 0 reproduce data.dsq --data x.npz --model moved/other.dsir
expect 2 reproduce plain.dsq --data x.npz --model moved/other.dsir

# Another model, other data.
make_npz y.npz x f32 5,3,8,8 3
expect 1 reproduce data.dsq --data y.npz --model moved/other.dsir
stdout_has "data differs"
stdout_has "$(sha256sum <y.npz | cut -c1-64)"
stderr_has "error[E804]: data.dsq: not made again: the data given has another hash"
echo "// changed" >>moved/other.dsir
expect 1 reproduce plain.dsq --model moved/other.dsir
stdout_has "model differs"
expect 3 reproduce moved/other.dsir
stderr_has "error[E102]"
