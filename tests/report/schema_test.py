"""The JSON of the sample reports follows report.schema.json, and the schema tells wrong reports from right ones.
usage: schema_test.py SAMPLE_PAGES SCHEMA"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

program, schema_path = sys.argv[1:]
schema = json.loads(pathlib.Path(schema_path).read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([program, folder], check=True)
    reports = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(folder).glob("*.json")}


def known_keys(value, rule, path):
    """The schema allows further keys, so that old readers take new files; the writer may not have any it does not name."""
    rule = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]] if "$ref" in rule else rule
    if isinstance(value, dict):
        for key, inner in value.items():
            assert key in rule["properties"], f"{path}/{key} is not in the schema"
            known_keys(inner, rule["properties"][key], f"{path}/{key}")
    elif isinstance(value, list) and "items" in rule:
        for i, inner in enumerate(value):
            known_keys(inner, rule["items"], f"{path}/{i}")


assert len(reports) == 5, sorted(reports)
for name, report in reports.items():
    known_keys(report, schema, "")
    if name == "hostile":  # holds sizes below zero, which no real report has
        continue
    for error in validator.iter_errors(report):
        sys.exit(f"{name}: {error.json_path}: {error.message[:300]}")

good = reports["full60"]
for keys, value in [(["version"], 2), (["verdict", "gates", 0, "passed"], "yes"), (["layers", 0, "weight_error"], "0.1"),
                    (["outputs", 0, "points", 0], [1]), (["diagnostics", 0, "severity"], "error"), (["model", "bytes"], -1)]:
    bad = copy.deepcopy(good)
    inner = bad
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    assert not validator.is_valid(bad), f"{keys} = {value} passes the schema"
for key in schema["required"]:
    bad = copy.deepcopy(good)
    del bad[key]
    assert not validator.is_valid(bad), f"a report without {key} passes the schema"
print(f"{len(reports)} reports follow the schema")
