# The program checks itself, and leaves nothing behind.
. "$(dirname "$0")/harness.sh"
mkdir temporary
export TMPDIR=$folder/temporary
expect 0 selftest
stdout_has "same bits"
stdout_has "dsquant works here"
[ -z "$(ls -A temporary)" ] || die "left behind: $(ls -A temporary)"
export TMPDIR=$folder/nowhere
expect 3 selftest
stderr_has "error[E604]"
stderr_has "TMPDIR"
