"""What real files hold: weights in odd places, functions, control flow, dynamic shapes, odd names, other element types."""
import os

import numpy as np
import onnx
from onnx import parser

from harness import (BF16, BOOL, Case, F, F16, F64, I32, I64, I8, helper, main, model, numpy_helper, onnxruntime_outputs,
                     random, value, weight)

node = helper.make_node
X = [value("x", F, ["n", 4])]
Y = [value("y")]
DATA = {"x": random(3, 4)}


def constant(name, array):
    return node("Constant", [], [name], value=weight("", array))


def ints(*values):
    return np.array(values, np.int64)


class Weights(Case):
    def test_in_constant_nodes_and_through_identity(self):
        nodes = [constant("w0", random(4, 5)), node("Identity", ["w0"], ["w"]), node("MatMul", ["x", "w"], ["m"]),
                 node("Constant", [], ["b"], value_floats=[1.0, 2.0, 3.0, 4.0, 5.0]), node("Add", ["m", "b"], ["s"]),
                 node("Constant", [], ["f"], value_float=0.5), node("Mul", ["s", "f"], ["y"])]
        self.check(model(nodes, X, Y), DATA)

    def test_listed_as_inputs_too(self):
        made = model([node("MatMul", ["x", "w"], ["y"])], X + [value("w", F, [4, 5])], Y, {"w": random(4, 5)}, opset=8, ir=3)
        self.check(made, DATA)

    def test_half_double_and_bfloat(self):
        w = random(4, 5)
        for dtype, stored in (F16, w.astype(np.float16)), (F64, w.astype(np.float64)):
            made = model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], X, Y, {"w": stored})
            self.check(made, DATA)
        bits = (w.view(np.uint32) >> 16).astype(np.uint16)
        rounded = (bits.astype(np.uint32) << 16).view(np.float32)
        tensor = helper.make_tensor("w", BF16, [4, 5], bits.tobytes(), raw=True)
        made = model([node("Cast", ["w"], ["v"], to=F), node("MatMul", ["x", "v"], ["y"])], X, Y, [tensor])
        self.check(made, DATA, expected={"y": DATA["x"] @ rounded})

    def test_half_model(self):
        made = model([node("MatMul", ["x", "w"], ["m"]), node("Relu", ["m"], ["y"])], [value("x", F16, ["n", 4])],
                     [value("y", F16)], {"w": random(4, 5).astype(np.float16)})
        x = DATA["x"].astype(np.float16)
        status, errors, got = self.run_model(made, {"x": x})
        self.assertEqual(status, 0, errors)
        wanted = onnxruntime_outputs(made, {"x": x})["y"]
        self.assertEqual(got["y"].dtype, np.float16)
        self.assertLess(np.abs(got["y"].astype(np.float32) - wanted).max(), 5e-3)

    def test_in_typed_fields(self):
        w = random(4, 5)
        half = w.astype(np.float16)
        tensors = [helper.make_tensor("a", F, [4, 5], w.flatten().tolist()),
                   helper.make_tensor("h", F16, [4, 5], half.flatten().tolist()),
                   helper.make_tensor("d", F64, [4, 5], w.astype(np.float64).flatten().tolist()),
                   helper.make_tensor("i", I32, [5], [1, -2, 3, -4, 5]), helper.make_tensor("j", I8, [5], [1, -2, 3, -128, 127])]
        nodes = [node("Cast", ["h"], ["h1"], to=F), node("Cast", ["d"], ["d1"], to=F), node("Cast", ["i"], ["i1"], to=F),
                 node("Cast", ["j"], ["j1"], to=F), node("Sum", ["a", "h1", "d1"], ["w"]), node("MatMul", ["x", "w"], ["m"]),
                 node("Sum", ["m", "i1", "j1"], ["y"])]
        self.check(model(nodes, X, Y, tensors), DATA)


