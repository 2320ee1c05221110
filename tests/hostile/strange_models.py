"""Models whose parts are doubled, missing, of another kind or larger than anyone needs: what protobuf takes and ONNX does not say."""
import numpy as np
import onnx
from onnx import TensorProto, helper

from cases import BF16, BOOL, F, F16, F64, I64, STRING, case, graph, ints, model, node, ones, random, tensor, value

X = [value("x", F, [2, 4])]
Y = [value("y")]


def good(**more):
    return model([node("MatMul", ["x", "w"], ["m"], name="fc"), node("Relu", ["m"], ["y"])], X, Y, {"w": random(4, 4)}, **more)


def changed(edit, made=None):
    made = made or good()
    edit(made)
    return made


def held(proto, op="Add"):
    """A model whose weight is this TensorProto."""
    proto.name = "w"
    return model([node(op, ["x", "w"], ["y"])], X, Y, [proto])


def raw(dims, kind, size, **more):
    return TensorProto(dims=dims, data_type=kind, raw_data=bytes(size), **more)


@case
def parts():
    def opsets(*pairs):
        def edit(made):
            del made.opset_import[:]
            made.opset_import.extend(helper.make_opsetid(d, v) for d, v in pairs)
        return changed(edit)

    def metadata(made):
        for _ in range(2):
            made.metadata_props.add(key="k", value="v")

    def training(made):
        made.training_info.add().algorithm.CopyFrom(graph([node("Nonsense", ["q"], ["r"])], [], [value("r")]))

    def sparse(made):
        part = made.graph.sparse_initializer.add()
        part.values.CopyFrom(tensor("w2", ones(1)))
        part.indices.CopyFrom(tensor("", ints(0)))
        part.dims.extend([4, 4])

    def annotation(made):
        made.graph.quantization_annotation.add(tensor_name="nowhere").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="gone")

    def untyped_output(made):
        made.graph.output[0].ClearField("type")

    def value_info(*infos):
        return changed(lambda made: made.graph.value_info.extend(infos))

    def shapeless(made):
        made.graph.input[0].type.tensor_type.ClearField("shape")

    def dims(*sizes):
        def edit(made):
            del made.graph.input[0].type.tensor_type.shape.dim[:]
            for size in sizes:
                dim = made.graph.input[0].type.tensor_type.shape.dim.add()
                if isinstance(size, str):
                    dim.dim_param = size
                elif size is not None:
                    dim.dim_value = size
        return changed(edit)
    optional = model([node("Identity", ["x"], ["y"])], [helper.make_value_info("x", helper.make_optional_type_proto(helper.make_tensor_type_proto(F, [2])))], Y)
    mapped = onnx.ValueInfoProto(name="x")
    mapped.type.map_type.key_type = I64
    mapped.type.map_type.value_type.tensor_type.elem_type = F
    sparse_input = onnx.ValueInfoProto(name="x")
    sparse_input.type.sparse_tensor_type.elem_type = F
    return {
        "opset_twice": opsets(("", 17), ("", 13)), "opset_twice_the_same": opsets(("", 17), ("", 17)), "opset_only_foreign": opsets(("com.nobody", 1)),
        "opset_foreign_too": opsets(("com.nobody", 1), ("", 17)), "opset_ai_onnx": opsets(("ai.onnx", 17)), "opset_training": opsets(("", 17), ("ai.onnx.preview.training", 1)),
        "metadata_twice": changed(metadata), "training_info": changed(training), "sparse_initializer": changed(sparse), "annotation_of_nothing": changed(annotation),
        "output_without_type": changed(untyped_output), "input_without_shape": changed(shapeless), "value_info_lies": value_info(value("m", I64, [7])),
        "value_info_of_nothing": value_info(value("ghost", F, [1])), "value_info_twice": value_info(value("m", F, [2, 4]), value("m", F, [3, 4])),
        "dims_negative": dims(-5, 4), "dims_zero": dims(0, 4), "dims_minimum": dims(-2**63, 4), "dims_maximum": dims(2**63 - 1, 4), "dims_none": dims(None, 4),
        "dims_named_alike": dims("n", "n"), "dims_named_emptily": dims("", 4), "dims_many": dims(*[1] * 5000), "optional_input": optional,
        "map_input": model([node("Identity", ["x"], ["y"])], [mapped], Y), "sparse_input": model([node("Relu", ["x"], ["y"])], [sparse_input], Y),
        "producer_of_a_megabyte": changed(lambda made: setattr(made, "producer_name", "p" * 2**20)), "doc_of_ten_megabytes": changed(lambda made: setattr(made, "doc_string", "d" * 10 * 2**20)),
        "ir_far": changed(lambda made: setattr(made, "ir_version", 2**62)), "model_version": changed(lambda made: setattr(made, "model_version", -1)),
        "input_is_also_weight_of_another_shape": model([node("Add", ["x", "w"], ["y"])], X + [value("w", F, [3, 9])], Y, {"w": ones(4)}),
    }


