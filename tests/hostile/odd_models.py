"""Legal models that look odd. Each works and computes what ONNX Runtime does.

odd() gives name -> (model, input arrays). Names that end in "!" hold no layer or are too small to ask for closeness when quantized.
"""
import numpy as np
import onnx

from cases import BF16, F, F16, F64, I64, graph, ints, model, node, ones, random, tensor, value

X = [value("x", F, ["n", 4])]
Y = [value("y")]
DATA = {"x": random(3, 4)}
PICTURE = [value("x", F, ["n", 4, 9, 8])]
PICTURES = {"x": random(2, 4, 9, 8)}


def linear(weights, more=(), inputs=None, outputs=None, **held):
    return model([node("MatMul", ["x", "w"], ["m"]), *(more or [node("Relu", ["m"], ["y"])])], inputs or X, outputs or Y, {"w": weights} | held)


def weights():
    dead = random(4, 8)
    dead[:, 3] = 0
    spread = random(4, 8) * np.float32(10) ** np.arange(-4, 4, dtype=np.float32)
    conv_dead = random(6, 4, 3, 3)
    conv_dead[2] = 0
    w = random(4, 4)
    shared = model([node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["b"]), node("MatMul", ["b", "w"], ["c"]), node("Gemm", ["c", "w"], ["y"], transB=1)],
                   X, Y, {"w": w})
    two_ways = model([node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "w"], ["y"])], [value("x", F, [4, 4])], Y, {"w": w})
    bits = (w.view(np.uint32) >> 16).astype(np.uint16)
    brain = onnx.helper.make_tensor("w", BF16, [4, 4], bits.tobytes(), raw=True)
    as_inputs = model([node("MatMul", ["x", "w"], ["y"])], X + [value("w", F, [4, 4])], Y, {"w": w}, opset=8, ir=3)
    default = model([node("MatMul", ["x", "w"], ["y"])], X + [value("w", F, [4, 4])], Y, {"w": w})
    return {
        "zero": (linear(np.zeros((4, 8), np.float32)), DATA), "dead_channels": (linear(dead), DATA), "tiny": (linear(random(4, 8) * np.float32(1e-30)), DATA),
        "subnormal!": (linear(np.full((4, 8), 1e-42, np.float32)), DATA), "huge": (linear(random(4, 8) * np.float32(1e30)), DATA),
        "spread": (linear(spread), DATA), "one": (linear(ones(4, 1)), DATA), "shared": (shared, DATA), "used_two_ways": (two_ways, {"x": random(4, 4)}),
        "conv_dead": (model([node("Conv", ["x", "w"], ["c"]), node("Relu", ["c"], ["y"])], PICTURE, Y, {"w": conv_dead}), PICTURES),
        "conv_zero": (model([node("Conv", ["x", "w", "b"], ["y"])], PICTURE, Y, {"w": np.zeros((6, 4, 3, 3), np.float32), "b": random(6)}), PICTURES),
        "half": (model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": w.astype(np.float16)}), DATA),
        "double": (model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": w.astype(np.float64)}), DATA),
        "brain": (model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], X, Y, [brain]), DATA),
        "double_model": (model([node("MatMul", ["x", "w"], ["y"])], [value("x", F64, ["n", 4])], [value("y", F64)], {"w": w.astype(np.float64)}), {"x": DATA["x"].astype(np.float64)}),
        "listed_as_inputs": (as_inputs, DATA), "input_with_default": (default, DATA),
    }


