"""What somebody would try who knows only what is promised: files that point out of their folder from within nested graphs, NaN wherever
a number can stand, loops that take long instead of much, types that contradict each other."""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper

from cases import BOOL, F, F16, I64, STRING, attribute, case, graph, in_folder, ints, model, node, ones, random, tensor, value

X = [value("x", F, [2, 4])]
P = [value("x", F, [2, 4, 8, 8])]
C = X + [value("c", BOOL, [])]
Y = [value("y")]
STEPS = [value("x", F, [3, 2, 4])]


def If(then, other=None, inputs=C, weights=()):
    other = other or graph([node("Relu", ["x"], ["t"])], [], [value("t")])
    return model([node("If", ["c"], ["y"], then_branch=then, else_branch=other)], inputs, Y, weights)


def loop(rounds, nodes, state=(2, 4), weights=None):
    body = graph([node("Identity", ["g"], ["h"]), *nodes], [value("i", I64, []), value("g", BOOL, []), value("s", F, state)],
                 [value("h", BOOL), value("r")])
    return model([node("Loop", ["k", "c", "x"], ["y"], body=body)], X, Y,
                 {"k": np.array(rounds), "c": np.array(True)} | (weights or {}))


@in_folder
def external():
    def stored(location, kind=F, **keys):
        made = TensorProto(name="w", data_type=kind, dims=[4, 4], data_location=TensorProto.EXTERNAL)
        for key, text in {"location": location, **keys}.items():
            made.external_data.add(key=key, value=str(text))
        return made

    def put(made, prepare=lambda folder: None):
        def write(folder):
            for name, content in (("w.bin", random(4, 4).tobytes()), ("model.onnx", made.SerializeToString())):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            prepare(folder)
        return write

    def links(folder):
        for i in range(30):
            os.symlink(f"l{i + 1}.bin", os.path.join(folder, f"l{i}.bin"))
        os.symlink("/etc/passwd", os.path.join(folder, "l30.bin"))
    product = [node("MatMul", ["x", "w"], ["y"])]

    def plain(*arguments, **keys):
        return model(product, X, Y, [stored(*arguments, **keys)])
    inner = graph([node("MatMul", ["x", "w"], ["t"])], [], [value("t")], [stored("/etc/passwd")])
    made = helper.make_function("local", "f", ["p"], ["r"], [node("Constant", [], ["w"], value=stored("/dev/zero")), node("MatMul", ["p", "w"], ["r"])],
                                [helper.make_opsetid("", 17)])
    return {
        "memory_of_the_process": put(plain("/proc/self/mem")), "many_links": put(plain("l0.bin"), links), "length_zero": put(plain("w.bin", length=0)),
        "offset_2_64": put(plain("w.bin", offset=2**64)), "offset_hexadecimal": put(plain("w.bin", offset="0x0")), "of_strings": put(plain("w.bin", STRING)),
        "constant_node_up": put(model([node("Constant", [], ["w"], value=stored("../case/w.bin")), *product], X, Y)), "branch_absolute": put(If(inner)),
        "function_device": put(model([node("f", ["x"], ["y"], domain="local")], X, Y, functions=[made], domains=["local"])),
    }


@case
def sparse():
    def of(values, indices, dims):
        held = onnx.SparseTensorProto(values=tensor("v", values), indices=tensor("i", indices), dims=dims)
        return model([node("Constant", [], ["w"], sparse_value=held), node("Add", ["x", "w"], ["y"])], X, Y)
    return {"large": of(ones(1), ints(0), [2**18, 2**18]), "overflows": of(ones(1), ints(0), [2**62, 2**62]), "index_past": of(ones(1), ints(99), [4]),
            "index_negative": of(ones(1), ints(-1), [4]), "counts": of(ones(3), ints(1), [4])}


