"""Models whose graph, attributes or tensors contradict themselves. Every one has to be refused.

Each function with @case gives one model, or a dict of models by name.
"""
import numpy as np
import onnx

from cases import BOOL, F, F64, I64, STRING, attribute, case, graph, ints, model, node, ones, tensor, value

X = [value("x", F, [1, 4, 8, 8])]
Y = [value("y")]


def conv(weights, inputs=None, op="Conv", bias=None, **attributes):
    names = ["x", "w"] + (["b"] if bias is not None else [])
    held = {"w": weights} | ({"b": bias} if bias is not None else {})
    return model([node(op, names, ["y"], **attributes)], inputs or X, Y, held)


def unary(op, inputs=None, outputs=("y",), weights=None, more=(), **attributes):
    return model([node(op, ["x", *more], list(outputs), **attributes)], inputs or X, [value(o) for o in outputs], weights or {})


@case
def structure():
    twice = model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])], X, Y)
    shadow = model([node("Relu", ["x"], ["x"]), node("Neg", ["x"], ["y"])], X, Y)
    over_weight = model([node("Relu", ["x"], ["w"]), node("Add", ["x", "w"], ["y"])], X, Y, {"w": ones(1)})
    two_inputs = model([node("Relu", ["x"], ["y"])], X + X, Y)
    two_weights = model([node("Add", ["x", "w"], ["y"])], X, Y, [tensor("w", ones(1)), tensor("w", ones(1) * 2)])
    nameless_input = model([node("Relu", [""], ["y"])], [value("", F, [1, 4])], Y)
    chain = [node("Relu", [f"c{i}"], [f"c{(i + 1) % 5}"]) for i in range(5)]
    return {
        "cycle": model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], X, [value("b")]),
        "long_cycle": model(chain + [node("Relu", ["x"], ["y"])], X, Y),
        "own_output": model([node("Add", ["x", "y"], ["y"])], X, Y),
        "missing_input": model([node("Add", ["x", "nowhere"], ["y"])], X, Y),
        "missing_output": model([node("Relu", ["x"], ["z"])], X, Y),
        "no_outputs": model([node("Relu", ["x"], ["y"])], X, []),
        "node_without_outputs": model([node("Relu", ["x"], []), node("Relu", ["x"], ["y"])], X, [value("z")]),
        "made_twice": twice, "shadows_an_input": shadow, "shadows_a_weight": over_weight, "input_twice": two_inputs,
        "weight_twice": two_weights, "nameless_input": nameless_input,
        "output_twice": model([node("Relu", ["x"], ["y"])], X, Y + Y),
        "made_twice_by_one": model([node("TopK", ["x", "k"], ["y", "y"])], X, Y, {"k": ints(1)}),
        "no_inputs_given": model([node("Relu", [], ["y"])], X, Y),
        "absent_needed_input": model([node("Add", ["x", ""], ["y"])], X, Y),
        "too_many_inputs": model([node("Relu", ["x", "x", "x"], ["y"])], X, Y),
        "too_many_outputs": model([node("Relu", ["x"], ["y", "z"])], X, Y + [value("z")]),
        "unknown_operator": model([node("Nonsense", ["x"], ["y"])], X, Y),
        "unknown_domain": model([node("Relu", ["x"], ["y"], domain="com.nobody")], X, Y),
        "no_operator": model([node("", ["x"], ["y"])], X, Y),
    }


@case
def headers():
    good = model([node("Relu", ["x"], ["y"])], X, Y)

    def changed(edit):
        copy = onnx.ModelProto()
        copy.CopyFrom(good)
        edit(copy)
        return copy

    def opset(version):
        return changed(lambda m: setattr(m.opset_import[0], "version", version))
    return {
        "no_graph": changed(lambda m: m.ClearField("graph")), "no_opset": changed(lambda m: m.ClearField("opset_import")),
        "opset_zero": opset(0), "opset_negative": opset(-1), "opset_far": opset(2**62),
        "ir_zero": changed(lambda m: setattr(m, "ir_version", 0)), "ir_negative": changed(lambda m: setattr(m, "ir_version", -3)),
        "input_of_strings": model([node("Identity", ["x"], ["y"])], [value("x", STRING, [1])], [value("y", STRING)]),
        "input_of_unknown_type": model([node("Identity", ["x"], ["y"])], [value("x", 99, [1])], Y),
        "input_without_type": changed(lambda m: m.graph.input[0].ClearField("type")),
        "input_is_a_sequence": model([node("Identity", ["x"], ["y"])],
                                     [onnx.helper.make_tensor_sequence_value_info("x", F, [1])], Y),
    }