class Structure(Case):
    def test_unsorted_nodes(self):
        nodes = [node("Add", ["m", "m"], ["y"]), node("Relu", ["r"], ["m"]), node("Neg", ["x"], ["r"])]
        made = model(nodes, X, Y)
        self.check(made, DATA, expected={"y": 2 * np.maximum(-DATA["x"], 0)})

    def test_duplicate_and_empty_names(self):
        nodes = [node("Neg", ["x"], ["a"], name="same"), node("Relu", ["a"], ["b"], name="same"),
                 node("Abs", ["x"], ["c"], name=""), node("Sum", ["b", "c"], ["y"], name="same")]
        self.check(model(nodes, X, Y), DATA, expected={"y": np.maximum(-DATA["x"], 0) + np.abs(DATA["x"])})

    def test_outputs_that_are_inputs_constants_or_shared(self):
        nodes = [node("Neg", ["x"], ["a"]), node("Identity", ["a"], ["b"]), node("Identity", ["w"], ["c"])]
        made = model(nodes, X, [value("a"), value("b"), value("c")], {"w": random(2)})
        self.check(made, DATA)
        made = model([node("Neg", ["x"], ["a"])], X, [value("a"), value("x", F, ["n", 4])])
        self.check(made, DATA, expected={"a": -DATA["x"], "x": DATA["x"]})
        made = model([node("MatMul", ["x", "w"], ["y"])], X, [value("w", F, [4, 2]), value("y")], {"w": random(4, 2)})
        self.check(made, DATA)

    def test_unused_nodes_inputs_and_weights(self):
        nodes = [node("Neg", ["x"], ["y"]), node("Relu", ["u"], ["dead"])]
        made = model(nodes, X + [value("u", F, [2])], Y, {"w": random(3)})
        self.check(made, {**DATA, "u": random(2)})

    def test_optional_outputs_left_out(self):
        made = model([node("TopK", ["x", "k"], ["", "y"])], X, [value("y", I64)], {"k": ints(2)})
        self.check(made, DATA, expected={"y": np.argsort(-DATA["x"], 1, kind="stable")[:, :2]})
        made = model([node("TopK", ["x", "k"], ["y"])], X, [value("y")], {"k": ints(2)})
        self.check(made, DATA, expected={"y": -np.sort(-DATA["x"], 1)[:, :2]})

    def test_local_functions(self):
        made = parser.parse_model("""
          <ir_version: 8, opset_import: ["" : 17, "local" : 1], producer_name: "test">
          g (float[n, 4] x) => (float[n, 4] y) {
            a = local.outer <slope: float = 0.25> (x, x)
            y = local.outer <slope: float = 0.5> (a, x)
          }
          <domain: "local", opset_import: ["" : 17, "local" : 1]>
          outer <slope> (p, q) => (r) { t = LeakyRelu <alpha: float = @slope> (p)  s = local.inner (t)  r = Add (s, q) }
          <domain: "local", opset_import: ["" : 17]>
          inner (p) => (r) { t = Neg (p)  r = Tanh (t) }
        """)
        self.check(made, DATA)

    def test_function_attribute_defaults(self):
        function = helper.make_function("local", "leaky", ["p"], ["r"], [], [helper.make_opsetid("", 17)],
                                        attribute_protos=[helper.make_attribute("slope", 0.5)])
        leaky = node("LeakyRelu", ["p"], ["r"])
        reference = leaky.attribute.add()
        reference.name, reference.ref_attr_name, reference.type = "alpha", "slope", onnx.AttributeProto.FLOAT
        function.node.append(leaky)
        made = model([node("leaky", ["x"], ["a"], domain="local"), node("leaky", ["a"], ["y"], domain="local", slope=0.1)],
                     X, Y, functions=[function], domains=["local"], ir=9)
        self.check(made, DATA)