@case
def structure():
    def field(number, content):
        size, head = len(content), bytes([number << 3 | 2])
        while size > 127:
            head += bytes([size & 127 | 128])
            size >>= 7
        return head + bytes([size]) + content

    def if_of(inner):
        branches = [field(5, field(1, name) + b"\xa0\x01\x05" + field(6, content)) for name, content in
                    ((b"then_branch", inner), (b"else_branch", field(12, field(1, b"x"))))]
        return field(1, field(1, b"c") + field(2, b"t") + field(4, b"If") + b"".join(branches)) + field(12, field(1, b"t"))
    deep = field(1, field(1, b"x") + field(2, b"t") + field(4, b"Relu")) + field(12, field(1, b"t"))
    for _ in range(500):
        deep = if_of(deep)
    yes = graph([node("Relu", ["x"], ["t"])], [], [value("t")])
    return {
        "cycle_through_a_branch": If(graph([node("Add", ["x", "y"], ["t"])], [], [value("t")])),
        "name_from_within": model([node("If", ["c"], ["z"], then_branch=yes, else_branch=yes), node("Add", ["z", "t"], ["y"])], C, Y),
        "weights_doubled_within": If(graph([node("Add", ["x", "w"], ["t"])], [], [value("t")], [tensor("w", ones(4)), tensor("w", ones(4))])),
        "ifs_500_deep": b"\x08\x08" + field(7, deep) + field(8, b"\x10\x11"),
        "ten_thousand_attributes": model([node("Relu", ["x"], ["y"], **{f"a{i}": attribute(f"a{i}", i) for i in range(10000)})], X, Y),
    }


@case
def not_a_number():
    nan = float("nan")

    def bad(*shape, dtype=np.float32):
        made = np.full(shape, .5, dtype)
        made.flat[-1] = nan
        return made
    product = graph([node("MatMul", ["x", "w"], ["t"])], [], [value("t")])
    return {
        "gemm_alpha": model([node("Gemm", ["x", "w"], ["y"], alpha=nan)], X, Y, {"w": ones(4, 4)}),
        "leaky_alpha": model([node("LeakyRelu", ["x"], ["y"], alpha=nan)], X, Y),
        "batch_norm_epsilon": model([node("BatchNormalization", ["x", *"ssss"], ["y"], epsilon=nan)], P, Y, {"s": ones(4)}),
        "clip_bound": model([node("Clip", ["x", "l"], ["y"])], X, Y, {"l": np.float32(nan)}), "factor": model([node("Mul", ["x", "w"], ["y"])], X, Y, {"w": np.float32(nan)}),
        "branch_never_taken": If(product, None, X, {"w": bad(4, 4), "c": np.array(False)}),
        "in_a_loop": loop(2, [node("MatMul", ["s", "w"], ["r"])], weights={"w": bad(4, 4)}),
        "lstm": model([node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2)], STEPS, Y, {"w": bad(1, 8, 4), "r": ones(1, 8, 2)}),
        "table": model([node("Gather", ["w", "x"], ["y"])], [value("x", I64, [3])], Y, {"w": bad(8, 4)}),
        "half": model([node("MatMul", ["x", "w"], ["y"])], [value("x", F16, [2, 4])], [value("y", F16)], {"w": bad(4, 4, dtype=np.float16)}),
        "root_of_minus_one": model([node("Sqrt", ["w"], ["v"]), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": -ones(4, 4)}),
    }


@case
def long_rather_than_large():
    hot = [node("OneHot", ["i", "d", "v"], ["o"]), node("ReduceSum", ["o"], ["t"], keepdims=0), node("Add", ["s", "t"], ["r"])]
    grown = [node("Concat", ["s", "x"], ["r"], axis=0)]
    wide = [node("Expand", ["s", "d"], ["o"]), node("ReduceMax", ["o"], ["r"], axes=[0], keepdims=0)]
    return {"one_hot": loop(100000, hot, weights={"d": ints(10**6), "v": np.array([0, 1], np.float32)}), "a_row_a_round": loop(120000, grown, ["m", 4]),
            "expand": loop(100000, wide, weights={"d": ints(10**6, 2, 4)})}


@case
def types():
    def through(level, zero):
        return model([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "o"], ["y"])], X, Y,
                     {"s": np.float32(.05), "z": level, "o": zero})
    picture = {"s": np.float32(.05), "z": np.uint8(3), "w": np.ones((2, 4, 3, 3), np.int8), "wz": np.uint8(0)}
    of_conv = [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("QLinearConv", ["q", "s", "z", "w", "s", "wz", "s", "z"], ["y"])]
    return {"zero_point_signed": through(np.uint8(3), np.int8(3)), "zero_point_unsigned": through(np.int8(3), np.uint8(3)), "zero_point_of_weights": model(of_conv, P, Y, picture)}
