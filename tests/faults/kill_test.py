"""SIGKILL at any moment: each of the three files is the old one or the new one, whole, and the next run cleans up."""
import pathlib
import random
import shutil
import signal
import subprocess
import time

from harness import DSQUANT, KNOWN, NEW, NET, ROOT, SUFFIXES, dsquant, environment, expect, folder, make_sets, model_of, \
    read_set, temporaries, write_set


def check(where, old, new, what):
    """What lies there after a fault; returns how many files are new."""
    now = read_set(where)
    assert set(now) == set(SUFFIXES), f"{what}: only {set(now)} is left"
    assert now[".dsq"] in (old[".dsq"], new[".dsq"]), f"{what}: half a model"
    for suffix in SUFFIXES:
        assert model_of(now, suffix) in KNOWN, f"{what}: {suffix} is about another model"
    return sum(now[suffix] != old[suffix] for suffix in SUFFIXES)


def at_random(kills):
    """The sample network, killed at seeded moments of its run."""
    chance = random.Random(5)
    with folder() as where:
        shutil.copy(ROOT / "samples/shapes.onnx", where)
        old, new = make_sets(where, "shapes.onnx")
        command = [DSQUANT, "shapes.onnx", *NEW, "-o", "out.dsq"]
        start = time.monotonic()
        subprocess.run(command, cwd=where, env=environment(), check=True, capture_output=True)
        usual = time.monotonic() - start
        killed = tries = 0
        while killed < kills and tries < 4 * kills:
            tries += 1
            write_set(where, old)
            process = subprocess.Popen(command, cwd=where, env=environment(), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 1.1 * usual))
            process.kill()
            status = process.wait()
            assert status in (0, -signal.SIGKILL), f"exit status {status}"
            killed += status != 0
            usual *= 0.9 if status == 0 else 1.01  # machines are not equally busy all the time
            check(where, old, new, f"try {tries}")
            if tries % 10 == 0:
                expect(0, "inspect", "out.dsq", cwd=where)
        expect(0, "shapes.onnx", *NEW, "-o", "out.dsq", cwd=where)
        assert not temporaries(where), temporaries(where)
        print(f"{killed} of {tries} runs of about {usual:.2f} s killed before their end")
        assert killed == kills, "it was over too soon too often"


def at_every_call(**faults):
    """A small network, killed at each call that changes the folder or a file."""
    with folder() as where:
        pathlib.Path(where, "net.dsir").write_text(NET)
        old, new = make_sets(where, "net.dsir")
        run = ("net.dsir", *NEW, "-o", "out.dsq")
        expect(0, *run, cwd=where, faults=faults | {"count": "count"})
        calls = int(pathlib.Path(where, "count").read_text())
        assert calls > 20, f"only {calls} calls were seen"
        states = [0] * (len(SUFFIXES) + 1)
        left = 0
        for call in range(1, calls + 1):
            write_set(where, old)
            done = dsquant(*run, cwd=where, faults=faults | {"kill_at": call})
            assert done.returncode == -signal.SIGKILL, f"call {call}: exit status {done.returncode}"
            states[check(where, old, new, f"killed at call {call}")] += 1
            left += len(temporaries(where))
            expect(0, *run, cwd=where)
            assert not temporaries(where), f"left by call {call}: {temporaries(where)}"
        print(f"{calls} calls {faults}: files new afterwards {states}, {left} temporary names left, all cleaned up")
        assert states[0] > 0 and states[-1] > 0 and left > 0, "the calls that matter were not met"


at_random(100)
at_every_call()
at_every_call(no_tmpfile=1)
