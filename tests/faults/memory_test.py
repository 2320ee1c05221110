"""A model of 50 MB with less and less address space, many threads or few: done, or refused with a code; the old files stay."""
import resource
import subprocess

from harness import DSQUANT, MAKE_FILE, dsquant, environment, folder, read_set, temporaries

LIMITS = (60_000, 100_000, 160_000, 190_000, 220_000, 250_000, 300_000, 450_000)  # KiB, as for ulimit -v


def limited(kib):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (kib * 1024, kib * 1024))
    return limit


with folder() as where:
    subprocess.run([MAKE_FILE, "dense", "big.onnx", "12", "1024"], cwd=where, check=True)
    command = [DSQUANT, "big.onnx", "-o", "out.dsq"]
    subprocess.run([*command, "--act", "int8"], cwd=where, env=environment(), check=True, capture_output=True)
    old = read_set(where)
    # Below some limit the system cannot even load the program; what is said then is not ours.
    starts = [kib for kib in LIMITS if subprocess.run([DSQUANT, "version"], env=environment(), check=False, text=True,
                                                      capture_output=True, preexec_fn=limited(kib)).returncode == 0]
    assert starts[-6:] == list(LIMITS[-6:]), f"it starts with {starts} KiB only"
    refused = []
    for threads in ("1", "24"):
        for kib in starts:
            done = subprocess.run([*command, "--threads", threads], cwd=where, env=environment(), text=True, check=False,
                                  capture_output=True, timeout=120, preexec_fn=limited(kib))
            what = f"{kib} KiB, {threads} threads: exit status {done.returncode}\n{done.stderr}"
            assert done.returncode in (0, 3), what
            assert not temporaries(where), what
            if done.returncode == 3:
                assert "error[E703]" in done.stderr and "help: " in done.stderr, what
                assert read_set(where) == old, what
                refused.append((kib, threads))
            else:
                assert "error[" not in done.stderr, what
                old = read_set(where)
    print("refused:", *(f"{kib} KiB with {threads} threads" for kib, threads in refused), sep="\n  ")
    assert len(refused) >= 8
    # So much memory is enough, and so is the rest of a run after a refusal.
    assert dsquant("inspect", "out.dsq", cwd=where).returncode == 0
