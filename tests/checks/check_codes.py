"""Every error code has a row in codes.cc, in order, with a meaning and advice. Every code is triggered by a test, but for BUGS."""
import re
import sys

from files import ROOT, project_files

# Codes that no input can reach: they mean a bug in dsquant itself.
BUGS = {"internal"}

enum = re.search(r"enum class Code[^{]*\{(.*?)\};", (ROOT / "src/support/codes.h").read_text(), re.S).group(1)
codes = {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)", enum)}
rows = re.findall(r'\{Code::(\w+), Exit::\w+,\s*"[^"]+",\s*"[^"]+",\s*"[^"]+"\}', (ROOT / "src/support/codes.cc").read_text())
tests = "\n".join(
    path.read_text(errors="ignore")
    for path in project_files(".cc", ".h", ".py", ".sh", ".dsir")
    if "tests" in path.parts and "checks" not in path.parts
)

problems = []
if rows != sorted(codes, key=codes.get):
    problems.append(f"codes.h and codes.cc differ: {sorted(set(codes) ^ set(rows)) or 'in their order'}")
untriggered = [
    f"E{number} {name}" for name, number in codes.items() if name not in BUGS and not re.search(rf"\b(Code::{name}|E{number})\b", tests)
]
print("\n".join(problems))
print(f"{len(codes)} codes; {len(untriggered)} that no test triggers:", *untriggered, sep="\n  ")
sys.exit(1 if problems or untriggered else 0)
