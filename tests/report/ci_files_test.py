"""JUnit, SARIF and Markdown of the sample reports: well-formed, complete, and no name gets out of its place.
usage: ci_files_test.py SAMPLE_PAGES"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import jsonschema

# What SARIF 2.1.0 requires of the parts that are written (sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.49).
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["physicalLocation"],
            "properties": {"physicalLocation": {"type": "object", "required": ["artifactLocation"], "properties": {
                "artifactLocation": {"type": "object", "required": ["uri"], "properties": {
                    "uri": {"type": "string", "pattern": "^([A-Za-z0-9._~-]|%[0-9A-F]{2})+$"}}}}}}}},
    },
}
DRIVER = {
    "type": "object",
    "required": ["name", "version", "rules"],
    "properties": {"rules": {"type": "array", "items": {
        "type": "object", "required": ["id", "shortDescription"], "properties": {"shortDescription": TEXT}}}},
}
SARIF = {
    "type": "object",
    "required": ["version", "$schema", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool", "results"],
            "properties": {"tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
                           "results": {"type": "array", "items": RESULT}}}},
    },
}


def check_junit(path, report):
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites", root.tag
    cases = root.findall("testsuite/testcase")
    failures = root.findall("testsuite/testcase/failure")
    held = [layer for layer in report["layers"] if layer["weight_type"] == "i8"]
    assert len(cases) == int(root.get("tests")) == len(report["verdict"]["gates"]) + len(held), path
    assert len(failures) == int(root.get("failures")), path
    for suite in root:
        assert len(suite) == int(suite.get("tests"))
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures"))
    gates = [case for case in cases if case.get("classname").endswith(".gates")]
    for case, gate in zip(gates, report["verdict"]["gates"], strict=True):
        assert (case.find("failure") is None) == gate["passed"], gate
    return failures


def check_sarif(path):
    sarif = json.loads(path.read_text())
    jsonschema.validate(sarif, SARIF)
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    for result in sarif["runs"][0]["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    return sarif["runs"][0]["results"]


def check_markdown(path):
    text = path.read_text()
    assert not re.search(r"(?<!\\)<", text), "a name opens a tag"
    width = None
    for line in text.splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line))
        assert bars == 0 or width in (None, bars), line
        width = bars or None
    return text


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True)
    root = pathlib.Path(folder)
    reports = {path.stem: json.loads(path.read_text()) for path in root.glob("*.json")}
    assert len(reports) == 5, sorted(reports)
    failures = {name: check_junit(root / f"{name}.xml", report) for name, report in reports.items()}
    results = {name: check_sarif(root / f"{name}.sarif") for name in reports}
    summaries = {name: check_markdown(root / f"{name}.md") for name in reports}

full = reports["full60"]
[drop] = [gate for gate in full["verdict"]["gates"] if not gate["passed"]]
[failure] = failures["full60"]
assert drop["found"] in failure.get("message"), failure.get("message")
worst = sorted(full["layers"], key=lambda layer: layer.get("input_sqnr_db", layer.get("output_sqnr_db", 200)))[:3]
for layer in worst:
    assert f"  {layer['name']}: input SQNR" in failure.text, (layer["name"], failure.text)
    assert layer["name"].replace("_", "\\_") in summaries["full60"]
assert [result["level"] for result in results["full60"]].count("error") == 1
assert "0.59 points" in summaries["full60"] and "**failed**" in summaries["full60"]
assert not failures["bare"] and not results["bare"]
print(f"{len(reports)} reports in three forms")