@case
def names():
    def named(name):
        return changed(lambda made: (setattr(made.graph.node[0], "name", name), made.graph.node[0].output.__setitem__(0, name), made.graph.node[1].input.__setitem__(0, name)))
    return {"nul": named("a\0b"), "newlines": named("a\n\r\n\tb"), "control": named("\x1b[2J\x07\x7f"), "long": named("n" * 100000), "long_32k": named("n" * 32768), "long_32k_less": named("n" * 32767),
            "right_to_left": named("\u202eevil\u202c"), "markup": named("</script><script>alert(1)</script><!--"), "format": named("{} %s %n {0} {:>99999999}"),
            "percent": named("%"), "quote": named('"'), "backslash": named("\\"), "slashes": named("../../../etc/passwd"), "blank": named(" ")}


@case
def stored():
    both = raw([4], F, 16)
    both.float_data.extend([1] * 4)
    both_other = raw([4], F, 16)
    both_other.int64_data.extend([1] * 4)
    segment = raw([4], F, 16)
    segment.segment.begin, segment.segment.end = 0, 2
    wrong_field = TensorProto(dims=[4], data_type=F)
    wrong_field.int32_data.extend([1] * 4)
    doubles = TensorProto(dims=[4], data_type=F)
    doubles.double_data.extend([1] * 4)
    half = TensorProto(dims=[4], data_type=F16)
    half.int32_data.extend([70000, -1, 2**31 - 1, 0x3C00])
    byte = TensorProto(dims=[4], data_type=TensorProto.UINT8)
    byte.int32_data.extend([300, -1, 5, 2])
    booleans = TensorProto(dims=[4], data_type=BOOL)
    booleans.int32_data.extend([2, -1, 0, 1])
    external_too = raw([4], F, 16, data_location=TensorProto.EXTERNAL)
    location = TensorProto(dims=[4], data_type=F, data_location=1)
    unknown_location = raw([4], F, 16)
    unknown_location.ParseFromString(raw([4], F, 16).SerializeToString() + b"\x70\x09")
    texts = TensorProto(dims=[2], data_type=STRING)
    texts.string_data.extend([b"a", b"\xff"])
    scalar = raw([], F, 4)
    empty_text = TensorProto(dims=[0], data_type=STRING)
    return {
        "raw_and_floats": held(both), "raw_and_integers": held(both_other), "segment": held(segment), "floats_in_int32_data": held(wrong_field), "floats_in_double_data": held(doubles),
        "half_out_of_range": held(half), "bytes_out_of_range": model([node("Cast", ["w"], ["v"], to=F), node("Add", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), byte)]),
        "booleans_of_two": model([node("Where", ["w", "x", "x"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), booleans)]),
        "external_and_raw": held(external_too), "external_without_keys": held(location), "unknown_location": held(unknown_location),
        "scalar": held(scalar), "nameless": model([node("Relu", ["x"], ["y"])], X, Y, [raw([4], F, 16)]),
        "strings": model([node("Relu", ["x"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), texts)]),
        "no_strings": model([node("Relu", ["x"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), empty_text)]),
        "int4": model([node("Cast", ["w"], ["v"], to=F), node("Add", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([4], 22, 2))], opset=21, ir=10),
        "int4_odd": model([node("Cast", ["w"], ["v"], to=F), node("Mul", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([1, 1], 22, 1))], opset=21, ir=10),
        "int4_short": model([node("Cast", ["w"], ["v"], to=F), node("Add", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([4], 22, 1))], opset=21, ir=10),
        "float8": model([node("Cast", ["w"], ["v"], to=F), node("Add", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([4], 17, 4))], opset=19, ir=9),
        "float4": model([node("Cast", ["w"], ["v"], to=F), node("Add", ["x", "v"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([4], 23, 2))], opset=23, ir=11),
        "complex": model([node("Relu", ["x"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([2], TensorProto.COMPLEX128, 32))]),
        "brain_odd_bytes": held(raw([4], BF16, 7)), "double_far": held(TensorProto(dims=[1], data_type=F64, double_data=[1e300])),
        "dims_of_zero_and_huge": held(raw([0, 2**62], F, 0)), "dims_of_huge_and_zero": held(raw([2**40, 0, 2**40], F, 0)), "unused_and_damaged": model([node("Relu", ["x"], ["y"])], X, Y, [changed(lambda t: setattr(t, "name", "w"), raw([4], F, 3))]),
    }


@case
def constants():
    def constant(**kinds):
        opset = kinds.pop("opset", 17)
        made = model([node("Constant", [], ["c"], **kinds), node("Add", ["x", "c"], ["y"])], X, Y, opset=opset)
        return made
    sparse = onnx.SparseTensorProto()
    sparse.values.CopyFrom(tensor("v", ones(1)))
    sparse.indices.CopyFrom(tensor("i", ints(1)))
    sparse.dims.extend([4])
    return {"float": constant(value_float=2.0), "floats": constant(value_floats=[1.0, 2, 3, 4]), "int": constant(value_int=3), "ints": constant(value_ints=[1, 2, 3, 4]),
            "string": constant(value_string="s"), "strings": constant(value_strings=["a", "b"]), "sparse": constant(sparse_value=sparse),
            "two_kinds": constant(value_float=2.0, value_int=2), "of_opset_7": constant(value_float=2.0, opset=7), "nan": constant(value_float=float("nan")),
            "infinite": constant(value_float=float("inf")), "double": constant(value=tensor("", np.array([1e300]))), "external": constant(value=TensorProto(dims=[4], data_type=F, data_location=1)),
            "with_input": model([node("Constant", ["x"], ["c"], value_float=2.0), node("Add", ["x", "c"], ["y"])], X, Y)}


@case
def attribute_forms():
    def with_attribute(edit, op="Softmax", inputs=("x",), weights=None):
        made = model([node(op, list(inputs), ["y"])], X, Y, weights or {})
        edit(made.graph.node[0].attribute)
        return made

    def typeless(held_):
        held_.add(name="axis", i=1)

    def contradicting(held_):
        held_.add(name="axis", i=1, f=1.0, type=onnx.AttributeProto.FLOAT)

    def twice(held_):
        held_.add(name="axis", i=0, type=onnx.AttributeProto.INT)
        held_.add(name="axis", i=1, type=onnx.AttributeProto.INT)

    def reference(held_):
        held_.add(name="axis", ref_attr_name="outer", type=onnx.AttributeProto.INT)

    def nameless(held_):
        held_.add(i=1, type=onnx.AttributeProto.INT)

    def unknown(held_):
        held_.add(name="frobnicate", i=1, type=onnx.AttributeProto.INT)

    def unknown_type(held_):
        held_.add(name="axis", i=1, type=onnx.AttributeProto.UNDEFINED)

    def huge_ints(held_):
        held_.add(name="perm", ints=list(range(10**6)), type=onnx.AttributeProto.INTS)

    def graphs(held_):
        held_.add(name="axis", type=onnx.AttributeProto.GRAPH).g.CopyFrom(graph([node("Nonsense", [], ["q"])], [], [value("q")]))
    return {"without_type": with_attribute(typeless), "type_contradicts": with_attribute(contradicting), "twice": with_attribute(twice), "reference_outside": with_attribute(reference),
            "nameless": with_attribute(nameless), "unknown": with_attribute(unknown), "undefined": with_attribute(unknown_type), "huge_permutation": with_attribute(huge_ints, "Transpose"),
            "graph": with_attribute(graphs), "missing": with_attribute(lambda held_: None, "Cast"), "reserved": with_attribute(lambda held_: held_.add(name="__tool", i=1, type=onnx.AttributeProto.INT)),
            "of_another_opset": model([node("Squeeze", ["x"], ["y"], axes=[0])], [value("x", F, [1, 1, 4])], Y, opset=13), "operator_of_another_opset": model([node("Gelu", ["x"], ["y"])], X, Y, opset=19),
            "too_many_inputs": with_attribute(lambda held_: None, "Relu", ["x", "x"]), "too_few_inputs": with_attribute(lambda held_: None, "Where", ["x", "x"])}


@case
def functions():
    def function(name, nodes, inputs=("p",), outputs=("r",), attributes=(), opset=17):
        return helper.make_function("local", name, list(inputs), list(outputs), nodes, [helper.make_opsetid("local", 1), helper.make_opsetid("", opset)], list(attributes))

    def called(functions_, inputs=("x",), outputs=("y",), **attributes):
        return model([helper.make_node("f", list(inputs), list(outputs), domain="local", **attributes)], X, Y, functions=functions_, domains=["local"])

    def leaky(reference="slope"):
        made = helper.make_node("LeakyRelu", ["p"], ["r"])
        made.attribute.add(name="alpha", ref_attr_name=reference, type=onnx.AttributeProto.FLOAT)
        return made
    relu = node("Relu", ["p"], ["r"])
    return {
        "attribute": called([function("f", [leaky()], attributes=["slope"])], slope=0.5), "attribute_missing": called([function("f", [leaky()], attributes=["slope"])]),
        "attribute_not_declared": called([function("f", [leaky("other")], attributes=["slope"])], slope=0.5), "attribute_of_another_type": called([function("f", [leaky()], attributes=["slope"])], slope="half"),
        "twice": called([function("f", [relu]), function("f", [node("Neg", ["p"], ["r"])])]), "too_many_inputs": called([function("f", [relu])], ["x", "x"]),
        "too_few_inputs": called([function("f", [node("Add", ["p", "q"], ["r"])], ["p", "q"])]), "too_many_outputs": called([function("f", [relu])], outputs=["y", "z"]),
        "no_nodes": called([function("f", [])]), "passes_through": called([function("f", [], ["p"], ["p"])]), "output_missing": called([function("f", [relu], outputs=["nowhere"])]),
        "inputs_doubled": called([function("f", [relu], ["p", "p"])], ["x", "x"]), "other_opset": called([function("f", [relu], opset=7)]), "opset_far": called([function("f", [relu], opset=99)]),
        "shadows_an_operator": model([node("Relu", ["x"], ["y"])], X, Y, functions=[helper.make_function("", "Relu", ["p"], ["r"], [node("Neg", ["p"], ["r"])], [helper.make_opsetid("", 17)])]),
        "unused_and_broken": model([node("Relu", ["x"], ["y"])], X, Y, functions=[function("f", [node("Nonsense", ["nowhere"], ["r"])])], domains=["local"]),
        "domain_not_imported": model([helper.make_node("f", ["x"], ["y"], domain="local")], X, Y, functions=[function("f", [relu])]),
        "uses_outer_names": called([function("f", [node("Add", ["p", "x"], ["r"])])]),
    }
