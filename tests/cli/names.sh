# Names from models, whatever they hold, take one line each in every table: escaped, shortened, as wide as they look.
. "$(dirname "$0")/harness.sh"
long=$(printf 'block/%.0s' $(seq 200))
cat >odd.dsir <<EOF
graph "odd" stage=float (%x: f32[?,8]) -> (%y) {
  %w1 = const f32[8,8] rand(seed=1)
  %w2 = const f32[8,8] rand(seed=2)
  %w3 = const f32[8,8] rand(seed=3)
  %w4 = const f32[8,8] rand(seed=4)
  %a = linear(%x, %w1) @"two
lines"
  %b = linear(%a, %w2) @"$(printf 'esc\x1b[31m')"
  %c = linear(%b, %w3) @"卷积层"
  %y = linear(%c, %w4) @"${long}end"
}
EOF
make_npz x.npz x f32 4,8
expect 0 inspect odd.dsir
stdout_has 'two\nlines'
stdout_has 'esc\x1B[31m'
stdout_has '卷积层'
stdout_has '…'
stdout_has 'end '
[ "$(grep -c ' linear ' out)" = 4 ] || die "a name broke the table"
[ "$(grep ' linear ' out | LC_ALL=C.UTF-8 awk '{ sub(/ linear .*/, ""); print }' | while IFS= read -r line; do printf '%s\n' "$line" | LC_ALL=C.UTF-8 wc -L; done | sort -u | wc -l)" = 1 ] ||
  die "columns do not stand below each other"
expect 0 odd.dsir --act int4
expect 0 odd.dsir --dry-run
[ "$(grep -c ' linear ' out)" = 4 ] || die "a name broke the table of the dry run"
expect 0 run odd.dsir --inputs x.npz --profile
stdout_has 'two\nlines'
expect 0 compare odd.dsir odd.dsq --inputs x.npz --values
for command in "inspect odd.dsir" "inspect odd.dsq" "odd.dsir --dry-run" "run odd.dsir --inputs x.npz --profile" "diff odd.report.json odd.report.json"; do
  expect 0 $command
  grep -q $'\x1b' out && die "a control character got through: $command"
done
sed 's/linear(%a, %w2)/linear(%a, %w5)/; s/%w4 = .*/&\n  %w5 = const f32[8,9] rand(seed=5)/' odd.dsir >bad.dsir
expect 3 inspect bad.dsir
[ "$(wc -l <err)" = 2 ] || die "a name broke the error"

# Two layers of one name, or of none, stay two.
cat >twice.dsir <<'EOF'
graph "twice" stage=float (%x: f32[?,8]) -> (%y) {
  %w1 = const f32[8,8] rand(seed=1)
  %w2 = const f32[8,8] rand(seed=2)
  %w3 = const f32[8,8] rand(seed=3)
  %a = linear(%x, %w1) @"same"
  %b = linear(%a, %w2)
  %c = linear(%b, %w3)
  %y = linear(%c, %w1) @"same"
}
EOF
expect 0 run twice.dsir --inputs x.npz --batch 1 --profile --json --backend portable
python3 - <<'EOF' || die "nodes of one name were merged"
import json
nodes = json.load(open("out"))["profile"]
assert sum(node["node"] == "same" for node in nodes) == 2 and len(nodes) == 4, nodes
EOF
expect 0 inspect twice.dsir --json
python3 -c 'import json; assert [l["name"] for l in json.load(open("out"))["layers"]] == ["same", "b", "c", "same"]' || die "names"
