"""Numbers and sizes at the edges, control flow that does odd things, blow-ups of other kinds."""
import os

import numpy as np
import onnx
from onnx import TensorProto

from cases import BOOL, F, I32, I64, case, graph, in_folder, ints, model, node, ones, random, value

X = [value("x", F, [2, 4])]
P = [value("x", F, [1, 4, 8, 8])]
Y = [value("y")]


def loop(trip, condition, body_nodes, state=("s", "s1"), more=(), x=X):
    body = graph(body_nodes, [value("i", I64, []), value("g", BOOL, []), value(state[0], F, None)], [value("h", BOOL), value(state[1]), *(value(m) for m in more)])
    held = {"true": np.array(True), "false": np.array(False)} | ({"n": np.array(trip)} if trip is not None else {})
    return model([node("Loop", ["n" if trip is not None else "", condition, "x"], ["y", "z"][: 1 + len(more)], body=body)], x, [value("y")] + [value("z") for _ in more], held)


@case
def loops():
    same, step = node("Identity", ["g"], ["h"]), node("Relu", ["s"], ["s1"])
    def nested(depth):
        inner = graph([node("Identity", ["g"], ["h"]), node("Relu", ["s"], ["s1"])], [value("i", I64, []), value("g", BOOL, []), value("s", F, None)], [value("h", BOOL), value("s1")])
        for d in range(depth):
            inner = graph([node("Identity", ["g"], ["h"]), node("Loop", ["k", "g", "s"], ["s1"], body=inner)], [value("i", I64, []), value("g", BOOL, []), value("s", F, None)], [value("h", BOOL), value("s1")])
        return model([node("Loop", ["k", "t", "x"], ["y"], body=inner)], X, Y, {"k": np.array(1000), "t": np.array(True)})
    return {
        "zero_trips": loop(0, "true", [same, step]), "negative_trips": loop(-5, "true", [same, step]), "condition_false": loop(5, "false", [same, step]),
        "zero_scan": loop(0, "true", [same, step, node("Neg", ["s"], ["c"])], more=["c"]), "scan_sizes_differ": loop(3, "true", [same, node("Concat", ["s", "s"], ["s1"], axis=0), node("Neg", ["s"], ["c"])], more=["c"]),
        "state_changes_type": loop(3, "true", [same, node("Shape", ["s"], ["s1"])]), "state_changes_rank": loop(3, "true", [same, node("Unsqueeze", ["s", "n"], ["s1"])]),
        "condition_is_float": loop(3, "true", [node("Relu", ["s"], ["h"]), step]), "growing_30": loop(30, "true", [same, node("Concat", ["s", "s"], ["s1"], axis=0)]),
        "growing_60": loop(60, "true", [same, node("Concat", ["s", "s"], ["s1"], axis=0)]), "trip_vector": loop(np.array([3, 4]), "true", [same, step]),
        "million_rounds": loop(10**6, "true", [same, step]), "nested_thousands": nested(3), "scan_of_a_million": loop(10**6, "true", [same, step, node("Neg", ["s"], ["c"])], more=["c"]),
        "inner_shadows": loop(3, "true", [same, node("Relu", ["s"], ["x"]), node("Neg", ["x"], ["s1"])]),
    }


