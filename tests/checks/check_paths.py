"""No file names a folder of somebody's machine."""
import re
import sys

from files import name_of, project_files

FOREIGN = re.compile(r"(?<![\w.$}])/(?:home|root|work|Users|mnt|tmp)/(?!somebody/)\w")  # tests may make one up

files = project_files()
problems = [
    f"{name_of(path)}:{number}: {line.strip()[:100]}"
    for path in files
    for number, line in enumerate(path.read_bytes().decode("utf-8", "ignore").splitlines(), 1)
    if FOREIGN.search(line)
]
print("\n".join(problems))
print(f"{len(files)} files, {len(problems)} problems")
sys.exit(1 if problems else 0)
