"""Ctrl-C and readers that go away. Ctrl-C at each call that changes a file: status 130, all files old or all new, nothing
else left; twice: at once."""
import pathlib
import signal
import subprocess
import time

from harness import DSQUANT, MAKE_FILE, NET, NEW, ROOT, dsquant, environment, expect, folder, make_sets, model_of, read_set, \
    temporaries, write_set

RUN = ("net.dsir", *NEW, "-o", "out.dsq")


def at_every_call(where, **faults):
    old, new = make_sets(where, "net.dsir")
    expect(0, *RUN, cwd=where, faults=faults | {"count": "count"})
    calls = int(pathlib.Path(where, "count").read_text())
    done_before = 0
    for call in range(1, calls + 1):
        write_set(where, old)
        done = dsquant(*RUN, cwd=where, faults=faults | {"interrupt_at": call})
        assert done.returncode == 130, f"call {call}: exit status {done.returncode}"
        assert done.stderr.count("interrupted") == 1, done.stderr
        assert not temporaries(where), f"call {call}: left {temporaries(where)}"
        now = read_set(where)
        models = {model_of(now, suffix) for suffix in now}
        assert now == old or (now[".dsq"] == new[".dsq"] and len(models) == 1), f"call {call}: files of several runs"
        done_before += now != old
    print(f"{calls} calls {faults}: interrupted at each; {done_before} had their files already")
    assert 0 < done_before < calls


def twice(where):
    """A long run; the second signal comes while the first is at work."""
    subprocess.run([MAKE_FILE, "npz", "long.npz", "x", "f32", "50000,3,8,8"], cwd=where, check=True)
    command = [DSQUANT, "run", "net.dsir", "--inputs", "long.npz", "--batch", "1", "--backend", "portable", "-o", "y.npz"]
    for between in (0, 0.001, 0.02):
        process = subprocess.Popen(command, cwd=where, env=environment(), stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        time.sleep(0.3)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(between)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 130 and "interrupted" in errors, f"{process.returncode} {errors}"
        assert time.monotonic() - start < 5
        assert not pathlib.Path(where, "y.npz").exists() and not temporaries(where)


def readers_that_go_away(where):
    sample = ROOT / "samples/shapes.onnx"
    for arguments, reader in (("dump --full", "head -1"), ("inspect --json", "true"), ("inspect", "sleep 0")):
        command, *flags = arguments.split()
        line = f'"$1" {command} "$2" {" ".join(flags)} | {reader} >/dev/null; echo ${{PIPESTATUS[0]}}'
        done = subprocess.run(["bash", "-c", line, "pipe", DSQUANT, sample], cwd=where, env=environment(), text=True,
                              capture_output=True, check=False)
        assert done.stdout == "0\n" and not done.stderr, f"{arguments} | {reader}: {done.stdout} {done.stderr}"
    # What was asked for is written all the same.
    line = '"$1" net.dsir -o gone.dsq | true; echo ${PIPESTATUS[0]}; "$1" net.dsir -o full.dsq >/dev/full; echo $?'
    done = subprocess.run(["bash", "-c", line, "pipe", DSQUANT], cwd=where, env=environment(), text=True,
                          capture_output=True, check=False)
    assert done.stdout == "0\n3\n" and "error[E604]: standard output" in done.stderr, f"{done.stdout} {done.stderr}"
    assert len(read_set(where, "gone")) == len(read_set(where, "full")) == 3


with folder() as where:
    pathlib.Path(where, "net.dsir").write_text(NET)
    at_every_call(where)
    at_every_call(where, no_tmpfile=1)
    twice(where)
    readers_that_go_away(where)
