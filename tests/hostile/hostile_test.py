"""Hostile and broken models on the command line: each is refused with exit status 3 and a code, or does its work, within 10 seconds of
computing and 2 GB of memory, and nothing is left behind.

    hostile_test.py DSQUANT [--verbose] [--keep FOLDER] [NAME...]

NAME: parts of case names, e.g. convolutions/stride. --keep writes the models there instead of running them.
"""
import concurrent.futures
import os
import resource
import subprocess
import sys
import tempfile
import threading

import numpy as np
import onnx

import blow_ups
import broken_graphs
import cases
import damaged_files
import many_nodes
import more_models
import strange_models
import strange_numbers

SECONDS, MEMORY = 10, 2 << 30
KINDS = {cases.F: np.float32, cases.F64: np.float64, cases.F16: np.float16, cases.I64: np.int64, cases.I32: np.int32, cases.BOOL: np.bool_}

# What is expected, by the beginning of the name; the longest fits. "quantize": inspecting may do, since it neither settles constants nor
# runs anything; quantizing and running may not. "any": it may work or be refused.
EXPECTED = {
    "broken_graphs": "refused", "damaged_files": "refused", "blow_ups": "quantize", "more_models": "refused", "more_models/not_a_number": "quantize", "more_models/long": "quantize", "more_models/long_rather_than_large/a_row_a_round": "any", "many_nodes": "works", "many_nodes/too_many": "refused", "many_nodes/names/long": "refused",
    "flips": "any", "no_text": "any",
    # What other runtimes take, and we as well.
    "broken_graphs/structure/output_twice": "any", "broken_graphs/not_finite/variance_negative": "any",
    "broken_graphs/not_finite/bias_added": "any", "broken_graphs/not_finite/bias_added_nan": "quantize",
    "broken_graphs/convolutions/no_outputs_channels": "any", "broken_graphs/attributes_of_the_wrong_type/ReduceMax_axes": "any",
    "broken_graphs/attributes_of_the_wrong_type/Squeeze_axes": "any", "broken_graphs/shapes/declared_": "any",
    "broken_graphs/shapes/declared_type": "refused", "broken_graphs/not_finite/half": "quantize",
    "broken_graphs/not_finite/through": "quantize", "broken_graphs/shapes/scatter_nd": "quantize", "broken_graphs/shapes/roi_align_picture": "quantize",
    # Odd rather than broken; those that contradict themselves are named.
    "strange_models": "any", "strange_numbers": "any", **{"strange_" + name: "refused" for name in (
        "models/parts/opset_twice", "models/parts/value_info_lies", "models/parts/ir_far", "models/stored/raw_and_", "models/stored/segment", "models/stored/bytes_out_of_range", "models/stored/double_far",
        "models/constants/two_kinds", "models/constants/with_input", "models/constants/double", "models/attribute_forms/twice", "models/attribute_forms/unknown", "models/attribute_forms/nameless", "models/attribute_forms/missing", "models/attribute_forms/of_another_opset",
        "models/attribute_forms/operator_of_another_opset", "models/attribute_forms/too_many_inputs", "models/attribute_forms/too_few_inputs", "models/attribute_forms/reference_outside",
        "models/functions/twice", "models/functions/too_many", "models/functions/inputs_doubled", "numbers/branches/condition_vector", "numbers/branches/condition_empty",
        "numbers/loops/condition_is_float", "numbers/scans/axes_many", "numbers/scans/direction_of_two", "numbers/already_quantized/scale_nan", "numbers/already_quantized/scale_inf",
        "numbers/already_quantized/blocked_negative", "numbers/already_quantized/scale_matrix", "numbers/more_blow_ups/split_into_100000")},
    "strange_models/parts/opset_twice_the_same": "works", "strange_models/parts/producer_of_a_megabyte": "works",
    # Legal, and not too large after all.
    "blow_ups/single_nodes/eye": "any", "blow_ups/single_nodes/gather": "any", "blow_ups/single_nodes/input_2_40": "any",
    "blow_ups/chains/matmul_powers": "any", "blow_ups/chains/integer_powers": "any", "blow_ups/chains/wide_concat": "works",
}
MAIN_ONLY = "many_nodes", "flips", "damaged_files/truncated", "strange_"  # too many for all three commands


def expectation(name):
    return EXPECTED[max((key for key in EXPECTED if name.startswith(key)), key=len)]


def in_bytes(made):
    return made if isinstance(made, bytes) else made.SerializeToString()


def writer(made):
    def write(folder):
        with open(os.path.join(folder, "model.onnx"), "wb") as file:
            file.write(in_bytes(made))
    return write


