"""The project's own files, for the checks beside this one."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("src", "passes", "calibration", "qat", "formats", "cli", "samples", "tests", ".ci")


def project_files(*suffixes):
    """Every file of the rooms and of the root folder with one of the suffixes (all files without any), sorted."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for room in ROOMS:
        files += [path for path in (ROOT / room).rglob("*") if path.is_file()]
    return sorted(
        path
        for path in files
        if (not suffixes or path.suffix in suffixes) and "__pycache__" not in path.parts and path.name != ".git"
    )


def name_of(path):
    return path.relative_to(ROOT).as_posix()
