# opt: runs passes and lists on text, prints what comes out, replays reproducers with their status, dumps in between.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 opt net.dsir --passes infer_shapes,fuse_activation
stdout_has 'act=clip'
expect 0 opt net.dsir --list canonicalize,plan -o planned.dsir --act int8
[ ! -s out ] || die "the text went to a file and to stdout"
grep -q 'stage=planned' planned.dsir || die "not planned"
expect 0 opt planned.dsir --list assign,store,lower
stdout_has "qconv("
expect 0 opt net.dsir --passes '(fuse_activation,drop_dead)*' --json
python3 -m json.tool out >/dev/null || die "no JSON"

# What the file says, with its recipe; options come before it.
{ echo "// pipeline: infer_shapes,plan_quant"; echo "// recipe: --weights int4 --act float --edges-at-act"; cat net.dsir; } >say.dsir
expect 0 opt say.dsir
stdout_has "i4"
expect 0 opt say.dsir --weights fp16
stdout_has "spec(f16"
expect 2 opt net.dsir
stderr_has "// pipeline: a,b"

# Failures come back as they were.
cat >fails.dsir <<'END'
// pipeline: infer_shapes,drop_dead
graph (%x: f32[2], %z: f32[3]) -> (%y) { %y = add(%x, %z) }
END
expect 3 opt fails.dsir
stderr_has "error[E203]"
stderr_has "pass infer_shapes"
expect 3 opt planned.dsir --passes fold_identity
stderr_has "error[E302]"
stderr_has "it takes a graph at stage float, this one is at stage planned"
expect 0 opt net.dsir --list canonicalize,plan --calibrated -o calibrated.dsir
expect 3 opt calibrated.dsir --passes assign_params
stderr_has "error[E402]"
value=$(sed -n 's/ *\(%[^ ]*\) = requantize(%x).*/\1/p' calibrated.dsir | head -1)
{ echo "// pipeline: assign_params"; echo "// stats: -1 100 1 2 2 -22 8388608 1 100 $value"; cat calibrated.dsir; } >stats.dsir
expect 3 opt stats.dsir
stderr_has "the data never reach it"
expect 2 opt net.dsir --passes fuse_bais
stderr_has "nearest name is 'fuse_bias'"
expect 2 opt net.dsir --list plans
stderr_has "'plan'"
expect 2 opt net.dsir --passes fuse_bias --list plan
expect 3 opt x.npz --passes fuse_bias
stderr_has "error[E204]"

mkdir dumps
expect 0 opt net.dsir --list canonicalize --dump-dir dumps
[ -n "$(ls dumps)" ] || die "nothing was dumped"
first=$(ls dumps | head -1)
expect 0 dump "dumps/$first"
rm dumps/*
expect 0 opt net.dsir --list canonicalize --dump-dir dumps --dump-after fuse_activation
[ "$(ls dumps)" = 001-fuse_activation.dsir ] || die "dumped $(ls dumps)"
expect 2 opt net.dsir --list canonicalize --dump-after fuse_activation