@case
def branches():
    def If(then, other):
        return model([node("If", ["c"], ["y"], then_branch=then, else_branch=other)], X + [value("c", BOOL, [])], Y)
    yes = graph([node("Relu", ["x"], ["t"])], [], [value("t")])
    tall = graph([node("Concat", ["x", "x"], ["t"], axis=0)], [], [value("t")])
    high = graph([node("Unsqueeze", ["x", "a"], ["t"])], [], [value("t")], {"a": ints(0)})
    empty = graph([], [], [])
    direct = graph([], [], [value("x")])
    fixed = graph([], [], [value("w")], {"w": ones(2, 4)})
    missing = graph([node("Relu", ["x"], ["t"])], [], [value("u")])
    return {"shapes_differ": If(yes, tall), "ranks_differ": If(yes, high), "no_outputs": If(empty, empty), "passes_through": If(direct, yes), "only_a_weight": If(fixed, fixed),
            "output_missing": If(missing, yes), "both_pass": If(direct, direct),
            "condition_vector": model([node("If", ["c"], ["y"], then_branch=yes, else_branch=tall)], X + [value("c", BOOL, [2])], Y),
            "condition_constant": model([node("If", ["c"], ["y"], then_branch=yes, else_branch=tall)], X, Y, {"c": np.array(True)}),
            "condition_empty": model([node("If", ["c"], ["y"], then_branch=yes, else_branch=tall)], X, Y, {"c": np.zeros((0,), bool)})}


@case
def scans():
    body = graph([node("Add", ["s", "v"], ["s1"]), node("Neg", ["v"], ["o"])], [value("s", F, [4]), value("v", F, [4])], [value("s1"), value("o")])
    def scan(x=X, body=body, w=ones(4), **kw):
        return model([node("Scan", ["w", "x"], ["z", "y"], body=body, **kw)], x, [value("z"), value("y")], {"w": w})
    return {"forward": scan(num_scan_inputs=1), "backward": scan(num_scan_inputs=1, scan_input_directions=[1]), "direction_of_two": scan(num_scan_inputs=1, scan_input_directions=[2]),
            "axis_far": scan(num_scan_inputs=1, scan_input_axes=[7]), "axes_many": scan(num_scan_inputs=1, scan_input_axes=[0, 1]), "negative_count": scan(num_scan_inputs=-1),
            "zero_count": scan(num_scan_inputs=0), "empty": scan(x=[value("x", F, [0, 4])], num_scan_inputs=1), "state_differs": scan(w=ones(3), num_scan_inputs=1), "scalar": scan(x=[value("x", F, [])], num_scan_inputs=1),
            "output_axis": scan(num_scan_inputs=1, scan_output_axes=[1]), "output_axis_far": scan(num_scan_inputs=1, scan_output_axes=[9])}


