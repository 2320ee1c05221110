"""Every C++ file looks as clang-format leaves it. To mend: clang-format -i FILE."""
import subprocess
import sys

from files import name_of, project_files

files = [name_of(path) for path in project_files(".cc", ".h") if "fixture" not in path.parts]
sys.exit(subprocess.run(["clang-format", "--dry-run", "-Werror", *files], check=False).returncode if files else 1)
