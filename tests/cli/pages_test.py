"""The man page and the completions say what --help says, no more and no less; each shell really completes.

Usage: pages_test.py DSQUANT MAKE_FILE
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DSQUANT = str(Path(sys.argv[1]).resolve())


def text(*arguments):
    return subprocess.run([DSQUANT, *arguments], check=True, capture_output=True, text=True).stdout


def listed():
    return re.findall(r"^  ([a-z]+) ", text("--help").split("commands:\n")[1].split("\n\n")[0], re.M)


def help_of(command):
    """{flag: what it takes} of a command; its positional arguments too, by name."""
    found = {}
    for head in re.findall(r"^  (\S.*?)(?:  .*)?$", text(command, "--help").split("\nexamples:")[0], re.M):
        names, value = re.fullmatch(r"((?:[^ ,]+, )*[^ ,]+)(?: (.*))?", head).groups()
        for name in names.split(", "):
            found[name] = value or ""
    return found


HELP = {command: help_of(command) for command in listed()}
FLAGS = {command: {name for name in names if name.startswith("-")} for command, names in HELP.items()}
PASSES = {row.split()[0] for row in text("list", "passes").splitlines()[1:]}
CODES = {row.split()[0] for row in text("list", "codes").splitlines() if re.match(r"\s+E\d", row)}


class Pages(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, "/")
        os.chdir(folder.name)
        Path("net one.onnx").touch()
        Path("x.npz").touch()
        Path("folder").mkdir()
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        os.environ.update(HOME=home.name, XDG_CONFIG_HOME=home.name, XDG_DATA_HOME=home.name, TERM="dumb")

    def check(self, complete, one_dash=True):
        """`complete` gives the set of what may stand behind some words, the last of which has just begun."""
        self.assertEqual(complete("dsquant", "") & set(HELP), set(HELP))
        self.assertEqual(complete("dsquant", "expl"), {"explain"})
        self.assertEqual(complete("dsquant", "--"), {name for name in FLAGS["quantize"] if name.startswith("--")})
        for command, flags in FLAGS.items():
            if one_dash:
                self.assertEqual(complete("dsquant", command, "-"), flags, command)
            self.assertEqual(complete("dsquant", command, "--"), {name for name in flags if name.startswith("--")}, command)
            for flag, value in HELP[command].items():
                if not flag.startswith("-") or not value:
                    continue
                got = complete("dsquant", command, flag, "")
                if "|" in value:
                    self.assertEqual(got, set(value.split("|")), f"{command} {flag}")
                elif value == "PASS":
                    self.assertEqual(got, PASSES, f"{command} {flag}")
                elif value == "FOLDER":
                    self.assertEqual({name.rstrip("/") for name in got}, {"folder"}, f"{command} {flag}")
                elif value == "FILE":
                    self.assertEqual({name.rstrip("/") for name in got}, {"folder", "net one.onnx", "x.npz"}, f"{command} {flag}")
                else:
                    self.assertEqual(got, set(), f"{command} {flag}")
            if "MODEL" in HELP[command]:
                words = ["check"] if command == "data" else []
                self.assertEqual(complete("dsquant", command, *words, "n"), {"net one.onnx"}, command)
        self.assertEqual(complete("dsquant", "explain", "E"), CODES)
        self.assertEqual(complete("dsquant", "list", "p"), {"passes", "precisions"})
        self.assertEqual(complete("dsquant", "completion", ""), {"bash", "zsh", "fish"})
        self.assertEqual(complete("dsquant", "data", ""), {"check"})

    def test_bash(self):
        scripts = tempfile.TemporaryDirectory()
        self.addCleanup(scripts.cleanup)
        script = Path(scripts.name, "dsquant")
        script.write_text(text("completion", "bash"))

        def complete(*words):
            line = (f"source {script}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _dsquant; "
                    "printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p dsquant >/dev/null")
            done = subprocess.run(["bash", "-uc", line], check=True, capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return set(done.stdout.splitlines()) - {""}

        self.check(complete)
        self.assertEqual(complete("dsquant", "--weights", "=", "int"), {"int8", "int6", "int4"})
        self.assertEqual(complete("dsquant", "--weights", "="), {"int8", "int6", "int4", "fp16", "float"})
        self.assertEqual(complete("dsquant", "run", "--inputs", "=", "x"), {"x.npz"})

    def test_fish(self):
        self.assertTrue(shutil.which("fish"), "fish is not installed")
        scripts = tempfile.TemporaryDirectory()
        self.addCleanup(scripts.cleanup)
        script = Path(scripts.name, "dsquant.fish")
        script.write_text(text("completion", "fish"))

        def complete(*words):
            line = " ".join(words)
            done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C {shlex.quote(line)}"],
                                  check=True, capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return {row.split("\t")[0].replace("\\ ", " ") for row in done.stdout.splitlines()}

        self.check(complete, one_dash=False)
        self.assertEqual(complete("dsquant", "run", "-"), FLAGS["run"])

    def test_zsh(self):
        """What _arguments is told, by a zsh in which it does nothing but print it."""
        self.assertTrue(shutil.which("zsh"), "zsh is not installed")
        scripts = tempfile.TemporaryDirectory()
        self.addCleanup(scripts.cleanup)
        script = Path(scripts.name, "_dsquant")
        script.write_text(text("completion", "zsh"))
        subprocess.run(["zsh", "-n", str(script)], check=True)

        def specs(*words):
            line = (f"fpath=({scripts.name} $fpath); autoload -Uz _dsquant; _arguments() {{ print -l -- $@ }}; _files() {{ print files }}; "
                    f"_describe() {{ print -l -- ${{(P)4}} }}; words=({shlex.join(words)}); CURRENT={len(words)}; _dsquant")
            done = subprocess.run(["zsh", "-fc", line], check=True, capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return done.stdout.splitlines()

        self.assertEqual({row.split(":")[0] for row in specs("dsquant", "")}, set(HELP) | {"files"})
        for command in HELP:
            got = {}
            for spec in specs("dsquant", command, "-"):
                if match := re.fullmatch(r"(?:\*|\([^)]*\))?(--?[a-z0-9-]+)[=+]?\[(?:[^\]\\]|\\.)*\](?::(?:[^:\\]|\\.)*:(.*))?", spec):
                    got[match[1]] = match[2] or ""
                elif match := re.fullmatch(r":([A-Z]+):(.*)", spec):
                    got[match[1]] = match[2]
            self.assertEqual(set(got), set(HELP[command]), command)
            for name, value in HELP[command].items():
                if "|" in value:
                    self.assertEqual(got[name], f"({value.replace('|', ' ')})")
                elif value == "FILE" or name == "MODEL":
                    self.assertEqual(got[name], "_files")
        self.assertEqual(specs("dsquant", "explain", "")[-1], f":CODE:({' '.join(sorted(CODES))})")
        self.assertEqual(specs("dsquant", "--"), specs("dsquant", "quantize", "--"))

    def test_man(self):
        page = text("man")
        Path("dsquant.1").write_text(page)
        for lint in (["groff", "-man", "-Tutf8", "-ww", "-z", "dsquant.1"], ["mandoc", "-T", "lint", "-W", "style", "dsquant.1"]):
            done = subprocess.run(lint, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), lint)
        sections = re.split(r'^\.SS "dsquant ([a-z]+)"$', page.split(".SH COMMANDS\n")[1].split("\n.SH ")[0], flags=re.M)
        self.assertEqual(sections[1::2], listed())
        for command, section in zip(sections[1::2], sections[2::2]):
            got = {}
            for head in re.findall(r"^\.TP\n(.*)$", section, re.M):
                head = head.replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
                names, value = re.fullmatch(r"((?:[^ ,]+, )*[^ ,]+)(?: (.*))?", head).groups()
                got.update({name: value or "" for name in names.split(", ")})
            self.assertEqual(got, HELP[command], command)
        shown = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-rLL=80n", "dsquant.1"], check=True, capture_output=True, text=True).stdout
        for command in listed():
            self.assertIn(f"dsquant {command}", shown)
        for code in CODES:
            self.assertIn(code, shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)

    def test_help_fits(self):
        for command in listed():
            for line in text(command, "--help").splitlines() + text("--help").splitlines():
                self.assertLessEqual(len(line), 80, line)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
