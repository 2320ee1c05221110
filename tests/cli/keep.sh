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
expect 2 net.dsir --data many.npz --mixed off --plan none.json -o kept.dsq
stderr_has "error[E802]: there is no plan 'none.json', and the search for one is turned off by --mixed off"
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

# What asks for a search says what it lacks.
for flags in '--target-a4 50%' '--aim 1' '--fallback fp16' '--plan none.json'; do
  expect 2 net.dsir $flags -o no.dsq
  stderr_has "error[E802]"
  stderr_has "needs samples"
  expect 2 net.dsir $flags --data many.npz --act float -o no.dsq
  stderr_has "needs --act int4 or int8"
done
make_npz few.npz x f32 8,3,8,8
expect 0 net.dsir --data few.npz --plan none.json -o few.dsq
stderr_has "none.json: no plan is written"
no_file none.json

# A plan that is used says so, and what has no say then; it belongs to its network, and an empty one is one.
expect 0 net.dsir --data many.npz --plan plan.json --target-a4 50% -o third.dsq
stderr_has "warning[E802]: --target-a4 has no say: the plan of 'plan.json' is used"
expect 0 dump --full first.dsq
mv out first.dsir
expect 0 dump --full third.dsq
cmp out first.dsir || die "a plan that is used gives another network"
expect 0 reproduce third.dsq --data many.npz
expect 0 net.dsir --data many.npz --act float --weights fp16 --max-drop 50 -o float.dsq
expect 0 reproduce float.dsq --data many.npz
echo '{"layers": {"conv1": "int8", "elsewhere": "int4"}}' >other.json
expect 3 net.dsir --data many.npz --plan other.json -o no.dsq
stderr_has "error[E402]: other.json: it names a layer that the model has not: 'elsewhere'"
echo '{"layers": {}}' >empty.json
expect 0 net.dsir --plan empty.json --explain -o empty.dsq
stderr_has "the plan of 'empty.json' is used, which leaves every layer as it is asked for"
expect 0 net.dsir --layer conv1=int8 --layer conv1=int8 -o twice.dsq
expect 2 net.dsir --layer conv1=int8 --layer fc=int8 --layer conv1=int4 -o no.dsq
stderr_has "error[E802]: --layer 'conv1' is given as int8 and as int4"
expect 2 net.dsir --layer nosuch=int8 -o no.dsq
stderr_has "--layer: there is no layer 'nosuch'"