class Shapes(Case):
    def test_arithmetic_on_shapes(self):
        nodes = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n", "axes"], ["n1"]),
                 node("Mul", ["n1", "two"], ["n2"]), node("Concat", ["n2", "minus"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"])]
        weights = {"zero": np.array(0), "axes": ints(0), "two": ints(2), "minus": ints(-1)}
        self.check(model(nodes, X, Y, weights), DATA, {"x": random(5, 4)})

    def test_shape_of_a_sequence_is_not_rounded(self):
        # ceil(n / 2) as exporters write it: through floats.
        nodes = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "zero", "one"], ["n"]), node("Cast", ["n"], ["f"], to=F),
                 node("Cast", ["two"], ["g"], to=F), node("Div", ["f", "g"], ["q"]), node("Ceil", ["q"], ["c"]),
                 node("Mul", ["c", "g"], ["m"]), node("Mul", ["q", "g"], ["k"]), node("Cast", ["m"], ["y"], to=I64),
                 node("Cast", ["k"], ["z"], to=I64)]
        weights = {"zero": ints(0), "one": ints(1), "two": ints(2)}
        made = model(nodes, [value("x", F, [5, 4])], [value("y", I64), value("z", I64)], weights)
        self.check(made, {"x": random(5, 4)})

    def test_dynamic_slices_ranges_and_expand(self):
        nodes = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Range", ["zero", "n", "one"], ["r"]),
                 node("Cast", ["r"], ["f"], to=F), node("Unsqueeze", ["f", "axes"], ["u"]), node("Expand", ["u", "s"], ["e"]),
                 node("Add", ["x", "e"], ["y"])]
        weights = {"zero": np.array(0), "one": np.array(1), "axes": ints(1)}
        self.check(model(nodes, X, Y, weights), DATA, {"x": random(1, 4)})

    def test_data_dependent_shapes(self):
        nodes = [node("Greater", ["x", "limit"], ["c"]), node("NonZero", ["c"], ["nz"]), node("Transpose", ["nz"], ["t"], perm=[1, 0]),
                 node("GatherND", ["x", "t"], ["y"]), node("Shape", ["t"], ["z"])]
        made = model(nodes, X, [value("y"), value("z", I64)], {"limit": np.float32(0)})
        self.check(made, DATA, {"x": random(7, 4)}, {"x": -np.abs(random(2, 4))})

    def test_reshape_by_an_input(self):
        made = model([node("Reshape", ["x", "s"], ["y"])], X + [value("s", I64, [2])], Y)
        self.check(made, {**DATA, "s": ints(2, 6)}, {**DATA, "s": ints(-1, 1)})

    def test_shape_override(self):
        made = model([node("Neg", ["x"], ["y"])], [value("x", F, ["n", "c"])], Y)
        self.check(made, DATA, options=["--shape", "x=3,4"])
        self.refused(made, "E402", "[3,4]", arrays=DATA, options=["--shape", "x=2,4"])
        self.refused(made, "E109", "nearest is 'x'", options=["--shape", "xx=2,4"])
        fixed = model([node("Neg", ["x"], ["y"])], [value("x", F, [2, "c"])], Y)
        self.refused(fixed, "E109", "[3,4]", "[2,?]", options=["--shape", "x=3,4"])
        self.refused(fixed, "E109", options=["--shape", "x=2,4,1"])


