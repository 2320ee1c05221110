"""Calls that fail once, short reads and writes, a full disk, a read-only folder: the old files stay as they were, the exit
status says so, and nothing else is left."""
import os
import pathlib
import shutil
import subprocess
import sys

from harness import DSQUANT, MAKE_FILE, NEW, NET, ROOT, dsquant, environment, expect, folder, make_sets, model_of, read_set, \
    temporaries, write_set

RUN = ("net.dsir", *NEW, "-o", "out.dsq")


def make_net(where):
    pathlib.Path(where, "net.dsir").write_text(NET)
    return make_sets(where, "net.dsir")


def each_call_fails(**faults):
    """Every call that changes something fails once: all files are old (and the run says so), or all are new."""
    with folder() as where:
        old, new = make_net(where)
        expect(0, *RUN, cwd=where, faults=faults | {"count": "count"})
        calls = int(pathlib.Path(where, "count").read_text())
        refused = 0
        for there in (True, False):  # over older files, and where there are none
            for call in range(1, calls + 1):
                for path in pathlib.Path(where).glob("out.*"):
                    path.unlink()
                write_set(where, old if there else {})
                done = dsquant(*RUN, cwd=where, faults=faults | {"fail_at": call})
                now = read_set(where)
                assert not temporaries(where), f"call {call}: left {temporaries(where)}"
                if done.returncode == 0:
                    assert now[".dsq"] == new[".dsq"], f"call {call}: it did not say that it failed"
                    assert len({model_of(now, suffix) for suffix in now}) == 1, f"call {call}: a report of another model"
                else:
                    assert done.returncode == 3 and "error[E604]" in done.stderr, f"call {call}: {done.stderr}"
                    assert now == (old if there else {}), f"call {call}: the old files changed"
                    refused += 1
        print(f"{calls} calls {faults}: {refused} of {2 * calls} failures refused, the others got by")
        assert refused > calls, "the failures were not met"


def short_calls():
    """Reads and writes that stop early or are interrupted change nothing."""
    with folder() as where:
        _, new = make_net(where)
        subprocess.run([MAKE_FILE, "npz", "x.npz", "x", "f32", "50,3,8,8"], cwd=where, check=True)
        for faults in ({"short": 1}, {"short": 1, "no_tmpfile": 1}):
            expect(0, *RUN, cwd=where, faults=faults)
            assert read_set(where)[".dsq"] == new[".dsq"]
        expect(0, "run", "out.dsq", "--inputs", "x.npz", "--outputs", "y.npz", cwd=where)
        expect(0, "run", "out.dsq", "--inputs", "x.npz", "--outputs", "z.npz", cwd=where, faults={"short": 1})
        assert pathlib.Path(where, "y.npz").read_bytes() == pathlib.Path(where, "z.npz").read_bytes()


FULL = """
mount -t tmpfs -o size=$1k tmpfs disk && cp out.* disk/ && exec env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$2" "$3" "$4" "$5" filled
"""


def fill(free):
    """Leaves about `free` KiB on the disk."""
    filler = pathlib.Path("disk/filler")
    filler.unlink(missing_ok=True)
    there = os.statvfs("disk").f_bavail * os.statvfs("disk").f_frsize
    filler.write_bytes(bytes(max(there - free * 1024, 0)))


def filled():
    """Within the mount: runs with less and more room, from none to plenty."""
    old = read_set("disk")
    refused = written = 0
    for free in (0, 4, 8, 16, 24, 40, 60, 80, 100, 160, 240):
        write_set("disk", old)
        fill(free)
        done = dsquant("net.dsir", *NEW, "-o", "disk/out.dsq", cwd=".")
        now = read_set("disk")
        names = sorted(path.name for path in pathlib.Path("disk").iterdir())
        assert names == sorted(["filler", *("out" + suffix for suffix in old)]), f"{free} KiB free: left {names}"
        if done.returncode == 0:
            assert len({model_of(now, ".dsq"), model_of(now, ".report.json")}) == 1
            written += 1
        else:
            assert done.returncode == 3 and "error[E604]" in done.stderr, f"{free} KiB free: {done.stderr}"
            assert now == old, f"{free} KiB free: the old files changed"
            refused += 1
    print(f"full disk (tmpfs): {refused} runs refused, {written} had room")
    assert refused >= 3 and written >= 1


def full_disk():
    """In a mount namespace of our own, so that nothing of the machine changes; as a user, root within a user namespace."""
    with folder() as where:
        make_net(where)
        dsquant("net.dsir", "--act", "int8", "-o", "out.dsq", cwd=where)
        pathlib.Path(where, "disk").mkdir()
        ways = [["unshare", "-m"], ["unshare", "-rm"]] if os.geteuid() == 0 else [["unshare", "-rm"]]
        for way in ways:
            if subprocess.run([*way, "mount", "-t", "tmpfs", "tmpfs", "disk"], cwd=where, check=False,
                              capture_output=True).returncode == 0:
                print("full disk: a tmpfs by", *way)
                subprocess.run([*way, "bash", "-c", FULL, "full", "320", __file__, *sys.argv[1:4]], cwd=where, check=True)
                return
        print("full disk: no right to mount a tmpfs here; a limit on the size of files instead")
        old = read_set(where)
        for kib in (1, 4, 16, 32):
            command = f'trap "" XFSZ; ulimit -f {kib}; exec "$@"'
            done = subprocess.run(["bash", "-c", command, "limit", DSQUANT, *RUN], cwd=where, env=environment(), text=True,
                                  capture_output=True, check=False)
            assert done.returncode == 3 and "error[E604]" in done.stderr, f"{kib} KiB: {done.returncode} {done.stderr}"
            assert read_set(where) == old and not temporaries(where)


def read_only():
    """A folder that takes no files. Root may write everywhere, so root gives up its rights for this."""
    with folder() as where:
        make_net(where)
        closed = pathlib.Path(where, "closed")
        closed.mkdir()
        write_set(closed, read_set(where))
        old = read_set(closed)
        for path in (pathlib.Path(where), closed):
            path.chmod(0o555)
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
        prefix = as_user if os.geteuid() == 0 else []
        binary = DSQUANT
        if prefix:  # the build folder may be closed to others
            binary = shutil.copy(DSQUANT, where)
        try:
            for output in ("closed/out.dsq", "closed/other.dsq"):
                done = subprocess.run([*prefix, binary, "net.dsir", *NEW, "-o", output], cwd=where, env=environment(),
                                      text=True, capture_output=True, check=False)
                assert done.returncode == 3, f"exit status {done.returncode}: {done.stderr}"
                assert "error[E604]" in done.stderr and "Permission denied" in done.stderr, done.stderr
            assert read_set(closed) == old and len(list(closed.iterdir())) == len(old)
        finally:
            for path in (pathlib.Path(where), closed):
                path.chmod(0o755)


if sys.argv[4:] == ["filled"]:
    filled()
else:
    each_call_fails()
    each_call_fails(no_tmpfile=1)
    short_calls()
    full_disk()
    read_only()
