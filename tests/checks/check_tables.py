"""A pass has one name in five places: its row (sorted), declaration, function's file, and test file."""
import re
import sys

from files import ROOT

table = (ROOT / "passes/table.cc").read_text()
header = (ROOT / "passes/passes.h").read_text()
rows = re.findall(r'\{"(\w+)",\s*"([^"]*)",\s*Stage::\w+,\s*Stage::\w+,\s*(\w+)\}', table)
names = [name for name, _, _ in rows]

problems = [] if names == sorted(set(names)) else ["passes/table.cc is not sorted"]
for name, summary, function in rows:
    if name != function:
        problems.append(f"{name}: its function is called {function}")
    if not summary.endswith("."):
        problems.append(f"{name}: the summary is not a sentence")
    if not re.search(rf"\b{name}\(", header):
        problems.append(f"{name}: not declared in passes/passes.h")
    for path in (f"passes/{name}.cc", f"tests/passes/{name}.dsir"):
        if not (ROOT / path).is_file():
            problems.append(f"{name}: there is no {path}")
print("\n".join(problems))
print(f"{len(rows)} passes, {len(problems)} problems")
sys.exit(0 if rows and not problems else 1)