@case
def tensors():
    def with_dims(*dims, raw=bytes(64), dtype=F):
        made = onnx.TensorProto(name="w", data_type=dtype, raw_data=raw)
        made.dims.extend(dims)
        return model([node("Add", ["x", "w"], ["y"])], X, Y, [made])

    def with_floats(count, *dims):
        made = onnx.TensorProto(name="w", data_type=F, float_data=[1.0] * count)
        made.dims.extend(dims)
        return model([node("Add", ["x", "w"], ["y"])], X, Y, [made])
    sparse = model([node("Relu", ["x"], ["y"])], X, Y)
    sparse.graph.sparse_initializer.add()
    empty = onnx.TensorProto(name="w", data_type=F)
    empty.dims.extend([4, 4])
    segment = onnx.TensorProto(name="w", data_type=F, raw_data=bytes(64))
    segment.dims.extend([4, 4])
    return {
        "dim_2_62": with_dims(2**62), "dim_negative": with_dims(-16), "dims_overflow": with_dims(2**32, 2**32, 16),
        "dims_wrap_to_16": with_dims(2**60, 2**4, 16), "dims_wrap_to_zero": with_dims(2**32, 2**32),
        "two_negative": with_dims(-4, -4), "minimum": with_dims(-2**63), "many_dims": with_dims(*[1] * 100000),
        "raw_short": with_dims(17), "raw_long": with_dims(15), "raw_for_none": with_dims(0),
        "type_zero": with_dims(16, dtype=0), "type_unknown": with_dims(16, dtype=77), "type_negative": with_dims(16, dtype=-1),
        "strings": with_dims(16, dtype=STRING), "complex": with_dims(8, dtype=onnx.TensorProto.COMPLEX64),
        "fields_short": with_floats(3, 4), "fields_long": with_floats(5, 4), "no_data": model([node("Add", ["x", "w"], ["y"])], X, Y, [empty]),
        "sparse": sparse,
    }


@case
def not_finite():
    found = {}
    for name, bad in ("nan", np.nan), ("inf", np.inf), ("minus_inf", -np.inf):
        w, g, b = ones(4, 4, 3, 3), ones(4, 64), ones(4)
        w[1, 2, 0, 1] = g[3, 3] = b[2] = bad
        flat = [value("x", F, [2, 4])]
        found[f"conv_{name}"] = conv(w)
        found[f"conv_bias_{name}"] = conv(ones(4, 4, 3, 3), bias=b)
        found[f"matmul_{name}"] = model([node("MatMul", ["x", "w"], ["y"])], flat, Y, {"w": g})
        found[f"gemm_{name}"] = model([node("Gemm", ["x", "w", "c"], ["y"])], flat, Y, {"w": ones(4, 4), "c": b})
        found[f"batch_norm_{name}"] = unary("BatchNormalization", more=list("sbmv"), weights={"s": b} | {k: ones(4) for k in "bmv"})
        found[f"conv_transposed_{name}"] = conv(w, op="ConvTranspose")
        found[f"bias_added_{name}"] = model([node("MatMul", ["x", "w"], ["m"]), node("Add", ["m", "b"], ["y"])], flat, Y,
                                            {"w": ones(4, 4), "b": b})
        found[f"half_{name}"] = model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], flat, Y,
                                      {"w": g.astype(np.float16)})
        found[f"through_a_node_{name}"] = model([node("Mul", ["w", "two"], ["v"]), node("MatMul", ["x", "v"], ["y"])], flat, Y,
                                                {"w": g, "two": ones(1) * 2})
    found["variance_negative"] = model([node("Conv", ["x", "w"], ["c"]), node("BatchNormalization", ["c", *"sbmv"], ["y"])], X, Y,
                                       {"w": ones(4, 4, 3, 3), "v": -ones(4)} | {k: ones(4) for k in "sbm"})
    found["double_too_large"] = model([node("MatMul", ["x", "w"], ["y"])], [value("x", F64, [2, 4])], [value("y", F64)],
                                      {"w": np.full((4, 4), 1e300)})
    return found