class Control(Case):
    def branches(self, **more):
        then = helper.make_graph([node("Mul", ["x", "w"], ["t"])], "then", [], [value("t")], [weight("w", random(4))])
        other = helper.make_graph([node("Neg", ["a"], ["e"])], "else", [], [value("e")])
        return node("If", ["c"], ["y"], then_branch=then, else_branch=other, **more)

    def test_if_at_run_time(self):
        nodes = [node("Abs", ["x"], ["a"]), node("ReduceSum", ["x"], ["s"], keepdims=0), node("Greater", ["s", "zero"], ["c"]), self.branches()]
        self.check(model(nodes, X, Y, {"zero": np.float32(0)}), {"x": np.ones((2, 4), np.float32)}, {"x": -np.ones((2, 4), np.float32)})

    def test_if_constant(self):
        for condition in True, False:
            nodes = [node("Abs", ["x"], ["a"]), self.branches()]
            self.check(model(nodes, X, Y, {"c": np.array(condition)}), DATA)

    def test_if_on_an_input_with_other_ranks(self):
        then = helper.make_graph([node("Identity", ["x"], ["t"])], "then", [], [value("t")])
        other = helper.make_graph([node("ReduceMean", ["x"], ["e"], axes=[1], keepdims=0)], "else", [], [value("e")])
        made = model([node("If", ["c"], ["i"], then_branch=then, else_branch=other), node("Relu", ["i"], ["y"])],
                     X + [value("c", BOOL, [1])], Y, opset=16)
        self.check(made, {**DATA, "c": np.array([True])}, {**DATA, "c": np.array([False])})

    def test_if_with_a_branch_that_does_not_fit(self):
        then = helper.make_graph([node("Squeeze", ["x", "zero"], ["t"])], "then", [], [value("t")])
        other = helper.make_graph([node("Identity", ["x"], ["e"])], "else", [], [value("e")])
        nodes = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Equal", ["n", "one"], ["c"]),
                 node("If", ["c"], ["y"], then_branch=then, else_branch=other)]
        weights = {"zero": ints(0), "one": ints(1)}
        self.check(model(nodes, X, Y, weights), DATA, {"x": random(1, 4)})
        self.check(model(nodes, [value("x", F, [3, 4])], Y, weights), DATA, expected={"y": DATA["x"]})  # ONNX Runtime refuses it

    def test_nested_if_and_constants_from_outside(self):
        inner_then = helper.make_graph([node("Add", ["x", "k"], ["p"])], "it", [], [value("p")])
        inner_else = helper.make_graph([node("Sub", ["x", "outer"], ["q"])], "ie", [], [value("q")])
        then = helper.make_graph([node("If", ["d"], ["t"], then_branch=inner_then, else_branch=inner_else)], "then", [], [value("t")])
        other = helper.make_graph([node("Identity", ["outer"], ["e"])], "else", [], [value("e")])
        nodes = [node("Exp", ["x"], ["outer"]), node("If", ["c"], ["y"], then_branch=then, else_branch=other)]
        made = model(nodes, X + [value("c", BOOL, []), value("d", BOOL, [])], Y, {"k": random(4)})
        flags = [np.array(v) for v in (True, False)]
        self.check(made, *({**DATA, "c": c, "d": d} for c in flags for d in flags))

    def loop(self, body_nodes, body_outputs, loop_inputs, loop_outputs, carried, more=(), weights=()):
        body = helper.make_graph(body_nodes, "body", [value("i", I64, []), value("go", BOOL, [])] + carried, body_outputs, list(weights))
        return node("Loop", loop_inputs, loop_outputs, body=body)

    def test_loop_with_state_and_collected_values(self):
        nodes = [self.loop([node("Add", ["h", "x"], ["h1"]), node("Mul", ["h1", "k"], ["c1"]), node("Identity", ["go"], ["go1"])],
                           [value("go1", BOOL, []), value("h1"), value("c1")], ["times", "", "h0"], ["y", "all"], [value("h", F, None)])]
        made = model(nodes, X + [value("times", I64, [])], [value("y"), value("all")], {"h0": np.zeros((1, 4), np.float32), "k": np.float32(2)})
        self.check(made, {"x": random(1, 4), "times": np.array(3)})
        status, errors, got = self.run_model(made, {"x": random(1, 4), "times": np.array(0)})
        self.assertEqual(status, 0, errors)
        self.assertEqual(got["all"].shape[0], 0)

    def test_loop_that_stops_itself(self):
        nodes = [self.loop([node("Add", ["h", "x"], ["h1"]), node("ReduceMax", ["h1"], ["m"], keepdims=0), node("Less", ["m", "limit"], ["go1"])],
                           [value("go1", BOOL, []), value("h1")], ["", "yes", "x"], ["y"], [value("h", F, ["n", 4])])]
        made = model(nodes, X, Y, {"yes": np.array(True), "limit": np.float32(9)})
        self.check(made, {"x": np.abs(random(2, 4)) + 0.1})

    def test_loop_that_grows(self):
        nodes = [self.loop([node("Concat", ["h", "x"], ["h1"], axis=0), node("Identity", ["go"], ["go1"])],
                           [value("go1", BOOL, []), value("h1", F, ["m", 4])], ["times", "", "x"], ["y"], [value("h", F, ["m", 4])])]
        self.check(model(nodes, X, Y, {"times": np.array(3)}), DATA)

    def test_scan(self):
        body = helper.make_graph([node("Add", ["h", "e"], ["h1"]), node("Mul", ["h1", "k"], ["o"])], "body",
                                 [value("h", F, [4]), value("e", F, [4])], [value("h1", F, [4]), value("o", F, [4])])
        forms = {}, {"scan_input_directions": [1]}, {"scan_input_axes": [1]}, {"scan_output_axes": [1]}, {"scan_output_directions": [1]}
        for more in forms:
            made = model([node("Scan", ["h0", "x"], ["y", "all"], body=body, num_scan_inputs=1, **more)], [value("x", F, [4, 4])],
                         [value("y"), value("all")], {"h0": np.zeros(4, np.float32), "k": np.float32(0.5)})
            if more.keys() & {"scan_output_axes", "scan_output_directions"}:
                self.refused(made, "E105", "scan")
            else:
                self.check(made, {"x": random(4, 4)})

    def test_recurrent_layers(self):
        x = {"x": random(5, 3, 4)}
        for op, gates, states in ("LSTM", 4, 2), ("GRU", 3, 1), ("RNN", 1, 1):
            for direction, count in ("forward", 1), ("reverse", 1), ("bidirectional", 2):
                weights = {"w": random(count, gates * 6, 4, seed=1) / 2, "r": random(count, gates * 6, 6, seed=2) / 2,
                           "b": random(count, gates * 12, seed=4) / 2, "h": random(count, 3, 6, seed=5), "c": random(count, 3, 6, seed=6),
                           "p": random(count, 18, seed=8) / 2, "lengths": np.array([5, 2, 3], np.int32)}
                forms = [(["x", "w", "r"], {}), (["x", "w", "r", "b", "", "h"] + ["c"] * (states - 1), {}),
                         (["x", "w", "r", "b", "lengths"], {})]
                if op == "GRU":
                    forms.append((["x", "w", "r", "b"], {"linear_before_reset": 1}))
                if op == "LSTM":
                    forms.append((["x", "w", "r", "b", "", "h", "c", "p"], {}))
                outputs = ["y", "last", "cell"][: 1 + states]
                for inputs, more in forms:
                    made = model([node(op, inputs, outputs, hidden_size=6, direction=direction, **more)],
                                 [value("x", F, ["t", 3, 4])], [value(o) for o in outputs], {k: v for k, v in weights.items() if k in inputs})
                    self.check(made, x)


