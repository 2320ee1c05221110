# What the sample network loses on pictures that neither training nor calibration has seen.
. "$(dirname "$0")/harness.sh"
"$SAMPLE_DATA" . || die "no pictures"
accuracy() {
  expect 0 run "$1" --inputs test.npz --outputs scores.npz --batch 100
  result=$("$SAMPLE_ACCURACY" scores.npz test_labels.npy) || die "no accuracy of $1"
}
net=$SOURCE/samples/shapes.onnx
accuracy "$net"
float=$result
holds "$float > 90"
# loses POINTS OPTIONS...
loses() {
  local points=$1
  shift
  expect 0 "$net" -o q.dsq --data calibration.npz --eval-data test.npz --eval-labels test_labels.npy "$@"
  accuracy q.dsq
  reported=$(sed -n 's/.*"quantized_top1": \([0-9.]*\).*/\1/p' q.report.json)
  holds "$reported * 100 - $result < 0.006 && $result - $reported * 100 < 0.006"  # two digits are printed
  echo "$*: $float % in float, $result % quantized"
  holds "$float - $result <= $points"
}
loses 0.3 --weights int8 --act int8
loses 2 --weights int8 --act int4
loses 0.5 --weights int8 --act int4 --recover fast

# The commands of the README's workflows do what they say.
for number in 1 2; do
  command=$(awk -v n=$number '/^```yaml/ {block++} block == n && /dsquant --weights/ {on = 1} on {print} on && /gates\.(md|xml)$/ {exit}' \
    "$SOURCE/README.md" | sed "s|build/release/cli/dsquant||; s|samples/shapes|$SOURCE/samples/shapes|; s|build/sample/||g")
  rm -f gates.*
  expect 0 $command
  [ -s gates.xml ] && [ -s shapes.dsq ] || die "workflow $number leaves no gates.xml or no model"
done
python3 -c "import xml.etree.ElementTree as tree; assert tree.parse('gates.xml').getroot().get('failures') == '0'" || die "gates.xml says otherwise"