@case
def weights():
    def conv(w, **kw):
        return model([node("Conv", ["x", "w"], ["y"], **kw)], P, Y, {"w": w})
    def bn(v, s=None):
        return model([node("Conv", ["x", "w"], ["c"]), node("BatchNormalization", ["c", *"sbmv"], ["y"])], P, Y, {"w": random(4, 4, 3, 3), "s": ones(4) if s is None else s, "b": ones(4), "m": ones(4), "v": v})
    w = random(4, 4, 3, 3)
    found = {f"scaled_{s}": conv((w.astype(np.float64) * s).astype(np.float32)) for s in (1e-44, 1e-38, 1e-30, 1e30, 1e37)}
    mixed = w.copy()
    mixed[0] *= 1e35
    mixed[1] *= 1e-35
    lone = np.zeros_like(w)
    lone[2, 1, 1, 1] = 3e38
    return found | {"mixed": conv(mixed), "lone": conv(lone), "negative_zero": conv(-np.zeros_like(w)), "maximum": conv(np.full_like(w, 3.4028235e38)), "minimum": conv(np.full_like(w, 1e-45)),
                    "variance_zero": bn(np.zeros(4, np.float32)), "variance_negative": bn(-ones(4)), "variance_denormal": bn(np.full(4, 1e-45, np.float32)), "variance_huge": bn(np.full(4, 3e38, np.float32)),
                    "gain_huge": bn(ones(4), np.full(4, 3e38, np.float32)), "gain_zero": bn(ones(4), np.zeros(4, np.float32)),
                    "bias_huge": model([node("Conv", ["x", "w", "b"], ["y"])], P, Y, {"w": w, "b": np.full(4, 3e38, np.float32)}),
                    "matmul_huge_twice": model([node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["a", "w"], ["y"])], X, Y, {"w": np.full((4, 4), 1e30, np.float32)}),
                    "constants_overflow": model([node("Mul", ["w", "w"], ["v"]), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": np.full((4, 4), 1e30, np.float32)}),
                    "constants_divide_by_zero": model([node("Div", ["w", "z"], ["v"]), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": ones(4, 4), "z": np.zeros((1,), np.float32)}),
                    "integers_divide_by_zero": model([node("Div", ["w", "z"], ["v"]), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": ints(4), "z": ints(0)}),
                    "minimum_by_minus_one": model([node("Div", ["w", "z"], ["v"]), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": ints(-2**63), "z": ints(-1)}),
                    "modulo_zero": model([node("Mod", ["w", "z"], ["v"]), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": ints(4), "z": ints(0)}),
                    "modulo_minus_one": model([node("Mod", ["w", "z"], ["v"]), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": ints(-2**63), "z": ints(-1)}),
                    "shift_far": model([node("BitShift", ["w", "z"], ["v"], direction="LEFT"), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": np.array([4], np.uint64), "z": np.array([200], np.uint64)}),
                    "cast_nan_to_integer": model([node("Cast", ["w"], ["v"], to=I32), node("Cast", ["v"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y, {"w": np.array([np.nan, np.inf, -np.inf, 1e30], np.float32)}),
                    }


@case
def already_quantized():
    def qdq(scale, zero, kind=TensorProto.INT8, axis=None, x=X, opset=21, wkind=np.int8, **kw):
        extra = {} if axis is None else {"axis": axis}
        return model([node("QuantizeLinear", ["x", "s", "z"], ["q"], **extra, **kw), node("DequantizeLinear", ["q", "s", "z"], ["d"], **extra, **kw), node("MatMul", ["d", "w"], ["m"]), node("Relu", ["m"], ["y"])], x, Y,
                     {"s": scale, "z": zero, "w": random(4, 4)}, opset=opset, ir=10)
    s, z = np.float32(0.05), np.int8(3)
    return {"plain": qdq(s, z), "scale_zero": qdq(np.float32(0), z), "scale_negative": qdq(np.float32(-1), z), "scale_nan": qdq(np.float32(np.nan), z), "scale_inf": qdq(np.float32(np.inf), z), "scale_denormal": qdq(np.float32(1e-44), z),
            "by_axis": qdq(np.full(4, .05, np.float32), np.zeros(4, np.int8), axis=1), "by_axis_count": qdq(np.full(3, .05, np.float32), np.zeros(3, np.int8), axis=1), "by_axis_zero_count": qdq(np.full(4, .05, np.float32), np.zeros(3, np.int8), axis=1),
            "axis_far": qdq(np.full(4, .05, np.float32), np.zeros(4, np.int8), axis=9), "axis_negative": qdq(np.full(4, .05, np.float32), np.zeros(4, np.int8), axis=-1), "zero_extreme": qdq(s, np.int8(-128)), "zero_of_int32": qdq(s, np.int32(7)),
            "zero_of_floats": qdq(s, np.float32(7)), "uint16": qdq(s, np.uint16(40000)), "blocked": qdq(np.full((2, 2), .05, np.float32), np.zeros((2, 2), np.int8), axis=1, block_size=2), "blocked_badly": qdq(np.full((2, 2), .05, np.float32), np.zeros((2, 2), np.int8), axis=1, block_size=3),
            "blocked_negative": qdq(np.full((2, 2), .05, np.float32), np.zeros((2, 2), np.int8), axis=1, block_size=-2), "scale_matrix": qdq(np.full((2, 4), .05, np.float32), np.zeros((2, 4), np.int8)), "scale_empty": qdq(np.zeros((0,), np.float32), np.zeros((0,), np.int8)),
            "vector_of_one": qdq(np.full(1, .05, np.float32), np.zeros(1, np.int8)), "old": qdq(s, z, opset=10), "saturates": qdq(s, np.int8(127), opset=21)}


@case
def more_blow_ups():
    def by(op, held, inputs=None, **kw):
        return model([node(op, ["x", *held], ["y"], **kw)], inputs or X, Y, held)
    O = [value("x", F, ["n", 4])]
    def runtime(op, ins, shape_values, **kw):
        return model([node("Shape", ["x"], ["s0"]), node("Mul", ["s0", "k"], ["s"]), node(op, ins, ["y"], **kw)], O, Y, {"k": shape_values})
    wide = [node("Relu", ["x"], [f"r{i}"]) for i in range(2000)] + [node("Sum", [f"r{i}" for i in range(2000)], ["y"])]
    everything = [node("Add", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(60)]
    return {"expand_at_run": runtime("Expand", ["x", "s"], ints(10**9, 10**9)), "tile_at_run": runtime("Tile", ["x", "s"], ints(10**6, 10**6)), "constant_of_shape_at_run": runtime("ConstantOfShape", ["s"], ints(2**40, 2**40)),
            "reshape_at_run": runtime("Reshape", ["x", "s"], ints(2**62, 2**62)), "range_at_run": model([node("ReduceSum", ["x"], ["e"], keepdims=0), node("Exp", ["e"], ["e2"]), node("Range", ["z", "b", "d"], ["y"]) ], O, Y, {"z": np.float32(0), "b": np.float32(3e38), "d": np.float32(1)}),
            "fan_out": model(wide, X, Y), "powers_of_two": model([node("Identity", ["x"], ["v0"]), *everything], X, [value("v60")]),
            "dims_product": by("Expand", {"s": ints(*[64] * 16)}), "one_hot_depth": model([node("OneHot", ["i", "d", "v"], ["y"])], [value("i", I64, [4])], Y, {"d": ints(2**62), "v": np.array([0, 1], np.float32)}),
            "topk_everything": by("TopK", {"k": ints(2**62)}), "split_into_100000": model([node("Split", ["x"], [f"y{i}" for i in range(100000)], axis=0, num_outputs=100000)], X, [value("y0")], opset=18),
            "conv_pads_2_30": model([node("Conv", ["x", "w"], ["y"], pads=[2**30] * 4)], P, Y, {"w": ones(4, 4, 3, 3)}), "pool_pads": model([node("AveragePool", ["x"], ["y"], kernel_shape=[2**31, 2**31], pads=[2**30] * 4)], P, Y),
            "pool_kernel_big": model([node("MaxPool", ["x"], ["y"], kernel_shape=[4000, 4000], pads=[3999] * 4)], P, Y), "dilated_kernel": model([node("Conv", ["x", "w"], ["y"], dilations=[2**40, 1], pads=[2**41, 0, 2**41, 0])], P, Y, {"w": ones(4, 4, 3, 3)}),
            "gather_blow_up": model([node("Gather", ["x", "i"], ["a"]), node("Gather", ["a", "i"], ["b"]), node("Gather", ["b", "i"], ["y"])], X, Y, {"i": np.zeros((1000, 100), np.int64)}),
            "depth_to_space_huge": by("DepthToSpace", {}, P, blocksize=2**31), "lstm_long": model([node("LSTM", ["x", "w", "r"], ["y"], hidden_size=1)], [value("x", F, [10**6, 1, 1])], Y, {"w": ones(1, 4, 1), "r": ones(1, 4, 1)}),
            "gru_hidden_negative": model([node("GRU", ["x", "w", "r"], ["y"], hidden_size=-1)], [value("x", F, [3, 1, 1])], Y, {"w": ones(1, 3, 1), "r": ones(1, 3, 1)}), "upsample_1e9": model([node("Upsample", ["x", "s"], ["y"])], P, Y, {"s": np.array([1, 1, 1e9, 1e9], np.float32)}, opset=9),
            "outer_products": model([node("MatMul", ["w", "v"], ["a"]), node("Reshape", ["a", "r"], ["b"]), node("MatMul", ["b", "v"], ["c"]), node("Add", ["c", "x"], ["y"])], X, Y, {"w": ones(1000, 1), "v": ones(1, 1000), "r": ints(-1, 1)}),
            "einsum_outer": model([node("Einsum", ["w", "w", "w"], ["a"], equation="i,j,k->ijk"), node("ReduceSum", ["a"], ["b"], keepdims=0), node("Add", ["x", "b"], ["y"])], X, Y, {"w": ones(2000)}),
            "non_zero_big": model([node("NonZero", ["w"], ["a"]), node("Cast", ["a"], ["f"], to=F), node("ReduceMax", ["f"], ["b"], keepdims=0), node("Add", ["x", "b"], ["y"])], X, Y, {"w": ones(1000, 1000)})}


@in_folder
def more_external_data():
    raw = random(4, 4).tobytes()
    def ext(name, location, offset=None, length=None, twice=(), dims=(4, 4)):
        t = onnx.TensorProto(name=name, data_type=F, dims=list(dims), data_location=onnx.TensorProto.EXTERNAL)
        for k, v in (("location", location), ("offset", offset), ("length", length), *twice):
            if v is not None:
                t.external_data.add(key=k, value=str(v))
        return t
    def put(*tensors, nodes=None, extra=None):
        def write(folder):
            with open(os.path.join(folder, "w.bin"), "wb") as f:
                f.write(raw)
            if extra:
                extra(folder)
            made = model(nodes or [node("MatMul", ["x", "w"], ["y"])], X, Y, list(tensors))
            with open(os.path.join(folder, "model.onnx"), "wb") as f:
                f.write(made.SerializeToString())
        return write
    two = [node("MatMul", ["x", "w"], ["m"]), node("MatMul", ["m", "v"], ["y"])]
    def sub(folder):
        os.mkdir(os.path.join(folder, "d"))
        with open(os.path.join(folder, "d", "w.bin"), "wb") as file:
            file.write(raw)
    def hard(folder):
        os.link(os.path.join(folder, "w.bin"), os.path.join(folder, "h.bin"))
    def empty(folder):
        open(os.path.join(folder, "w.bin"), "wb").close()
    return {"overlapping": put(ext("w", "w.bin", 0), ext("v", "w.bin", 0), nodes=two), "itself": put(ext("w", "model.onnx", 0, 64)), "in_a_folder": put(ext("w", "d/w.bin"), extra=sub), "dotted": put(ext("w", "./w.bin")), "dotted_twice": put(ext("w", "d/../w.bin"), extra=sub),
            "hard_link": put(ext("w", "h.bin"), extra=hard), "location_twice": put(ext("w", "w.bin", twice=[("location", "none.bin")])), "offset_unaligned": put(ext("w", "w.bin", 1, 63, dims=(63,))), "checksum_wrong": put(ext("w", "w.bin", twice=[("checksum", "00")])),
            "unknown_key": put(ext("w", "w.bin", twice=[("compression", "zip")])), "empty_file": put(ext("w", "w.bin"), extra=empty), "zero_elements": put(ext("w", "w.bin", dims=(4, 0))), "proc_mem": put(ext("w", "/proc/self/environ")), "tty": put(ext("w", "/dev/stdin")),
            "newline": put(ext("w", "w.bin\n")), "trailing_slash": put(ext("w", "w.bin/")), "double_slash": put(ext("w", ".//w.bin")), "home": put(ext("w", "~/w.bin")), "variable": put(ext("w", "$HOME/w.bin")), "offset_plus": put(ext("w", "w.bin", "+0")), "offset_blank": put(ext("w", "w.bin", " 0")), "offset_empty": put(ext("w", "w.bin", ""))}
