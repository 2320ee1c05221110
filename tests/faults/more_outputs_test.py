"""The files beside the three, a plan and what CI systems read, in a folder of their own: with the three they are all old
or all new, whole after a SIGKILL, and temporary names go from that folder as well."""
import pathlib
import signal
import subprocess

from harness import KNOWN, MAKE_FILE, NET, NEW, OLD, SUFFIXES, dsquant, expect, folder, hash_of, model_of, read_set, temporaries, \
    write_set

MORE = {"--junit": "ci/out.xml", "--sarif": "ci/out.sarif", "--markdown": "ci/out.md"}
PLAN = "ci/plan.json"  # never there before: a plan that exists is used
RUN = ("net.dsir", "--data", "x.npz", "--edges-at-act", "-o", "out.dsq", "--plan", PLAN, *(word for pair in MORE.items() for word in pair))


def read_all(where):
    return read_set(where) | {name: pathlib.Path(where, name).read_bytes() for name in (*MORE.values(), PLAN)
                              if pathlib.Path(where, name).exists()}


def write_all(where, files):
    pathlib.Path(where, PLAN).unlink(missing_ok=True)
    write_set(where, {suffix: files[suffix] for suffix in SUFFIXES})
    for name in MORE.values():
        pathlib.Path(where, name).write_bytes(files[name])


def left(where):
    return temporaries(where) + temporaries(pathlib.Path(where, "ci"))


def make(where):
    """What lies there before, and what a run without faults leaves."""
    pathlib.Path(where, "net.dsir").write_text(NET)
    pathlib.Path(where, "ci").mkdir()
    subprocess.run([MAKE_FILE, "npz", "x.npz", "x", "f32", "32,3,8,8"], cwd=where, check=True)
    found = []
    for options in (OLD, NEW):
        expect(0, *RUN, *options, cwd=where)
        found.append(read_all(where))
        KNOWN.add(hash_of(found[-1][".dsq"]))
        assert len(found[-1]) == 7, f"only {set(found[-1])}"
        pathlib.Path(where, PLAN).unlink()
    old, new = found
    del old[PLAN]
    old["ci/out.xml"] = old["ci/out.sarif"] = b"another run's"  # the same for both, otherwise
    assert all(old.get(name) != new[name] for name in new)
    return old, new


def is_whole(now, old, new):
    """Which files are new; fails for half a file. Reports hold times and differ from run to run."""
    changed = set()
    for name, data in now.items():
        if name.startswith(".report"):
            assert model_of(now, name) in KNOWN, f"{name} is about another model"
        else:
            assert data in (old.get(name), new[name]), f"half of {name}"
        changed |= {name} if data != old.get(name) else set()
    return changed


def at_every_call(where, old, new, fault, **more):
    expect(0, *RUN, *NEW, cwd=where, faults={"count": "count"} | more)
    calls = int(pathlib.Path(where, "count").read_text())
    assert calls > 40, f"only {calls} calls were seen"
    seen = {"old": 0, "new": 0, "mixed": 0, "left": 0}
    for call in range(1, calls + 1):
        write_all(where, old)
        done = dsquant(*RUN, *NEW, cwd=where, faults={fault: call} | more)
        now = read_all(where)
        changed = is_whole(now, old, new)
        state = "old" if not changed else "new" if changed == set(new) else "mixed"
        seen[state] += 1
        what = f"{fault} {call}: exit status {done.returncode}, {state}: new are {sorted(changed)}\n{done.stderr}"
        if fault == "kill_at":
            assert done.returncode == -signal.SIGKILL, what
            seen["left"] += bool(left(where))
            pathlib.Path(where, PLAN).unlink(missing_ok=True)
            if left(where):
                expect(0, *RUN, *NEW, cwd=where)
        elif done.returncode == 0:
            assert fault == "fail_at" and state == "new", what
        else:
            assert done.returncode == (130 if fault == "interrupt_at" else 3), what
            assert state == "old" or (fault == "interrupt_at" and state == "new"), what
        assert not left(where), f"{what}left: {left(where)}"
    print(f"{fault} at {calls} calls {more}: {seen}")
    assert seen["old"] and seen["new"] and (fault == "kill_at") == bool(seen["left"])


with folder() as where:
    sets = make(where)
    at_every_call(where, *sets, "fail_at")
    at_every_call(where, *sets, "interrupt_at")
    at_every_call(where, *sets, "kill_at")
    at_every_call(where, *sets, "kill_at", no_tmpfile=1)