def ends():
    """Where outputs and inputs lie."""
    neg, relu = node("Neg", ["x"], ["a"]), node("Relu", ["x"], ["y"])
    out_in = model([neg], X, [value("a"), value("x", F, ["n", 4])])
    only_in = model([], X, [value("x", F, ["n", 4])])
    constant = model([relu], X, [value("y"), value("w", F, [2])], {"w": random(2)})
    weight_out = model([node("MatMul", ["x", "w"], ["y"])], X, [value("y"), value("w", F, [4, 4])], {"w": random(4, 4)})
    made = model([node("Constant", [], ["c"], value=tensor("", random(3))), relu], X, [value("c"), value("y")])
    twice = model([node("MatMul", ["x", "w"], ["a"]), node("Identity", ["a"], ["b"]), node("Identity", ["a"], ["c"])], X, [value("b"), value("c"), value("a")], {"w": random(4, 4)})
    middle = model([node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["b"]), node("MatMul", ["b", "w"], ["c"])], X, [value("a"), value("b"), value("c")], {"w": random(4, 4)})
    layered_input = model([node("MatMul", ["x", "w"], ["a"])], X, [value("x", F, ["n", 4]), value("a")], {"w": random(4, 4)})
    return {
        "output_is_input!": (out_in, DATA), "no_nodes!": (only_in, DATA), "constant_output!": (constant, DATA), "weight_output": (weight_out, DATA),
        "only_constants!": (model([], [], [value("w", F, [2])], {"w": random(2)}), {}), "constant_node_output!": (made, DATA),
        "no_inputs!": (model([node("Add", ["w", "w"], ["y"])], [], Y, {"w": random(2)}), {}), "one_value_thrice": (twice, DATA), "outputs_in_the_middle": (middle, DATA),
        "input_quantized_and_output": (layered_input, DATA), "unused_input": (model([relu], X + [value("u", F, ["n", 2])], Y), DATA | {"u": random(3, 2)}),
        "unused_nodes": (model([relu, node("Exp", ["x"], ["dead"])], X, Y), DATA),
        "unsorted": (model([node("Add", ["m", "m"], ["y"]), node("MatMul", ["r", "w"], ["m"]), node("Neg", ["x"], ["r"])], X, Y, {"w": random(4, 4)}), DATA),
    }


def names():
    def named(first, second, name):
        return model([node("MatMul", [first, "gewicht/größe w"], [second], name=name), node("Relu", [second], ["aus gang/0:1"], name=name and name + "2")],
                     [value(first, F, ["n", 4])], [value("aus gang/0:1")], {"gewicht/größe w": random(4, 4)})
    return {name: (named(first, second, called), {first: random(3, 4)}) for name, first, second, called in (
        ("unicode", "输入", "выход→😀", "слой"), ("spaces", "in put", " mid ", "a b"), ("slashes", "model/in/x:0", "/a//b/../c", "/layer.0/fc"),
        ("empty", "x", "m", ""), ("quotes", "x\"'%", "m\\n\"", "{}%s$(x)`y`"), ("numbers", "0", "1", "2"), ("newline", "x", "m\nn\t", "a\r\nb"),
        ("keywords", "graph", "const", "_"), ("long", "x" * 300, "m" * 5000, "n" * 5000))}