class Refused(Case):
    def test_unknown_operators_all_at_once(self):
        nodes = [node("Foo", ["x"], ["a"], name="first"), node("Relu", ["a"], ["b"]), node("Bar", ["b"], ["y"], domain="custom", name="second")]
        self.refused(model(nodes, X, Y, domains=["custom"]), "E105", "first", "Foo", "second", "Bar", "custom", "17", "2 nodes")

    def test_unsupported_forms_are_named_with_the_rest(self):
        nodes = [node("Dropout", ["x", "", "t"], ["a"], name="trains"), node("StringNormalizer", ["a"], ["y"], name="strings")]
        self.refused(model(nodes, X, Y, {"t": np.array(True)}), "E105", "trains", "strings")

    def test_files_that_are_no_models(self):
        whole = model([node("MatMul", ["x", "w"], ["y"])], X, Y, {"w": random(4, 500)}).SerializeToString()
        for name, content, code in (("empty", b"", "E102"), ("garbage", b"\x89PNG" + bytes(range(256)) * 9, "E102"),
                                    ("truncated", whole[: len(whole) // 2], "E103"), ("short", whole[:5], "E103"), ("text", b"hello " * 99, "E102")):
            with open(self.path(name), "wb") as file:
                file.write(content)
            self.refused(self.path(name), code, name)
        self.refused(self.path("missing.onnx"), "E101", "missing.onnx")
        self.refused(self.folder.name, "E101")

    def test_every_truncation_is_refused(self):
        whole = model([node("MatMul", ["x", "w"], ["y"])], X, Y, {"w": random(4, 5)}).SerializeToString()
        for length in range(1, len(whole), 7):
            with open(self.path("cut.onnx"), "wb") as file:
                file.write(whole[:length])
            status, errors, _ = self.run_model(self.path("cut.onnx"), DATA)
            self.assertEqual(status, 3, f"{length} of {len(whole)} bytes: {errors}")

    def test_flipped_bytes_never_crash(self):
        then = helper.make_graph([node("Mul", ["x", "w"], ["t"])], "then", [], [value("t")], [weight("w", random(4))])
        other = helper.make_graph([node("Slice", ["x", "s", "e", "a"], ["q"]), node("Pad", ["q", "p"], ["z"])], "else", [], [value("z")])
        nodes = [node("Shape", ["x"], ["n"]), node("Reshape", ["x", "n"], ["r"]), node("Conv", ["r3", "k"], ["v"], pads=[1, 1]),
                 node("Unsqueeze", ["r", "axes"], ["r3"]), node("If", ["c"], ["y"], then_branch=then, else_branch=other)]
        weights = {"s": ints(0), "e": ints(2), "a": ints(1), "p": ints(0, 0, 0, 2), "axes": ints(1), "k": random(2, 1, 3)}
        whole = model(nodes, X + [value("c", BOOL, [])], Y + [value("v")], weights).SerializeToString()
        generator = np.random.default_rng(5)
        for round_ in range(200):
            damaged = bytearray(whole)
            for place in generator.integers(0, len(whole), 1 + round_ % 3):
                damaged[place] = generator.integers(0, 256)
            with open(self.path("flipped.onnx"), "wb") as file:
                file.write(damaged)
            status, errors, _ = self.run_model(self.path("flipped.onnx"), {**DATA, "c": np.array(round_ % 2 == 0)})
            self.assertIn(status, (0, 3), f"round {round_}: {errors}")

    def test_forms_of_opset_6(self):
        made = model([node("Add", ["x", "x"], ["y"])], X, Y, opset=6)
        self.check(made, DATA, expected={"y": 2 * DATA["x"]})
        w = random(3)
        for op, expected in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
            made = model([node(op, ["x", "w"], ["y"], broadcast=1, axis=0)], [value("x", F, [3, 4])], Y, {"w": w}, opset=6)
            self.check(made, DATA, expected={"y": expected(DATA["x"], w[:, None])})
        made = model([node("Add", ["x", "w"], ["y"], broadcast=1, axis=2)], [value("x", F, [3, 4])], Y, {"w": w}, opset=6)
        self.refused(made, "E106", "axis 2")
        stats = {n: np.abs(random(4, seed=i)) + 0.5 for i, n in enumerate("sbmv")}
        norm = [node("BatchNormalization", ["x", *"sbmv"], ["y"], epsilon=0.0, is_test=1)]
        scaled = (DATA["x"] - stats["m"]) / np.sqrt(stats["v"]) * stats["s"] + stats["b"]
        self.check(model(norm, X, Y, stats, opset=6), DATA, expected={"y": scaled})
        self.refused(model([node("BatchNormalization", ["x", *"sbmv"], ["y"])], X, Y, stats, opset=6), "E105", "training")
        made = model([node("PRelu", ["x", "w"], ["y"])], [value("x", F, [1, 3, 4])], Y, {"w": w}, opset=6)
        x = DATA["x"][None]
        self.check(made, {"x": x}, expected={"y": np.where(x < 0, x * w[:, None], x)})

    def test_operator_sets(self):
        self.check(model([node("Relu", ["x"], ["y"])], X, Y, opset=6), DATA, expected={"y": np.maximum(DATA["x"], 0)})
        self.refused(model([node("Clip", ["x"], ["y"], name="cut")], X, Y, opset=5), "E105", "cut", "opset 5", "before opset 7")
        self.refused(model([node("Relu", ["x"], ["y"])], X, Y, opset=99), "E104", "99")
        self.refused(model([node("Relu", ["x"], ["y"])], X, Y, ir=2), "E104", "2")

    def test_broken_graphs(self):
        self.refused(model([node("Add", ["x", "nowhere"], ["y"], name="sum")], X, Y), "E201", "nowhere", "sum")
        self.refused(model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], X, [value("b")]), "E201", "cycle")
        self.refused(model([node("Relu", ["x"], ["y"])], X, [value("z")]), "E201", "z")
        self.refused(model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])], X, Y), "E201", "y", "twice")
        self.refused(model([node("MatMul", ["x", "w"], ["y"], name="mm")], X, Y, {"w": random(5, 2)}), "E203", "mm")
        self.refused(model([node("Add", ["x", "w"], ["y"], name="sum")], X, Y, {"w": ints(1, 2, 3, 4)}), "E202", "sum")

    def test_functions_that_call_themselves(self):
        function = helper.make_function("local", "f", ["p"], ["r"], [node("f", ["p"], ["r"], domain="local")], [helper.make_opsetid("local", 1)])
        self.refused(model([node("f", ["x"], ["y"], domain="local")], X, Y, functions=[function], domains=["local"]), "E201", "functions")

    def test_weights_that_are_not_finite(self):
        for bad in np.nan, np.inf:
            w = random(4, 5)
            w[2, 3] = bad
            self.refused(model([node("MatMul", ["x", "w"], ["y"], name="mm")], X, Y, {"w": w}), "E110", "w")
        branch = helper.make_graph([node("MatMul", ["x", "w"], ["b"], name="mm")], "branch", [], [value("b")], [weight("w", w)])
        self.refused(model([node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], X + [value("c", BOOL, [])], Y), "E110", "w")
        mask = np.array([0, -np.inf, 0, 0], np.float32)  # what attention masks hold is no weight
        self.check(model([node("Add", ["x", "w"], ["m"]), node("Softmax", ["m"], ["y"])], X, Y, {"w": mask}), DATA)

    def test_damaged_weights(self):
        tensor = weight("w", random(4, 5))
        tensor.dims[0] = 6
        self.refused(model([node("MatMul", ["x", "w"], ["y"])], X, Y, [tensor]), "E107", "w")
        tensor.dims[0] = -4
        self.refused(model([node("MatMul", ["x", "w"], ["y"])], X, Y, [tensor]), "E107", "w")
        tensor.dims[0] = 2**40
        self.refused(model([node("MatMul", ["x", "w"], ["y"])], X, Y, [tensor]), "E107", "w")


