"""What the fault tests share: runs of dsquant in a folder of their own, and what a set of three files is.

Usage of each test: TEST.py DSQUANT CLI_MAKE_FILE FAULTY_LIBC
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

DSQUANT, MAKE_FILE, FAULTY = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:4])
ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = (".dsq", ".report.json", ".report.html")
OLD, NEW = ("--act", "int8"), ("--act", "int4")
NET = """graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[4,3,3,3] rand(seed=1)
  %b = const f32[4] rand(seed=2)
  %axes = const i64[2] {2, 3}
  %lw = const f32[10,4] rand(seed=3)
  %c = conv(%x, %w, %b) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c) @"relu1"
  %g = reduce_mean(%r, %axes) {keepdims=false} @"pool"
  %y = linear(%g, %lw) @"fc"
}
"""


def folder():
    return tempfile.TemporaryDirectory(prefix="dsquant-faults-")


def environment(**faults):
    """For Popen: with faults, the library that makes them comes first."""
    env = dict(os.environ, GOMP_SPINCOUNT="3000")
    if faults:
        env |= {"LD_PRELOAD": FAULTY, "ASAN_OPTIONS": "verify_asan_link_order=0"}
        env |= {f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}
    return env


def dsquant(*arguments, cwd, faults=None, **options):
    """The finished process; its output as text."""
    return subprocess.run([DSQUANT, *arguments], cwd=cwd, env=environment(**(faults or {})), text=True, check=False,
                          capture_output=True, timeout=120, **options)


def expect(status, *arguments, cwd, stderr="", **options):
    done = dsquant(*arguments, cwd=cwd, **options)
    assert done.returncode == status, f"{arguments}: exit status {done.returncode}, not {status}\n{done.stderr}"
    assert stderr in done.stderr, f"{arguments}: no '{stderr}' in\n{done.stderr}"
    return done


def read_set(where, stem="out"):
    """The bytes of the three files by suffix; without those that are not there."""
    files = {suffix: pathlib.Path(where) / (stem + suffix) for suffix in SUFFIXES}
    return {suffix: path.read_bytes() for suffix, path in files.items() if path.exists()}


def write_set(where, files, stem="out"):
    for suffix, data in files.items():
        (pathlib.Path(where) / (stem + suffix)).write_bytes(data)


def hash_of(model):
    return hashlib.sha256(model).hexdigest()


def model_of(files, suffix):
    """The hash of the model that a file of a set is, or is about; fails for half a file."""
    data = files[suffix]
    if suffix == ".dsq":
        return hash_of(data)
    if suffix == ".report.json":
        return json.loads(data)["artefact"]["sha256"]
    assert data.rstrip().endswith(b"</html>"), "half a page"
    hashes = {h for h in KNOWN if h.encode() in data}
    assert len(hashes) == 1, "a page about no known model"
    return hashes.pop()


KNOWN = set()  # hashes of the models that may be there


def make_sets(where, model):
    """Both sets of a model, as they are without faults."""
    sets = []
    KNOWN.clear()
    for options in (OLD, NEW):
        expect(0, model, *options, "-o", "out.dsq", cwd=where)
        sets.append(read_set(where))
        KNOWN.add(hash_of(sets[-1][".dsq"]))
    assert len(KNOWN) == 2
    return sets


def temporaries(where):
    return [path.name for path in pathlib.Path(where).iterdir() if ".tmp" in path.name or path.name.startswith(".")]
