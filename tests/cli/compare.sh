# A model equals itself; another one parts from it at the value that differs.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 compare net.dsir net.dsir --inputs x.npz --min-sqnr 100
stdout_has "none of"
sed 's/rand(seed=3)/rand(seed=4)/' net.dsir >other.dsir
expect 0 compare net.dsir other.dsir --inputs x.npz --json
python3 -m json.tool out >/dev/null || die "no JSON"
expect 1 compare net.dsir other.dsir --inputs x.npz --min-sqnr 60
stdout_has "they part at 'y'"
stderr_has "error[E804]"