@case
def convolutions():
    w = ones(4, 4, 3, 3)
    return {
        "channels": conv(ones(4, 3, 3, 3)), "rank_of_weights": conv(ones(4, 4, 3)), "rank_of_input": conv(w, [value("x", F, [4, 8])]),
        "scalar_weights": conv(np.float32(1)), "group_zero": conv(w, group=0), "group_negative": conv(w, group=-1),
        "group_three": conv(w, group=3), "group_huge": conv(w, group=2**62), "group_above_channels": conv(ones(8, 1, 3, 3), group=8),
        "outputs_not_divided": conv(ones(3, 2, 3, 3), group=2), "stride_zero": conv(w, strides=[0, 1]),
        "stride_negative": conv(w, strides=[-1, 1]), "stride_count": conv(w, strides=[1]), "pads_count": conv(w, pads=[1, 1]),
        "pads_negative": conv(w, pads=[-9, 0, 0, 0]), "pads_huge": conv(w, pads=[2**62] * 4), "dilation_zero": conv(w, dilations=[0, 0]),
        "dilation_negative": conv(w, dilations=[-1, -1]), "dilation_huge": conv(w, dilations=[2**61, 2**61]),
        "dilation_count": conv(w, dilations=[1, 1, 1]), "kernel_differs": conv(w, kernel_shape=[5, 5]),
        "kernel_too_large": conv(ones(4, 4, 9, 9)), "kernel_empty": conv(ones(4, 4, 0, 3)), "bias_count": conv(w, bias=ones(3)),
        "bias_rank": conv(w, bias=ones(4, 1)), "auto_pad_unknown": conv(w, auto_pad="WHATEVER"),
        "weights_of_integers": conv(w.astype(np.int32)), "no_outputs_channels": conv(ones(0, 4, 3, 3)),
        "transposed_channels": conv(ones(5, 4, 3, 3), op="ConvTranspose"),
        "transposed_output_padding": conv(w, op="ConvTranspose", output_padding=[5, 5]),
        "transposed_output_padding_negative": conv(w, op="ConvTranspose", output_padding=[-1, -1]),
        "transposed_output_shape": conv(w, op="ConvTranspose", output_shape=[-5, 2**62]),
        "transposed_pads": conv(w, op="ConvTranspose", pads=[9, 9, 9, 9]), "transposed_stride_huge": conv(w, op="ConvTranspose", strides=[2**61, 2]),
        "transposed_group": conv(w, op="ConvTranspose", group=3),
    }


@case
def pools():
    def pool(op="MaxPool", **attributes):
        return unary(op, **attributes)
    return {
        "no_kernel": pool(), "kernel_zero": pool(kernel_shape=[0, 2]), "kernel_negative": pool(kernel_shape=[-2, 2]),
        "kernel_huge": pool(kernel_shape=[2**62, 1]), "kernel_too_large": pool(kernel_shape=[9, 9]), "kernel_count": pool(kernel_shape=[2]),
        "stride_zero": pool(kernel_shape=[2, 2], strides=[0, 0]), "pads_above_kernel": pool(kernel_shape=[2, 2], pads=[2, 2, 2, 2]),
        "pads_negative": pool("AveragePool", kernel_shape=[2, 2], pads=[-9, -9, 0, 0]), "dilation_zero": pool(kernel_shape=[2, 2], dilations=[0, 0]),
        "rank": pool("GlobalAveragePool", inputs=[value("x", F, [4])]),
        "p_zero": pool("LpPool", kernel_shape=[2, 2], p=0), "pads_huge": pool("AveragePool", kernel_shape=[2, 2], pads=[2**61] * 4),
    }


@case
def attributes_of_the_wrong_type():
    made = {
        "ints_as_float": unary("Transpose", attribute=attribute("perm", 1.5)),
        "int_as_string": unary("Softmax", attribute=attribute("axis", "one")),
        "float_as_ints": unary("LeakyRelu", attribute=attribute("alpha", [1, 2])),
        "string_as_int": conv(ones(4, 4, 3, 3), auto_pad=attribute("auto_pad", 3)),
        "ints_as_int": conv(ones(4, 4, 3, 3), strides=attribute("strides", 2)),
        "tensor_as_int": model([node("Constant", [], ["c"], value=attribute("value", 3)), node("Add", ["x", "c"], ["y"])], X, Y),
        "nothing": model([node("Constant", [], ["c"]), node("Add", ["x", "c"], ["y"])], X, Y),
        "cast_to_nothing": unary("Cast"), "cast_to_unknown": unary("Cast", to=99), "cast_to_negative": unary("Cast", to=-1),
        "graph_as_int": model([node("If", ["c"], ["y"], then_branch=attribute("then_branch", 1), else_branch=attribute("else_branch", 1))],
                              [value("c", BOOL, [])], Y),
    }
    for op, key, bad in (("Concat", "axis", None), ("Transpose", "perm", [0, 0, 1, 2]), ("Transpose", "perm", [0, 1]), ("Transpose", "perm", [0, 1, 2, 9]),
                         ("Softmax", "axis", 9), ("Flatten", "axis", 9), ("Flatten", "axis", -9), ("ReduceMean", "axes", [7]), ("ReduceMax", "axes", [1, 1]),
                         ("Unsqueeze", "axes", [9]), ("Squeeze", "axes", [0, 0]), ("DepthToSpace", "blocksize", 0), ("DepthToSpace", "blocksize", 3),
                         ("SpaceToDepth", "blocksize", -1), ("LRN", "size", 0), ("LRN", "size", -3), ("LpNormalization", "axis", 5),
                         ("ArgMax", "axis", 4), ("Split", "axis", 8), ("Softmax", "axis", -2**63), ("Gather", "axis", 4)):
        opset = 11 if key == "axes" else 17
        name = f"{op}_{key}_{bad}".replace(" ", "")
        more = ["i"] if op == "Gather" else []
        made[name] = model([node(op, ["x", *more], ["y"], **({} if bad is None else {key: bad}))], X, Y,
                           {"i": ints(0)} if more else {}, opset=opset)
    return made


