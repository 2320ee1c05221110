# Files that are no model: each has its own code, nothing is written.
. "$(dirname "$0")/harness.sh"
make_net
expect 3 run nowhere.onnx --inputs x.npz -o y.npz
stderr_has "error[E101]"
stderr_has "nowhere.onnx"
: >empty.onnx
expect 3 run empty.onnx --inputs x.npz -o y.npz
stderr_has "error[E102]"
expect 3 run . --inputs x.npz -o y.npz
stderr_has "error[E101]"
echo "hello, this is no model" >text.onnx
expect 3 run text.onnx --inputs x.npz -o y.npz
stderr_has "text.onnx"
stderr_has "help:"
printf '\x89DSQ\r\n\x1a\nshort' >cut.dsq
expect 3 run cut.dsq --inputs x.npz -o y.npz
stderr_has "error[E602]"
echo 'graph "g" stage=float (%x: f32[1]) -> (%y) {' >cut.dsir
expect 3 inspect cut.dsir
stderr_has "error[E204]"
stderr_has "line 2"
no_file y.npz

# Advice fits what was given.
echo "grph" >broken.dsir
expect 3 dump broken.dsir
stderr_has "error[E102]: broken.dsir: a .dsir text begins with the word"
stderr_has "help: write it again with"
printf 'no header' >broken.dsq
expect 3 inspect broken.dsq
stderr_has "error[E102]: broken.dsq: does not begin like a .dsq file"
expect 3 reproduce net.dsir
stderr_has "help: give a .dsq file"
head -c 1100000 /dev/zero | tr '\0' '#' >big.toml
expect 3 net.dsir --config big.toml
stderr_has "error[E204]: big.toml: "
stderr_has "help: give a file such as \`dsquant quantize --print-config\` prints"
