"""A pass has one name in its row (sorted), declaration, place in the order, function's file and test file. README.md names the ONNX
operators that are read, and the cases of ONNX that pass."""
import re
import sys

from files import ROOT

table = (ROOT / "passes/table.cc").read_text()
header = (ROOT / "passes/passes.h").read_text()
order = (ROOT / "passes/pipelines.cc").read_text()
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
    if f'"{name}"' not in order:
        problems.append(f"{name}: no place in passes/pipelines.cc")
    for path in (f"passes/{name}.cc", f"tests/passes/{name}.dsir"):
        if not (ROOT / path).is_file():
            problems.append(f"{name}: there is no {path}")

readme = (ROOT / "README.md").read_text()
read = re.findall(r'\{"(\w+)", convert_', (ROOT / "formats/onnx/table.cc").read_text())
named = re.search(r"## What is read\n\n.*?\n\n(.*?)\n\n", readme, re.S).group(1).split()
for name in sorted(set(read) ^ set(named)):
    problems.append(f"{name}: formats/onnx/table.cc and README.md, What is read, do not both name it")
cases = (ROOT / "tests/onnx/enabled/node.txt").read_text().splitlines()
said = tuple(map(int, re.search(r"operator cases \(\d+\) \| (\d+) pass, \d+ refused with a code, (\d+) differ", readme).groups()))
passing, differing = sum(line[0] not in "!?" for line in cases), sum(line[0] == "!" for line in cases)
if said != (passing, differing):
    problems.append(f"README.md, Measured: of ONNX's operator cases {passing} pass and {differing} differ, not {said}")

print("\n".join(problems))
print(f"{len(rows)} passes, {len(read)} operators of ONNX, {len(problems)} problems")
sys.exit(0 if rows and read and not problems else 1)