@case
def shapes():
    flat = [value("x", F, [2, 4])]

    def by(op, held, inputs=None, outputs=("y",), **attributes):
        return model([node(op, ["x", *held], list(outputs), **attributes)], inputs or flat, [value(o) for o in outputs],
                     {k: v for k, v in held.items() if v is not None})
    return {
        "cumsum_axis": by("CumSum", {"a": np.int64(7)}), "add": by("Add", {"w": ones(3)}), "add_types": by("Add", {"w": ints(1)}), "matmul": by("MatMul", {"w": ones(5, 2)}),
        "matmul_scalar": by("MatMul", {"w": np.float32(1)}), "matmul_batches": by("MatMul", {"w": ones(3, 3, 4)}, [value("x", F, [2, 2, 3])]),
        "gemm_rank": by("Gemm", {"w": ones(4, 2)}, [value("x", F, [1, 2, 4])]), "gemm_c": by("Gemm", {"w": ones(4, 2), "c": ones(3)}),
        "gemm_c_larger": by("Gemm", {"w": ones(4, 2), "c": ones(5, 2, 2)}), "concat": by("Concat", {"w": ones(3, 3)}, axis=0),
        "concat_ranks": by("Concat", {"w": ones(4)}, axis=0), "reshape": by("Reshape", {"s": ints(3, 3)}),
        "reshape_two_open": by("Reshape", {"s": ints(-1, -1)}), "reshape_minus_two": by("Reshape", {"s": ints(-2, 4)}),
        "reshape_huge": by("Reshape", {"s": ints(2**62, 2**62)}), "reshape_by_floats": by("Reshape", {"s": ones(2)}),
        "reshape_zero_beyond": by("Reshape", {"s": ints(2, 4, 0)}), "expand": by("Expand", {"s": ints(3, 3)}), "expand_negative": by("Expand", {"s": ints(-2, 4)}),
        "tile_count": by("Tile", {"r": ints(1)}), "tile_negative": by("Tile", {"r": ints(-1, 2)}), "split_sum": by("Split", {"s": ints(1, 2)}, outputs=("y", "z"), axis=1),
        "split_negative": by("Split", {"s": ints(-1, 5)}, outputs=("y", "z"), axis=1), "slice_axis": by("Slice", {"s": ints(0), "e": ints(1), "a": ints(5)}),
        "slice_step_zero": by("Slice", {"s": ints(0), "e": ints(1), "a": ints(0), "t": ints(0)}), "slice_counts": by("Slice", {"s": ints(0, 0), "e": ints(1)}),
        "pad_count": by("Pad", {"p": ints(1)}), "pad_beyond": by("Pad", {"p": ints(-3, 0, 0, 0)}), "pad_reflect": by("Pad", {"p": ints(9, 0, 0, 0)}, mode="reflect"),
        "pad_mode": by("Pad", {"p": ints(0, 0, 0, 0)}, mode="sideways"), "gather_index": by("Gather", {"i": ints(9)}), "gather_index_negative": by("Gather", {"i": ints(-5)}),
        "gather_floats": by("Gather", {"i": ones(1)}), "gather_nd_depth": by("GatherND", {"i": ints(0, 0, 0)}), "gather_elements": by("GatherElements", {"i": ints(0)}),
        "scatter_nd": by("ScatterND", {"i": np.array([[9]]), "u": ones(1, 4)}), "topk_more": by("TopK", {"k": ints(9)}, outputs=("y", "z")),
        "topk_negative": by("TopK", {"k": ints(-1)}, outputs=("y", "z")), "where_types": model([node("Where", ["x", "x", "x"], ["y"])], flat, Y),
        "squeeze": by("Squeeze", {"a": ints(0)}), "unsqueeze_twice": by("Unsqueeze", {"a": ints(1, 1)}),
        "resize_both": by("Resize", {"r": ones(0), "s": ones(2), "z": ints(2, 2)}), "resize_none": model([node("Resize", ["x"], ["y"])], flat, Y),
        "resize_zero": by("Resize", {"r": ones(0), "s": np.zeros(2, np.float32)}), "resize_negative": by("Resize", {"r": ones(0), "s": -ones(2)}),
        "resize_nan": by("Resize", {"r": ones(0), "s": np.full(2, np.nan, np.float32)}), "resize_count": by("Resize", {"r": ones(0), "s": ones(3)}),
        "einsum": by("Einsum", {"w": ones(4, 4)}, equation="ij,jk->iq"), "einsum_text": by("Einsum", {"w": ones(4, 4)}, equation="((("),
        "batch_norm": unary("BatchNormalization", more=list("sbmv"), weights={k: ones(3) for k in "sbmv"}),
        "layer_norm": by("LayerNormalization", {"s": ones(3)}), "instance_norm": by("InstanceNormalization", {"s": ones(4), "b": ones(4)}, [value("x", F, [4])]),
        "prelu": by("PRelu", {"s": ones(3)}), "lstm_weights": by("LSTM", {"w": ones(1, 8, 4), "r": ones(1, 12, 3)}, [value("x", F, [5, 1, 4])], hidden_size=3),
        "gru_no_hidden": by("GRU", {"w": ones(1, 9, 4), "r": ones(1, 9, 3)}, [value("x", F, [5, 1, 4])], hidden_size=-3),
        "one_hot_values": by("OneHot", {"d": ints(4), "v": ones(3)}, [value("x", I64, [2])]), "roi_align": by("RoiAlign", {"r": ones(2, 4), "i": ints(0, 0)}),
        "roi_align_bins": by("RoiAlign", {"r": ones(2, 4), "i": ints(0, 0)}, X, output_height=0), "roi_align_picture": by("RoiAlign", {"r": ones(2, 4), "i": ints(0, 1)}, X),
        "roi_align_samples": by("RoiAlign", {"r": ones(2, 4), "i": ints(0, 0)}, X, sampling_ratio=1 << 40),
        "roi_align_count": by("RoiAlign", {"r": ones(2, 4), "i": ints(0)}, X), "trilu_rank": by("Trilu", {}, [value("x", F, [4])]),
        "declared_otherwise": model([node("Relu", ["x"], ["y"])], flat, [value("y", F, [3, 3])]),
        "declared_rank": model([node("Relu", ["x"], ["y"])], flat, [value("y", F, [2, 4, 1])]),
        "declared_type": model([node("Relu", ["x"], ["y"])], flat, [value("y", I64, [2, 4])]),
    }


