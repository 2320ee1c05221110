"""A few bytes that ask for much: memory, time, depth. Refused, or done, within the limits."""
import numpy as np
import onnx

from cases import BOOL, F, I64, case, graph, ints, model, node, ones, tensor, value

X = [value("x", F, [1, 1])]
Y = [value("y")]
OPEN = [value("x", F, ["n", 1])]


def by(op, held, inputs=None, outputs=("y",), **attributes):
    return model([node(op, ["x", *held], list(outputs), **attributes)], inputs or X, [value(o) for o in outputs], held)


@case
def single_nodes():
    far = np.array([1, 1, 1e5, 1e5], np.float32)
    picture = [value("x", F, [1, 1, 8, 8])]
    fill = tensor("", ones(1))
    size = model([node("ConstantOfShape", ["s"], ["c"], value=fill), node("Add", ["x", "c"], ["y"])], X, Y, {"s": ints(50000, 50000)})
    run = model([node("Range", ["a", "b", "d"], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y,
                {"a": np.float32(0), "b": np.float32(4e9), "d": np.float32(1)})
    step = model([node("Range", ["a", "b", "d"], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y,
                 {"a": np.float32(0), "b": np.float32(1), "d": np.float32(1e-30)})
    zero = model([node("Range", ["a", "b", "d"], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y,
                 {"a": np.float32(0), "b": np.float32(1), "d": np.float32(0)})
    whole = model([node("Range", ["a", "b", "d"], ["c"]), node("Cast", ["c"], ["f"], to=F), node("Add", ["x", "f"], ["y"])], X, Y,
                  {"a": np.array(-2**62), "b": np.array(2**62), "d": np.array(1)})
    hot = model([node("OneHot", ["i", "d", "v"], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y,
                {"i": np.zeros((8,), np.int64), "d": ints(2**33), "v": np.array([0, 1], np.float32)})
    rnn = model([node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2**31)], [value("x", F, [1, 1, 1])], Y,
                {"w": ones(1, 4, 1), "r": ones(1, 4, 1)})
    return {
        "tile": by("Tile", {"r": ints(100000, 100000)}), "tile_2_62": by("Tile", {"r": ints(2**62, 1)}), "tile_overflow": by("Tile", {"r": ints(2**33, 2**33)}),
        "expand": by("Expand", {"s": ints(60000, 60000)}), "expand_2_62": by("Expand", {"s": ints(2**31, 2**31)}), "constant_of_shape": size,
        "constant_of_shape_2_62": model([node("ConstantOfShape", ["s"], ["y"])], X, Y, {"s": ints(2**62)}),
        "constant_of_shape_negative": model([node("ConstantOfShape", ["s"], ["y"])], X, Y, {"s": ints(-5)}),
        "resize": by("Resize", {"r": ones(0), "s": far}, picture), "resize_sizes": by("Resize", {"r": ones(0), "s": ones(0), "z": ints(1, 1, 2**20, 2**20)}, picture),
        "resize_1e30": by("Resize", {"r": ones(0), "s": np.full(4, 1e30, np.float32)}, picture), "upsample": by("Resize", {"r": ones(0), "s": far}, picture, mode="cubic"),
        "range": run, "range_step": step, "range_zero_step": zero, "range_of_int64": whole, "pad": by("Pad", {"p": ints(50000, 0, 0, 50000)}),
        "pad_2_62": by("Pad", {"p": ints(2**62, 2**62, 2**62, 2**62)}), "one_hot": hot, "lstm": rnn,
        "gather": by("Gather", {"i": np.zeros((1, 1), np.int64)}, [value("x", F, [1, 2**40])]),
        "input_2_62": model([node("Relu", ["x"], ["y"])], [value("x", F, [2**62])], Y),
        "input_2_40": model([node("Relu", ["x"], ["y"])], [value("x", F, [2**20, 2**20])], Y),
        "matmul_outer": model([node("MatMul", ["a", "b"], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y, {"a": ones(60000, 1), "b": ones(1, 60000)}),
        "where": model([node("Where", ["c", "a", "b"], ["y"])], X, Y, {"c": np.ones((30000, 1, 1), bool), "a": ones(1, 30000, 1), "b": ones(1, 1, 30000)}),
        "depthwise_transposed": model([node("ConvTranspose", ["x", "w"], ["y"], strides=[50000, 50000])], picture, Y, {"w": ones(1, 1, 1, 1)}),
        "eye": model([node("EyeLike", ["x"], ["y"])], [value("x", F, [60000, 60000])], Y),
        "unsqueeze_many": by("Unsqueeze", {"a": np.arange(100000, dtype=np.int64)}), "reshape_rank": by("Reshape", {"s": np.ones(100000, np.int64)}),
        "expand_rank": by("Expand", {"s": np.ones(100000, np.int64)}), "einsum": model([node("Einsum", ["x"] * 6, ["y"], equation="ab,cd,ef,gh,ij,kl->abcdefghijkl")], [value("x", F, [50, 50])], Y),
    }


def doubling(op, count, first, **attributes):
    nodes = [node(op, [f"v{i}", f"v{i}"], [f"v{i + 1}"], **attributes) for i in range(count)]
    return nodes, f"v{count}", first


@case
def chains():
    def concat(inputs, name, count=40):
        nodes = [node("Concat", [f"v{i}", f"v{i}"], [f"v{i + 1}"], axis=0) for i in range(count)]
        return model([node("Identity", [name], ["v0"]), *nodes, node("Identity", [f"v{count}"], ["y"])], inputs, Y, {"w": ones(1, 1)})
    tiles = [node("Tile", [f"v{i}", "r"], [f"v{i + 1}"]) for i in range(60)]
    strings = [node("Concat", [f"s{i}", f"s{i}"], [f"s{i + 1}"], axis=0) for i in range(40)]
    products = [node("MatMul", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(300)]
    squared = [node("Mul", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(100)]
    return {
        "concat_of_constants": concat(X, "w"), "concat_of_inputs": concat(X, "x"), "concat_of_open_inputs": concat(OPEN, "x"),
        "concat_64": concat(X, "x", 64), "concat_28": concat(X, "w", 28),
        "tile": model([node("Identity", ["x"], ["v0"]), *tiles], X, [value("v60")], {"r": ints(2, 2)}),
        "tile_constant": model([node("Identity", ["w"], ["v0"]), *tiles, node("Add", ["v60", "x"], ["y"])], X, Y, {"r": ints(2, 2), "w": ones(1, 1)}),
        "shapes": model([node("Shape", ["x"], ["s0"]), *strings, node("ConstantOfShape", ["s40"], ["y"])], X, Y),
        "matmul_powers": model([node("Identity", ["w"], ["v0"]), *products, node("Add", ["v300", "x"], ["y"])], X, Y, {"w": ones(1, 1) * 2}),
        "integer_powers": model([node("Shape", ["x"], ["v0"]), *squared, node("ConstantOfShape", ["v100"], ["y"])], [value("x", F, [3, 3])], Y),
        "wide_concat": model([node("Concat", ["x"] * 200000, ["y"], axis=0)], X, Y),
    }


@case
def depth():
    def nested(levels):
        inner = graph([node("Relu", ["x"], ["t"])], [], [value("t")], name="inner")
        for _ in range(levels):
            inner = graph([node("If", ["c"], ["t"], then_branch=inner, else_branch=graph([node("Neg", ["x"], ["t"])], [], [value("t")]))], [], [value("t")])
        return model([node("If", ["c"], ["y"], then_branch=inner, else_branch=inner if levels < 3 else graph([node("Neg", ["x"], ["t"])], [], [value("t")]))],
                     X + [value("c", BOOL, [])], Y)

    def bushy(levels):
        inner = graph([node("Relu", ["x"], ["t"])], [], [value("t")], name="inner")
        for _ in range(levels):
            inner = graph([node("If", ["c"], ["t"], then_branch=inner, else_branch=inner)], [], [value("t")])
        return model(list(inner.node) + [node("Identity", ["t"], ["y"])], X + [value("c", BOOL, [])], Y)
    return {"if_20": nested(20), "if_30": nested(30), "if_bushy_10": bushy(10), "if_bushy_16": bushy(16)}


@case
def protobuf_depth():
    # Written by hand: protobuf's own writer recurses. model.graph.node.attribute.g.node.attribute.g ...
    def field(number, content):
        size, head = len(content), bytes([number << 3 | 2])
        while size > 127:
            head += bytes([size & 127 | 128])
            size >>= 7
        return head + bytes([size]) + content
    found = {}
    for levels in 90, 1000, 20000:
        inner = b""
        for _ in range(levels):
            inner = field(1, field(2, b"t") + field(4, b"If") + field(5, field(1, b"then_branch") + field(6, inner)))
        found[str(levels)] = b"\x08\x08" + field(7, inner) + field(8, b"\x10\x11")
    return found


@case
def endless():
    def loop(trip, start, body_nodes, go_on, state=(), more=()):
        body = graph(body_nodes, [value("i", I64, []), value("g", BOOL, []), *(value(s, F, None) for s, _ in state)],
                     [value(go_on, BOOL), *(value(out) for _, out in state), *(value(m) for m in more)])
        held = {"true": np.array(True)} | ({"n": np.array(trip)} if trip is not None else {})
        outputs = ["y", "z", "u"][: max(len(state) + len(more), 1)]
        return model([node("Loop", ["n" if trip is not None else "", start, *("x" for _ in state)], outputs, body=body)], X, [value("y")], held)
    same = node("Identity", ["g"], ["h"])
    grow = node("Concat", ["s", "s"], ["s1"], axis=0)
    step = node("Relu", ["s"], ["s1"])
    always = node("Less", ["i", "top"], ["h"])
    top = node("Constant", [], ["top"], value=tensor("", np.array(2**62)))
    inner = graph([node("Identity", ["g2"], ["h2"]), node("Relu", ["s2"], ["s3"])], [value("j", I64, []), value("g2", BOOL, []), value("s2", F, None)],
                  [value("h2", BOOL), value("s3")])
    nest = node("Loop", ["many", "g", "s"], ["s1"], body=inner)
    many = node("Constant", [], ["many"], value=tensor("", np.array(10**6)))
    return {
        "always": loop(None, "true", [same, step], "h", [("s", "s1")]), "no_condition": loop(None, "", [same, step], "h", [("s", "s1")]),
        "trip_2_62": loop(2**62, "true", [same, step], "h", [("s", "s1")]), "trip_2_62_unconditional": loop(2**62, "", [same, step], "h", [("s", "s1")]),
        "always_computed": loop(None, "true", [top, always, step], "h", [("s", "s1")]), "growing": loop(10**6, "true", [same, grow], "h", [("s", "s1")]),
        "collecting": loop(10**9, "true", [same, step, node("Expand", ["s", "e"], ["c"]), node("Constant", [], ["e"], value=tensor("", ints(1000, 1000)))], "h", [("s", "s1")], ["c"]),
        "nested_loops": loop(10**6, "true", [same, many, nest], "h", [("s", "s1")]), "no_state": loop(None, "true", [same], "h", [], ["i"]),
    }


@case
def functions():
    def function(name, nodes):
        return onnx.helper.make_function("local", name, ["p"], ["r"], nodes, [onnx.helper.make_opsetid("local", 1), onnx.helper.make_opsetid("", 17)])

    def call(name, source, target):
        return node(name, [source], [target], domain="local")

    def made(functions_, first):
        return model([call(first, "x", "y")], X, Y, functions=functions_, domains=["local"])
    mutual = [function("f", [call("g", "p", "r")]), function("g", [call("f", "p", "r")])]
    laughs = [function(f"f{i}", [call(f"f{i + 1}", "p", "q0"), *(call(f"f{i + 1}", f"q{j}", f"q{j + 1}") for j in range(8)), call(f"f{i + 1}", "q8", "r")])
              for i in range(9)] + [function("f9", [node("Relu", ["p"], ["r"])])]
    return {"itself": made([function("f", [call("f", "p", "r")])], "f"), "each_other": made(mutual, "f"), "billion_laughs": made(laughs, "f0"),
            "missing": made([function("f", [call("g", "p", "r")])], "f"), "lost_input": made([function("f", [node("Relu", ["nowhere"], ["r"])])], "f")}
