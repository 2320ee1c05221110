"""Every error code has a row in codes.cc, in order, with a meaning and advice; the program can raise it; a test triggers it."""
import ast
import re
import sys

from files import ROOT, name_of, project_files

enum = re.search(r"enum class Code[^{]*\{(.*?)\};", (ROOT / "src/support/codes.h").read_text(), re.S).group(1)
codes = {name: f"E{number}" for name, number in re.findall(r"(\w+) = (\d+)", enum)}
text = r'\s*"(?:[^"\\]|\\.)+",'
rows = re.findall(r"\{Code::(\w+), Exit::\w+," + text * 3, (ROOT / "src/support/codes.cc").read_text())
program = "\n".join(
    path.read_text()
    for path in project_files(".cc", ".h")
    if "tests" not in path.parts and not name_of(path).startswith("src/support/codes.")
)

# The tables of tests/cli/codes_test.py: codes whose example it runs, and the unit tests that raise the others.
tables = {
    node.targets[0].id: node.value
    for node in ast.parse((ROOT / "tests/cli/codes_test.py").read_text()).body
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
}
triggered = {key.value for key in tables["FILES"].keys}
unit = ast.literal_eval(tables["UNIT"])

problems = []
if rows != sorted(codes, key=codes.get):
    problems.append(f"codes.h and codes.cc differ: {sorted(set(codes) ^ set(rows)) or 'in their order'}")
for name, code in codes.items():
    if not re.search(rf"\bCode::{name}\b", program):
        problems.append(f"{code} {name}: nothing raises it")
    if code not in triggered | set(unit):
        problems.append(f"{code} {name}: tests/cli/codes_test.py does not trigger it")
    if code in unit and not re.search(rf"EXPECT_EQ\([^;]*\bCode::{name}\b", (ROOT / unit[code]).read_text()):
        problems.append(f"{code} {name}: {unit[code]} does not expect it")
print("\n".join(problems))
print(f"{len(codes)} codes, {len(problems)} problems")
sys.exit(1 if problems else 0)
