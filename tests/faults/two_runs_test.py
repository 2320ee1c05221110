"""Two runs on the same output at once: one of them has the last word, with all three files. A temporary file of a living
process is nobody else's to remove."""
import fcntl
import os
import pathlib
import subprocess

from harness import DSQUANT, NET, NEW, OLD, environment, expect, folder, make_sets, model_of, read_set, temporaries

COMMAND = [DSQUANT, "net.dsir", "-o", "out.dsq"]


def at_once(where, **faults):
    runs = [subprocess.Popen([*COMMAND, *options], cwd=where, env=environment(**faults), stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for options in (OLD, NEW, OLD, NEW)]
    for run in runs:
        errors = run.communicate(timeout=120)[1]
        assert run.returncode == 0, errors
    now = read_set(where)
    models = {model_of(now, suffix) for suffix in now}
    assert len(now) == 3 and len(models) == 1, f"files of several runs: {models}"
    assert not temporaries(where), temporaries(where)
    return models.pop()


with folder() as where:
    pathlib.Path(where, "net.dsir").write_text(NET)
    make_sets(where, "net.dsir")
    last = [at_once(where, slow=5) for _ in range(6)]  # pauses between the renames, so that they would mix
    last += [at_once(where, slow=5, no_tmpfile=1) for _ in range(3)]
    last += [at_once(where) for _ in range(6)]
    print(f"four runs at once, {len(last)} times: one set each time, {len(set(last))} different")

    # Somebody holds the folder's lock and never lets go, as `flock FOLDER dsquant` does: it takes longer, it works.
    handle = os.open(where, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    expect(0, "net.dsir", "-o", "out.dsq", cwd=where)
    os.close(handle)

    # Names that look like ours: a locked one is in use, another form is not ours, the rest is what a kill left.
    used, foreign, stale = (pathlib.Path(where, name) for name in (
        ".dsquant-0123456789abcdef.tmp", ".dsquant-notes.tmp", ".dsquant-fedcba9876543210.tmp"))
    for path in (used, foreign, stale):
        path.write_text("x")
    handle = os.open(used, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    expect(0, "net.dsir", "-o", "out.dsq", cwd=where)
    assert used.exists() and foreign.exists() and not stale.exists()
    os.close(handle)
    expect(0, "net.dsir", "-o", "out.dsq", cwd=where)
    assert not used.exists() and foreign.exists()