class ExternalData(Case):
    def write(self, location="weights.bin", offset=64, length=None, data=None):
        w = random(4, 5)
        tensor = weight("w", w)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, text in ("location", location), ("offset", str(offset)), ("length", str(length if length is not None else w.nbytes)):
            tensor.external_data.add(key=key, value=text)
        made = model([node("MatMul", ["x", "w"], ["y"])], X, Y, [tensor])
        with open(self.path("model.onnx"), "wb") as file:
            file.write(made.SerializeToString())
        if data is None:
            with open(self.path("weights.bin"), "wb") as file:
                file.seek(offset)
                file.write(w.tobytes())
        return self.path("model.onnx"), {"y": DATA["x"] @ w}

    def test_beside_the_model(self):
        path, expected = self.write()
        self.check(path, DATA, expected=expected)
        path, expected = self.write(offset=6)  # not aligned
        self.check(path, DATA, expected=expected)

    def test_beyond_two_gigabytes(self):
        path, expected = self.write(offset=5 << 30)  # a sparse file: mapped, not read
        self.assertGreater(os.path.getsize(self.path("weights.bin")), 5 << 30)
        self.check(path, DATA, expected=expected)

    def test_refused(self):
        with open(os.path.join(self.folder.name, "..", "outside.bin"), "wb") as file:
            file.write(bytes(200))
        self.addCleanup(os.remove, os.path.join(self.folder.name, "..", "outside.bin"))
        for location in "../outside.bin", "sub/../../outside.bin", "/etc/passwd", "", "missing.bin", ".":
            path, _ = self.write(location=location)
            self.refused(path, "E108", arrays=DATA)
        os.symlink("../outside.bin", self.path("link.bin"))
        path, _ = self.write(location="link.bin", offset=0)
        self.refused(path, "E108", "link.bin", arrays=DATA)
        path, _ = self.write(offset=100, data=b"")
        self.refused(path, "E108", "weights.bin", arrays=DATA)
        for offset, length in (0, 79), (-4, 80), ("x", 80), (2**63, 80):
            path, _ = self.write(offset=offset, length=length, data=b"")
            self.refused(path, "E108", arrays=DATA)


if __name__ == "__main__":
    main()