def convolutions():
    found = {}

    def put(name, shape, w, bias=True, op="Conv", opset=17, **attributes):
        outs = w.shape[1] * attributes.get("group", 1) if op == "ConvTranspose" else w.shape[0]
        held = {"w": w} | ({"b": random(outs, seed=9)} if bias else {})
        made = model([node(op, ["x", *held], ["c"], **attributes), node("Relu", ["c"], ["y"])], [value("x", F, ["n", *shape[1:]])], Y, held, opset=opset)
        found[name] = (made, {"x": random(*shape)})
    put("line", (2, 4, 17), random(6, 4, 3), pads=[2, 0], strides=[2])
    put("cube", (2, 4, 6, 5, 7), random(6, 4, 2, 3, 3), pads=[0, 1, 1, 1, 1, 0], strides=[1, 2, 1])
    put("groups", (2, 8, 9, 8), random(6, 4, 3, 3), group=2)
    put("depthwise", (2, 8, 9, 8), random(8, 1, 3, 3), group=8, pads=[1, 1, 1, 1])
    put("depthwise_multiplied", (2, 4, 9, 8), random(12, 1, 3, 3), group=4)
    put("dilated", (2, 4, 12, 11), random(6, 4, 3, 3), dilations=[2, 3])
    put("asymmetric", (2, 4, 9, 8), random(6, 4, 3, 3), pads=[2, 0, 1, 3], strides=[2, 3])
    put("same_upper", (2, 4, 9, 8), random(6, 4, 4, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    put("same_lower", (2, 4, 9, 8), random(6, 4, 4, 3), auto_pad="SAME_LOWER", strides=[2, 2])
    put("valid", (2, 4, 9, 8), random(6, 4, 4, 3), auto_pad="VALID")
    put("point", (2, 4, 9, 8), random(6, 4, 1, 1), bias=False, strides=[2, 2])
    put("whole", (2, 4, 9, 8), random(6, 4, 9, 8))
    put("one_channel", (2, 1, 9, 8), random(1, 1, 3, 3), kernel_shape=[3, 3])
    put("transposed", (2, 4, 5, 6), random(4, 3, 3, 3), op="ConvTranspose", strides=[2, 3])
    put("transposed_padding", (2, 4, 5, 6), random(4, 3, 3, 3), op="ConvTranspose", strides=[2, 2], output_padding=[1, 0], pads=[1, 0, 0, 1])
    put("transposed_shape", (2, 4, 5, 6), random(4, 3, 3, 3), op="ConvTranspose", strides=[2, 2], output_shape=[10, 13])
    put("transposed_groups", (2, 4, 5, 6), random(4, 3, 3, 3), op="ConvTranspose", group=2, dilations=[2, 1])
    put("transposed_same", (2, 4, 5, 6), random(4, 3, 4, 4), op="ConvTranspose", strides=[2, 2], auto_pad="SAME_UPPER")
    put("transposed_line", (2, 4, 7), random(4, 3, 3), op="ConvTranspose", strides=[2])
    put("transposed_cube", (1, 2, 3, 4, 3), random(2, 3, 2, 2, 2), op="ConvTranspose", strides=[2, 1, 2])
    put("opset_7", (2, 4, 9, 8), random(6, 4, 3, 3), opset=7)
    put("opset_22", (2, 4, 9, 8), random(6, 4, 3, 3), opset=22)
    return found


def products():
    found = {}
    left = model([node("MatMul", ["w", "x"], ["y"])], [value("x", F, [4, 5])], Y, {"w": random(3, 4)})
    found["left"] = (left, {"x": random(4, 5)})
    found["left_batched"] = (model([node("MatMul", ["w", "x"], ["y"])], [value("x", F, ["n", 4, 5])], Y, {"w": random(3, 4)}), {"x": random(2, 4, 5)})
    for name, x, w in (("batched", (2, 3, 4), (4, 5)), ("broadcast", (2, 1, 3, 4), (6, 4, 5)), ("broadcast_left", (3, 4), (2, 6, 4, 5)), ("stacked", (2, 3, 4), (2, 4, 5)),
                       ("vector", (4,), (4, 5)), ("column", (3, 4), (4,)), ("dot", (4,), (4,)), ("row_times_stack", (4,), (2, 4, 5))):
        found[name] = (model([node("MatMul", ["x", "w"], ["y"])], [value("x", F, list(x))], Y, {"w": random(*w)}), {"x": random(*x)})
    found["two_inputs"] = (model([node("MatMul", ["x", "z"], ["y"])], [value("x", F, ["n", 3, 4]), value("z", F, ["n", 4, 5])], Y), {"x": random(2, 3, 4), "z": random(2, 4, 5)})
    for a in 0, 1:
        for b in 0, 1:
            for name, c in (("none", None), ("scalar", ()), ("one", (1,)), ("row", (5,)), ("row_2", (1, 5)), ("column", (3, 1)), ("full", (3, 5))):
                x, w = random(*((4, 3) if a else (3, 4))), random(*((5, 4) if b else (4, 5)))
                held = {"w": w} | ({} if c is None else {"c": random(*c, seed=8) if c else np.float32(0.7)})
                made = model([node("Gemm", ["x", *held], ["y"], transA=a, transB=b, alpha=0.5, beta=2.0 if a else 0.25)], [value("x", F, list(x.shape))], Y, held)
                found[f"gemm_{a}{b}_{name}"] = (made, {"x": x})
    found["gemm_alpha_zero"] = (model([node("Gemm", ["x", "w", "c"], ["y"], alpha=0.0)], X, Y, {"w": random(4, 5), "c": random(5)}), DATA)
    found["gemm_of_inputs"] = (model([node("Gemm", ["x", "w", "c"], ["y"])], X + [value("w", F, [4, 5]), value("c", F, [5])], Y),
                               DATA | {"w": random(4, 5), "c": random(5)})
    found["gemm_7"] = (model([node("Gemm", ["x", "w", "c"], ["y"])], X, Y, {"w": random(4, 5), "c": random(5)}, opset=7), DATA)
    found["weights_on_the_left_of_gemm"] = (model([node("Gemm", ["w", "x"], ["y"])], [value("x", F, [4, 5])], Y, {"w": random(3, 4)}), {"x": random(4, 5)})
    return found


def small_shapes():
    scalar = [value("x", F, [])]
    return {
        "scalar!": (model([node("Mul", ["x", "w"], ["y"])], scalar, [value("y", F, [])], {"w": np.float32(3)}), {"x": np.array(2, np.float32)}),
        "scalar_to_vector!": (model([node("Add", ["x", "w"], ["y"])], scalar, Y, {"w": random(3)}), {"x": np.array(2, np.float32)}),
        "reduced_to_scalar!": (model([node("ReduceSum", ["x"], ["y"], keepdims=0)], X, Y), DATA),
        "empty_matmul!": (model([node("MatMul", ["x", "w"], ["y"])], [value("x", F, [2, 0])], Y, {"w": np.zeros((0, 3), np.float32)}), {"x": np.zeros((2, 0), np.float32)}),
        "empty_constant!": (model([node("Concat", ["x", "w"], ["y"], axis=0)], X, Y, {"w": np.zeros((0, 4), np.float32)}), DATA),
        "empty_slice!": (model([node("Slice", ["x", "s", "s"], ["e"]), node("Concat", ["e", "x"], ["y"], axis=0)], X, Y, {"s": ints(1)}), DATA),
        "one_by_one": (model([node("MatMul", ["x", "w"], ["y"])], [value("x", F, [1, 1])], Y, {"w": random(1, 1)}), {"x": random(1, 1)}),
        "vector": (model([node("Relu", ["x"], ["y"])], [value("x", F, ["n"])], Y), {"x": random(5)}),
        "fixed_batch": (linear(random(4, 8), inputs=[value("x", F, [3, 4])]), DATA),
        "rank_7!": (model([node("Transpose", ["x"], ["y"], perm=[6, 5, 4, 3, 2, 1, 0])], [value("x", F, [1, 2, 1, 3, 1, 2, 2])], Y), {"x": random(1, 2, 1, 3, 1, 2, 2)}),
    }


def values():
    mask = np.array([0, -np.inf, 0, 0], np.float32)
    nested = graph([node("MatMul", ["x", "w"], ["t"])], [], [value("t")])
    other = graph([node("Neg", ["x"], ["t"])], [], [value("t")])
    return {
        "mask_of_infinity": (model([node("Add", ["x", "w"], ["m"]), node("Softmax", ["m"], ["y"])], X, Y, {"w": mask}), DATA),
        "clip_to_infinity!": (model([node("Clip", ["x", "l", "h"], ["y"])], X, Y, {"l": np.float32(0), "h": np.float32(np.inf)}), DATA),
        "weights_from_outside": (model([node("ReduceSum", ["x"], ["s"], keepdims=0), node("Greater", ["s", "z"], ["c"]), node("If", ["c"], ["y"], then_branch=nested, else_branch=other)],
                                       X, Y, {"w": random(4, 4), "z": np.float32(0)}), DATA),
        "integers!": (model([node("Add", ["x", "w"], ["y"])], [value("x", I64, ["n"])], [value("y", I64)], {"w": ints(5)}), {"x": ints(1, 2, 3)}),
        "batch_norm_alone": (model([node("BatchNormalization", ["x", *"sbmv"], ["y"])], PICTURE, Y, {"s": random(4), "b": random(4, seed=5), "m": random(4, seed=6), "v": np.abs(random(4, seed=7)) + 0.1}), PICTURES),
        "newest_opset": (model([node("MatMul", ["x", "w"], ["m"]), node("Gelu", ["m"], ["y"])], X, Y, {"w": random(4, 8)}, opset=23, ir=11), DATA),
    }


def more():
    """Weights that come about, numbers that nearly vanish, parts that are left out."""
    w = random(4, 4)
    other = graph([node("Neg", ["m"], ["t"])], [], [value("t")])
    turned = graph([node("MatMul", ["m", "w"], ["t"])], [], [value("t")])
    spread = random(4, 8) * np.array([[1], [1e-30], [1], [1e-20]], np.float32)
    blocked = [onnx.helper.make_tensor("w", onnx.TensorProto.UINT4, [4, 6], (np.arange(24) % 16).tolist()), tensor("s", np.abs(random(2, 6))),
               onnx.helper.make_tensor("z", onnx.TensorProto.UINT4, [2, 6], [8] * 12)]
    sequence = [value("x", F, [5, 2, 4])]
    steps = {"x": random(5, 2, 4)}
    recurrent = {"w": random(1, 12, 4), "r": random(1, 12, 3)}
    return {
        "last_state_alone": (model([node("LSTM", ["x", "w", "r"], ["", "y"], hidden_size=3)], sequence, Y, recurrent), steps),
        "last_cell_alone": (model([node("LSTM", ["x", "w", "r", "", "", "h"], ["", "", "y"], hidden_size=3)], sequence, Y, recurrent | {"h": random(1, 2, 3)}), steps),
        "names_composed_differently": (model([node("Relu", ["x"], ["\u00e9"]), node("MatMul", ["x", "w"], ["e\u0301"]), node("Add", ["\u00e9", "e\u0301"], ["y"])], X, Y, {"w": w}), DATA),
        "names_of_other_case": (model([node("Relu", ["x"], ["A"]), node("MatMul", ["x", "w"], ["a"]), node("Sub", ["A", "a"], ["y"])], X, Y, {"w": w}), DATA),
        "names_like_ours": (model([node("MatMul", ["x", "w"], ["x_q"], name="quantize"), node("Relu", ["x_q"], ["w_q"], name="w")], X, [value("w_q")], {"w": w}), DATA),
        "padding_beyond_the_kernel": (model([node("Conv", ["x", "w"], ["y"], pads=[7, 9, 0, 12])], PICTURE, Y, {"w": random(3, 4, 2, 2)}), PICTURES),
        "bias_without_a_name": (model([node("Conv", ["x", "w", ""], ["y"])], PICTURE, Y, {"w": random(3, 4, 3, 3)}), PICTURES),
        "line_in_groups": (model([node("Conv", ["x", "w", "b"], ["y"], pads=[3, 0], strides=[3], group=2, dilations=[2])], [value("x", F, ["n", 4, 19])], Y,
                                 {"w": random(6, 2, 3), "b": random(6)}), {"x": random(2, 4, 19)}),
        "constant_a_of_gemm": (model([node("Gemm", ["w", "x", "c"], ["y"], transB=1)], [value("x", F, [5, 4])], Y, {"w": random(3, 4), "c": random(5)}), {"x": random(5, 4)}),
        "gemm_beta_zero": (model([node("Gemm", ["x", "w", "c"], ["y"], beta=0.0, transA=1, transB=1, alpha=-2.5)], [value("x", F, [4, 3])], Y,
                                 {"w": random(5, 4), "c": random(3, 5) * np.float32(1e30)}), {"x": random(4, 3)}),
        "transposed_once_more": (model([node("MatMul", ["x", "w"], ["a"]), node("Transpose", ["w"], ["v"]), node("MatMul", ["a", "v"], ["y"])], X, Y, {"w": random(4, 9)}), DATA),
        "cut_weights": (model([node("Slice", ["w", "a", "b"], ["v"]), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": random(9, 5), "a": ints(2), "b": ints(6)}), DATA),
        "nearly_dead_inputs": (model([node("MatMul", ["x", "w"], ["y"])], X, Y, {"w": spread}), DATA),
        "blocks_of_4_bits": (model([node("DequantizeLinear", ["w", "s", "z"], ["v"], axis=0, block_size=2), node("MatMul", ["x", "v"], ["y"])], X, Y, blocked, opset=21, ir=10), DATA),
        "levels_as_input": (model([node("DequantizeLinear", ["x", "s", "z"], ["d"]), node("MatMul", ["d", "w"], ["y"])], [value("x", onnx.TensorProto.UINT8, ["n", 4])], Y,
                                  {"w": w, "s": np.float32(.05), "z": np.uint8(128)}), {"x": np.arange(12, dtype=np.uint8).reshape(3, 4)}),
        "weights_before_inputs": (model([node("MatMul", ["x", "w"], ["y"])], [value("w", F, [4, 4])] + X, Y, {"w": w}, opset=8, ir=3), DATA),
        "unsorted_around_a_branch": (model([node("Relu", ["u"], ["y"]), node("If", ["c"], ["u"], then_branch=other, else_branch=turned), node("MatMul", ["x", "w"], ["m"])],
                                           [value("x", F, [3, 4]), value("c", onnx.TensorProto.BOOL, [])], Y, {"w": w}), DATA | {"c": np.array(False)}),
    }


def odd():
    return {f"{part.__name__}/{name}": made for part in (weights, ends, names, convolutions, products, small_shapes, values, more) for name, made in part().items()}