def all_cases():
    """name -> function that writes the case into a folder."""
    found = {}
    for function in cases.CASES + cases.FOLDERS:
        made = function()
        area = f"{function.__module__}/{function.__name__}"
        for name, one in (made.items() if isinstance(made, dict) else [("", made)]):
            found[f"{area}/{name}"] = one if callable(one) else writer(one)
    for area, made in (("damaged_files/truncated", damaged_files.truncations()), ("flips", damaged_files.bit_flips()), ("no_text", damaged_files.no_text())):
        found |= {f"{area}/{name}": writer(one) for name, one in made.items()}
    return found


def arrays_for(path):
    """Something to run the model on, or None."""
    try:
        made = onnx.load(path, load_external_data=False)
        held = {t.name for t in made.graph.initializer}
        arrays = {}
        for info in made.graph.input:
            kind = info.type.tensor_type
            shape = [d.dim_value if d.dim_value > 0 else 2 for d in kind.shape.dim]
            if info.name not in held and isinstance(info.name, str):  # bytes where it is no UTF-8
                arrays[info.name] = np.ones(shape if np.prod([float(s) for s in shape]) < 1e6 else [1], KINDS.get(kind.elem_type, np.float32))
        return arrays
    except Exception:  # noqa: BLE001: whatever is wrong with it is dsquant's to say
        return {"x": np.ones((2, 4), np.float32)}


class Outcome:
    def __init__(self, status, errors, seconds, memory):
        self.status, self.errors, self.seconds, self.memory = status, errors, seconds, memory

    def __str__(self):
        first = self.errors.strip().split("\n")[0][:200] if self.status else ""
        return f"exit {self.status}, {self.seconds:.1f} s, {self.memory >> 20} MB: {first}"


def run(command, folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (3 * SECONDS, 3 * SECONDS))
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=limit)
        clock = threading.Timer(12 * SECONDS, child.kill)
        clock.start()
        _, status, usage = os.wait4(child.pid, 0)
        clock.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return Outcome(child.returncode, errors.read().decode(errors="replace"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def wrong(outcome, expected):
    """None, or what is not as it should be."""
    if outcome.status not in (0, 1, 3):
        return f"ends with {outcome.status}"
    if outcome.status == 3 and "error[E" not in outcome.errors:
        return "refused without a code"
    if outcome.seconds > SECONDS or outcome.memory > MEMORY:
        return "takes too much"
    if expected == "refused" and outcome.status != 3:
        return "is accepted"
    if expected == "works" and outcome.status != 0:
        return "does not work"
    return None


def check(program, name, write):
    """[(command, outcome, what is wrong or None)]"""
    found = []
    with tempfile.TemporaryDirectory() as outer:
        folder = os.path.join(outer, "case")
        os.mkdir(folder)
        write(folder)
        model = os.path.join(folder, "model.onnx")
        np.savez(os.path.join(folder, "x.npz"), **(arrays_for(model) if os.path.isfile(model) else {"x": np.ones((2, 4), np.float32)}))
        before = set(os.listdir(folder))
        expected = expectation(name)
        commands = [["model.onnx"], ["inspect", "model.onnx"], ["run", "model.onnx", "--inputs", "x.npz", "-o", "y.npz"]]
        for command in commands[:1] if name.startswith(MAIN_ONLY) else commands:
            outcome = run([program, *command], folder)
            softer = "any" if expected == "quantize" and command[0] == "inspect" else "refused" if expected == "quantize" else expected
            fault = wrong(outcome, softer)
            left = set(os.listdir(folder)) - before
            if not fault and outcome.status == 3 and left:
                fault = f"leaves {sorted(left)}"
            for file in left:
                os.remove(os.path.join(folder, file))
            found.append((command[0], outcome, fault))
    return found


def main(arguments):
    program = os.path.abspath(arguments.pop(0))
    verbose = "--verbose" in arguments
    keep = arguments[arguments.index("--keep") + 1] if "--keep" in arguments else None
    wanted = [a for a in arguments if not a.startswith("--") and a != keep]
    chosen = {n: w for n, w in all_cases().items() if not wanted or any(part in n for part in wanted)}
    if keep:
        for name, write in chosen.items():
            folder = os.path.join(keep, name)
            os.makedirs(folder, exist_ok=True)
            write(folder)
        return 0
    faults = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda item: (item[0], check(program, *item)), chosen.items())
        for name, found in results:
            for command, outcome, fault in found:
                faults += fault is not None
                if fault or verbose:
                    print(f"{'FAULT ' if fault else ''}{name} ({command}) {fault or 'is right'}: {outcome}", flush=True)
    print(f"{len(chosen)} models, {faults} faults")
    return 1 if faults or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
