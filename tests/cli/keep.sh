# The flags that the report gives to mend a layer work as they stand, whatever the layer's name.
. "$(dirname "$0")/harness.sh"
cat >odd.dsir <<'END'
graph "odd" stage=float (%x: f32[?,8]) -> (%y) {
  %w1 = const f32[8,8] rand(seed=1)
  %w2 = const f32[8,8] rand(seed=2)
  %w3 = const f32[8,8] rand(seed=3)
  %w4 = const f32[8,8] rand(seed=4)
  %a = linear(%x, %w1) @"a*=?"
  %b = linear(%a, %w2) @"it's; $HOME"
  %c = linear(%b, %w3) @"back\\slash int8=fp16"
  %y = linear(%c, %w4)
}
END
expect 0 odd.dsir --edges-at-act --weights int8 --act int4
grep -o -- "--keep '.*" out >flags || die "no layer has a mend"
[ "$(wc -l <flags)" -ge 3 ] || die "too few mends"
while IFS= read -r flag; do
  eval "set -- $flag"
  [ $# = 2 ] || die "not two words: $flag"
  expect 0 odd.dsir --edges-at-act --act int4 -o kept.dsq --json "$@"
done <flags
expect 2 odd.dsir --keep 'a\**\=fp16' -o no.dsq
stderr_has "error[E803]"
expect 0 odd.dsir --keep 'y=fp16' -o named.dsq

# Operators go by our names and by those of ONNX, in any case.
make_net
for pattern in conv Conv CONV 'c?nv' linear Gemm MatMul 'mat*'; do
  expect 0 net.dsir --keep "$pattern=fp16" -o kept.dsq --json
  grep -q '"weight_type": "f16"' out || die "--keep $pattern kept nothing"
done
expect 2 net.dsir --keep ConvTranspose=fp16 -o no.dsq
stderr_has "error[E803]"
stderr_has "nearest is"

# One value each: the model may follow.
expect 0 --keep 'y=fp16' odd.dsir -o before.dsq
expect 2 odd.dsir -o odd.dsir
stderr_has "error[E802]"

# Layers kept in halves stand beside others that are repaired; plans go where no other result goes, once there is one.
make_npz many.npz x f32 32,3,8,8
expect 0 net.dsir --data many.npz --keep 'conv=fp16' -o kept.dsq
expect 0 net.dsir --data many.npz --mixed off --plan none.json -o kept.dsq
no_file none.json
expect 2 net.dsir --data many.npz --plan ./plan.dsq -o plan.dsq
stderr_has "two results would go into one file"
expect 0 net.dsir --data many.npz --plan plan.json -o first.dsq
expect 0 net.dsir --data many.npz --plan plan.json -o second.dsq
expect 2 net.dsir --data many.npz --layer nosuch=int8 -o no.dsq
stderr_has "error[E803]"
echo '{"layers": {"conv1": "int9"}}' >bad.json
expect 3 net.dsir --data many.npz --plan bad.json -o no.dsq
stderr_has "error[E401]: bad.json"
