"""No file is too long to be read in one go; prints how long they are."""
import sys

from files import name_of, project_files

LIMIT = 600

lengths = sorted((len(path.read_text().splitlines()), name_of(path)) for path in project_files(".cc", ".h", ".py", ".sh"))
for top in ("src", "passes", "calibration", "formats", "cli", "samples", "tests"):
    room = [lines for lines, name in lengths if name.startswith(top + "/")]
    print(f"{top:12} {len(room):4} files {sum(room):6} lines")
too_long = [f"{name}: {lines} lines, more than {LIMIT}" for lines, name in lengths if lines > LIMIT]
print("\n".join(too_long))
median, p90 = (lengths[int(len(lengths) * share)][0] for share in (0.5, 0.9))
print(f"all: {len(lengths)} files, median {median}, 90 % below {p90}, longest {lengths[-1][0]} ({lengths[-1][1]})")
sys.exit(1 if too_long else 0)
