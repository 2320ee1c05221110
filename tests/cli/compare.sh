# A model equals itself; another one parts from it at the value that differs.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 compare net.dsir net.dsir --inputs x.npz --min-sqnr 100
stdout_has "no value of"
sed 's/rand(seed=3)/rand(seed=4)/' net.dsir >other.dsir
expect 0 compare net.dsir other.dsir --inputs x.npz --json
python3 -m json.tool out >/dev/null || die "no JSON"
expect 1 compare net.dsir other.dsir --inputs x.npz --min-sqnr 60
stdout_has "they part at 'y'"
stderr_has "error[E804]"

# What cannot be compared is refused before anything runs, and each error names the file.
sed 's/%y/%z/g' net.dsir >renamed.dsir
expect 3 compare net.dsir renamed.dsir --inputs x.npz
stderr_has "error[E402]: renamed.dsir: it has no output 'y', as net.dsir has"
stderr_has "help: compare models with the same outputs; those of renamed.dsir are 'z'"
sed 's/-> (%y)/-> (%y, %r)/' net.dsir >more.dsir
expect 3 compare net.dsir more.dsir --inputs x.npz
stderr_has "error[E402]: net.dsir: it has no output 'r', as more.dsir has"
sed 's/%x/%q/g' net.dsir >other_input.dsir
expect 3 compare net.dsir other_input.dsir --inputs x.npz
stderr_has "error[E402]: other_input.dsir: x.npz: no array is named 'q'"
