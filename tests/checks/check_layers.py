"""Layers go one way (R1), and each third-party library has one place (R2). Usage: check_layers.py ROOT [--expect N]

With --expect the check passes when exactly N violations are found: that is how it is tested itself.
"""
import re
import sys
from pathlib import Path

# A room and what it may include besides itself. Anything not listed may include everything (tests, samples).
CORE = ["src/support", "src/ir", "src/ops", "src/data", "src/report", "src/quant", "src/runner"]
MAY_INCLUDE = {
    "src/support": [],
    "src/ir": CORE[:1],
    "src/ops": CORE[:2],
    "src/data": CORE[:3],
    "src/report": CORE[:3],
    "src/quant": CORE[:5],
    "src/runner": CORE[:6],
    "passes": CORE,
    "calibration": CORE,
    "qat": CORE,
    "formats": CORE,
    "src/toolchain": CORE + ["passes", "calibration", "qat", "formats"],
    "cli": CORE + ["passes", "calibration", "qat", "formats", "src/toolchain"],
}
# A third-party header and the places that may include it.
HEADERS = [
    (r"onnx/|google/protobuf/", ["formats/onnx", "samples/onnx_writer.cc"]),
    (r"flatbuffers/|.*dsq_generated\.h", ["formats/dsq"]),
    (r"(oneapi/)?dnnl", ["src/runner/onednn"]),
    (r"zstd(_errors)?\.h", ["formats/dsq"]),
    (r"minizip/", ["formats/npy"]),
    (r"turbojpeg|libexif/", ["formats/jpeg"]),
    (r"spng", ["formats/png"]),
    (r"stb/stb_image\.h", ["formats/bmp"]),
    (r"stb/stb_image_resize", ["src/data/resize.cc"]),
    (r"zlib\.h", ["formats/idx", "formats/dsq"]),
    (r"openssl/", ["src/support"]),
    (r"omp\.h", ["src/support"]),
    (r"CLI/", ["cli"]),
    (r"Eigen/", ["calibration"]),
    (r"toml\+\+/", ["cli"]),
    (r"nlohmann/", ["formats", "cli"]),
    (r"torch/|ATen/|c10/", ["qat", "samples/train.cc"]),
    (r"cuda|cublas|cudnn", ["src/runner/cuda"]),
]
PRINTS = re.compile(r"\b(std::c(out|err)\b|(std::|\b)(f?printf|f?puts)\s*\(|fmt::print\b)|#include <iostream>")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def under(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def room_of(path):
    return next((room for room in MAY_INCLUDE if under(path, [room])), None)


def check_file(path, text, tests):
    room = room_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0] if not line.lstrip().startswith("#") else line
        if room and room != "cli" and PRINTS.search(code):
            yield f"{path}:{number}: only cli/ prints"
        found = INCLUDE.match(line)
        if not found:
            continue
        target = found.group(2)
        for pattern, places in HEADERS:
            if re.match(pattern, target) and not under(path, places) and not tests:
                yield f"{path}:{number}: <{target}> belongs into {' or '.join(places)}"
        other = room_of(target)
        if room and other and other != room and other not in MAY_INCLUDE[room]:
            yield f"{path}:{number}: {room} may not include {other}"
        if room and under(target, ["tests", "samples"]):
            yield f"{path}:{number}: {room} may not include {target}"


def main():
    root = Path(sys.argv[1])
    expected = int(sys.argv[3]) if sys.argv[2:3] == ["--expect"] else 0
    files = [
        path
        for top in ("src", "passes", "calibration", "qat", "formats", "cli", "samples", "tests")
        for path in sorted((root / top).rglob("*"))
        if path.suffix in (".cc", ".h", ".cu") and "fixture" not in path.relative_to(root).parts
    ]
    problems = []
    for path in files:
        name = path.relative_to(root).as_posix()
        problems += check_file(name, path.read_text(), name.startswith("tests/"))
    print("\n".join(problems))
    print(f"{len(files)} files, {len(problems)} violations, {expected} expected")
    return 0 if files and len(problems) == expected else 1


sys.exit(main())
