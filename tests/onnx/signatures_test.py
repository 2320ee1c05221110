"""formats/onnx/signatures.cc says what ONNX's own schemas say: inputs, outputs and attributes of every operator that is read, in every
operator set that is read.

    signatures_test.py FOLDER_OF_THE_PROJECT [--write]     --write puts the table right
"""
import os
import re
import sys

from onnx import defs

ANY = 2**31 - 1


def signature(schema):
    names = sorted(name + "!" * attribute.required for name, attribute in schema.attributes.items())
    return schema.min_input, -1 if schema.max_input == ANY else schema.max_input, -1 if schema.max_output == ANY else schema.max_output, " ".join(names)


def rows(operators, newest):
    """A line of C++ for each operator and version that differs from the one before."""
    history = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "" and schema.since_version <= newest:
            history.setdefault(schema.name, []).append(schema)
    for name in operators:
        last = None
        for schema in sorted(history[name], key=lambda each: each.since_version):
            if signature(schema) != last:
                last = signature(schema)
                yield f'    {{"{name}", {schema.since_version}, {last[0]}, {last[1]}, {last[2]}, "{last[3]}"}},\n'


def main(root, *options):
    def read(path):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read()
    operators = re.findall(r'\{"(\w+)", convert_', read("formats/onnx/table.cc"))
    newest = int(re.search(r"kMaxOpset = (\d+)", read("formats/onnx/import.h")).group(1))
    assert operators and newest <= defs.onnx_opset_version()
    table = read("formats/onnx/signatures.cc")
    begin, end = table.index("    // clang-format off\n"), table.index("    // clang-format on\n")
    begin += len("    // clang-format off\n")
    wanted = "".join(rows(operators, newest))
    if "--write" in options:
        with open(os.path.join(root, "formats/onnx/signatures.cc"), "w", encoding="utf-8") as file:
            file.write(table[:begin] + wanted + table[end:])
        return 0
    differing = set(table[begin:end].splitlines()) ^ set(wanted.splitlines())
    print("\n".join(sorted(differing)))
    print(f"{len(operators)} operators, {len(wanted.splitlines())} signatures up to opset {newest}, {len(differing)} differ")
    return 1 if table[begin:end] != wanted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