@case
def control():
    yes = graph([node("Relu", ["x"], ["t"])], [], [value("t")])
    two = graph([node("Relu", ["x"], ["t"]), node("Neg", ["x"], ["u"])], [], [value("t"), value("u")])
    integers = graph([node("Shape", ["x"], ["t"])], [], [value("t")])
    lost = graph([node("Relu", ["nowhere"], ["t"])], [], [value("t")])
    takes = graph([node("Relu", ["p"], ["t"])], [value("p")], [value("t")])
    flags = X + [value("c", BOOL, [])]

    def branches(then, other):
        return model([node("If", ["c"], ["y"], then_branch=then, else_branch=other)], flags, Y)
    body = graph([node("Identity", ["g"], ["h"])], [value("i", I64, []), value("g", BOOL, [])], [value("h", BOOL)])
    short = graph([node("Identity", ["g"], ["h"])], [value("g", BOOL, [])], [value("h", BOOL)])
    return {
        "branches_differ": branches(yes, two), "branch_types": branches(yes, integers), "branch_lost": branches(yes, lost), "branch_with_input": branches(yes, takes),
        "no_else": model([node("If", ["c"], ["y"], then_branch=yes)], flags, Y),
        "condition_of_floats": model([node("If", ["x"], ["y"], then_branch=yes, else_branch=yes)], X, Y),
        "loop_without_body": model([node("Loop", ["", "c", "x"], ["y"])], flags, Y), "loop_state": model([node("Loop", ["", "c", "x"], ["y"], body=body)], flags, Y),
        "loop_inputs": model([node("Loop", ["", "c"], ["y"], body=short)], flags, Y),
        "scan_without_body": model([node("Scan", ["x"], ["y"], num_scan_inputs=1)], X, Y),
        "scan_counts": model([node("Scan", ["x"], ["y"], num_scan_inputs=5, body=yes)], X, Y),
    }
