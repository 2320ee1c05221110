"""Operators whose form changed between operator sets: every form computes what ONNX Runtime computes."""
import numpy as np
import onnx

from harness import BOOL, Case, F, F16, F64, I32, I64, helper, main, model, random, value, weight

X = [value("x", F, ["n", 4, 6])]
Y = [value("y")]


def one(op, inputs=("x",), weights=(), opset=17, inputs_info=None, outputs=("y",), **attributes):
    node = helper.make_node(op, list(inputs), list(outputs), name="node", **attributes)
    infos = [onnx.ValueInfoProto(name=o) for o in outputs]
    return model([node], inputs_info or X, infos, dict(weights), opset=opset, ir=4 if opset < 13 else 8)


def ints(*values):
    return np.array(values, np.int64)


class OldAndNewForms(Case):
    x = {"x": random(2, 4, 6)}

    def test_clip(self):
        self.check(one("Clip", opset=7, min=-0.5, max=0.25), self.x)
        self.check(one("Clip", opset=10, max=0.25), self.x)
        bounds = {"lo": np.float32(-0.5), "hi": np.float32(0.25)}
        self.check(one("Clip", ("x", "lo", "hi"), bounds, opset=13), self.x)
        self.check(one("Clip", ("x", "", "hi"), {"hi": np.float32(0.25)}, opset=11), self.x)
        self.check(one("Clip", opset=13), self.x)

    def test_squeeze_and_unsqueeze(self):
        info = [value("x", F, ["n", 1, 6, 1])]
        x = {"x": random(2, 1, 6, 1)}
        self.check(one("Squeeze", opset=11, inputs_info=info, axes=[1, -1]), x)
        self.check(one("Squeeze", ("x", "a"), {"a": ints(1)}, inputs_info=info, opset=13), x)
        self.check(one("Squeeze", inputs_info=[value("x", F, [2, 1, 6, 1])], opset=13), x)
        self.check(one("Unsqueeze", opset=11, axes=[0, 3]), self.x)
        self.check(one("Unsqueeze", ("x", "a"), {"a": ints(-1, 1)}, opset=13), self.x)

    def test_pad(self):
        self.check(one("Pad", opset=7, pads=[0, 1, 2, 0, 0, 1], value=0.5), self.x)
        self.check(one("Pad", ("x", "p", "v"), {"p": ints(0, 1, 2, 0, 0, 1), "v": np.float32(2)}, opset=13), self.x)
        self.check(one("Pad", ("x", "p"), {"p": ints(0, 1, 2, 0, 0, 1)}, opset=13, mode="reflect"), self.x)
        self.check(one("Pad", ("x", "p"), {"p": ints(0, 1, 2, 0, 0, 1)}, opset=13, mode="edge"), self.x)
        self.check(one("Pad", ("x", "p"), {"p": ints(0, -1, -2, 0, 0, 1)}, opset=13), self.x)
        self.check(one("Pad", ("x", "p", "", "a"), {"p": ints(1, 2), "a": ints(-1)}, opset=18), self.x)
        self.check(one("Pad", ("x", "p"), {"p": ints(0, 1, 2, 0, 0, 1)}, opset=19, mode="wrap"), self.x)

    def test_slice(self):
        self.check(one("Slice", opset=7, starts=[1, -4], ends=[3, 2**31 - 1], axes=[1, 2]), self.x)
        self.check(one("Slice", opset=7, starts=[0, 1], ends=[1, -1]), self.x)
        weights = {"s": ints(-1, 0), "e": ints(-(2**63), 5), "a": ints(2, 1), "t": ints(-2, 2)}
        self.check(one("Slice", ("x", "s", "e", "a", "t"), weights, opset=13), self.x)
        self.check(one("Slice", ("x", "s", "e"), {"s": ints(0, 1), "e": ints(1, 9)}, opset=13), self.x)

    def test_resize_and_upsample(self):
        info = [value("x", F, ["n", 3, 4, 6])]
        x = {"x": random(2, 3, 4, 6)}
        scales = np.array([1, 1, 2, 1.5], np.float32)
        self.check(one("Upsample", opset=7, inputs_info=info, scales=[1.0, 1.0, 2.0, 2.0]), x)
        self.check(one("Upsample", ("x", "s"), {"s": np.array([1, 1, 2, 2], np.float32)}, 9, info, mode="linear"), x)
        self.check(one("Resize", ("x", "s"), {"s": np.array([1, 1, 2, 3], np.float32)}, 10, info), x)
        self.check(one("Resize", ("x", "s"), {"s": np.array([1, 1, 0.5, 0.7], np.float32)}, 10, info), x)
        self.check(one("Resize", ("x", "s"), {"s": scales}, 10, info, mode="linear"), x)
        empty = np.zeros(0, np.float32)
        sizes = {"r": empty, "s": empty, "z": ints(2, 3, 7, 9)}
        fixed = [value("x", F, [2, 3, 4, 6])]
        for mode in "nearest", "linear", "cubic":
            for coordinates in "half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel":
                kinds = dict(mode=mode, coordinate_transformation_mode=coordinates)
                self.check(one("Resize", ("x", "r", "s", "z"), sizes, 11, fixed, **kinds), x)
                self.check(one("Resize", ("x", "", "s"), {"s": scales}, 13, info, **kinds), x)
        awkward = [value("x", F, ["n", 1, 10, 9])]
        for scale in 0.7, 0.3, 4 / 3, 1.1, 2.9, 0.1:
            for nearest in "floor", "ceil", "round_prefer_floor":
                for coordinates in "half_pixel", "asymmetric":
                    s = {"s": np.array([1, 1, scale, scale], np.float32)}
                    kinds = dict(nearest_mode=nearest, coordinate_transformation_mode=coordinates)
                    self.check(one("Resize", ("x", "", "s"), s, 13, awkward, **kinds), {"x": random(1, 1, 10, 9)})
        for nearest in "floor", "ceil", "round_prefer_floor", "round_prefer_ceil":
            self.check(one("Resize", ("x", "", "s"), {"s": scales}, 13, info, nearest_mode=nearest), x)
        self.check(one("Resize", ("x", "", "s"), {"s": np.array([1.5, 2], np.float32)}, 18, info, axes=[2, 3], mode="linear"), x)

    def test_reductions(self):
        for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
                   "ReduceLogSumExp", "ReduceSumSquare"):
            self.check(one(op, opset=11, axes=[1, -1], keepdims=0), self.x)
            self.check(one(op, opset=11), self.x)
            self.check(one(op, ("x", "a"), {"a": ints(-2)}, opset=18), self.x)
        self.check(one("ReduceSum", ("x", "a"), {"a": ints(1)}, opset=13, keepdims=0), self.x)
        self.check(one("ReduceSum", opset=13, noop_with_empty_axes=1), self.x)
        self.check(one("ReduceLogSum", opset=11, axes=[1]), {"x": np.abs(random(2, 4, 6)) + 0.1})

    def test_dropout(self):
        self.check(one("Dropout", opset=7, ratio=0.3), self.x)
        self.check(one("Dropout", opset=10, outputs=("y", "mask")), self.x, expected={
            "y": self.x["x"], "mask": np.ones((2, 4, 6), bool)})
        self.check(one("Dropout", opset=9, outputs=("y", "mask")), self.x, expected={
            "y": self.x["x"], "mask": np.ones((2, 4, 6), np.float32)})
        self.check(one("Dropout", ("x", "r"), {"r": np.float32(0.5)}, opset=13), self.x)
        self.check(one("Dropout", ("x", "r", "t"), {"r": np.float32(0.5), "t": np.bool_(False)}, opset=13), self.x)
        self.refused(one("Dropout", ("x", "r", "t"), {"r": np.float32(0.5), "t": np.bool_(True)}, opset=13), "E105", "training")

    def test_softmax(self):
        for op in "Softmax", "LogSoftmax", "Hardmax":
            for opset in 7, 11, 13:
                for axis in ([0, 1, 2] if opset == 7 else [1, 2, -1, -2]):
                    self.check(one(op, opset=opset, axis=axis), self.x)
            self.check(one(op, opset=11), self.x)
            self.check(one(op, opset=13), self.x)

    def test_split(self):
        two = dict(outputs=("y", "z"))
        self.check(one("Split", opset=11, axis=1, split=[1, 3], **two), self.x)
        self.check(one("Split", opset=11, axis=-1, **two), self.x)
        self.check(one("Split", ("x", "s"), {"s": ints(1, 3)}, opset=13, axis=1, **two), self.x)
        self.check(one("Split", opset=18, axis=2, num_outputs=4, outputs=("a", "b", "c", "d")), self.x)

    def test_topk(self):
        two = dict(outputs=("y", "z"))
        self.check(one("TopK", opset=7, k=3, axis=1, **two), self.x)
        self.check(one("TopK", ("x", "k"), {"k": ints(2)}, opset=10, **two), self.x)
        self.check(one("TopK", ("x", "k"), {"k": ints(2)}, opset=11, largest=0, axis=-2, **two), self.x)

    def test_batch_normalization(self):
        stats = {n: np.abs(random(4, seed=i)) + 0.5 for i, n in enumerate("sbmv")}
        names = ("x", "s", "b", "m", "v")
        self.check(one("BatchNormalization", names, stats, opset=7, epsilon=1e-3), self.x)
        self.check(one("BatchNormalization", names, stats, opset=9, momentum=0.8), self.x)
        self.check(one("BatchNormalization", names, stats, opset=15), self.x)

    def test_gemm_without_bias_and_transposed(self):
        info = [value("x", F, ["n", 5])]
        x = {"x": random(3, 5)}
        self.check(one("Gemm", ("x", "w"), {"w": random(4, 5)}, 11, info, transB=1, alpha=0.5), x)
        self.check(one("Gemm", ("x", "w", "b"), {"w": random(5, 4), "b": random(4)}, 7, info, beta=2.0), x)
        self.check(one("Gemm", ("x", "w", "b"), {"w": random(5, 4), "b": np.float32(3)}, 13, info), x)
        self.check(one("Gemm", ("x", "w"), {"w": random(3, 4)}, 13, [value("x", F, [3, 5])], transA=1), x)

    def test_variadic(self):
        weights = {"a": random(4, 1), "b": random(1, 6, seed=5)}
        for op in "Sum", "Mean", "Max", "Min":
            self.check(one(op, ("x", "a", "b"), weights, opset=8), self.x)
            self.check(one(op, ("x",), opset=13), self.x)

    def test_cast(self):
        self.check(one("Cast", opset=9, to=I64), {"x": random(2, 4, 6) * 5})
        self.check(one("Cast", opset=13, to=BOOL), self.x)
        half = model([helper.make_node("Cast", ["x"], ["h"], to=F16), helper.make_node("Cast", ["h"], ["y"], to=F)], X, Y)
        status, errors, got = self.run_model(half, self.x)
        self.assertEqual(status, 0, errors)
        self.assertLess(np.abs(got["y"] - self.x["x"]).max(), 2e-3)

    def test_pools(self):
        info = [value("x", F, ["n", 3, 7, 9])]
        x = {"x": random(2, 3, 7, 9)}
        for op in "MaxPool", "AveragePool":
            for more in (dict(pads=[1, 0, 1, 1]), dict(ceil_mode=1), dict(auto_pad="SAME_UPPER"), dict(auto_pad="SAME_LOWER"),
                         dict(auto_pad="VALID"), dict(ceil_mode=1, pads=[1, 1, 1, 1])):
                self.check(one(op, (("x")), opset=11, inputs_info=info, kernel_shape=[3, 2], strides=[2, 2], **more), x)
        self.check(one("AveragePool", opset=19, inputs_info=info, kernel_shape=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1), x)
        self.check(one("MaxPool", opset=12, inputs_info=info, kernel_shape=[2, 2], dilations=[2, 3], outputs=("y", "i")), x)
        for op in "GlobalAveragePool", "GlobalMaxPool":
            self.check(one(op, opset=7, inputs_info=info), x)

    def test_convolutions(self):
        info = [value("x", F, ["n", 4, 7, "w"])]
        x, y = {"x": random(2, 4, 7, 9)}, {"x": random(1, 4, 7, 5)}
        w = {"w": random(6, 2, 3, 3), "b": random(6)}
        for more in (dict(pads=[1, 2, 0, 1], strides=[2, 1]), dict(auto_pad="SAME_UPPER", strides=[2, 2]),
                     dict(auto_pad="SAME_LOWER"), dict(auto_pad="VALID"), dict(dilations=[2, 2])):
            self.check(one("Conv", ("x", "w", "b"), w, 11, info, group=2, **more), x)
        self.check(one("Conv", ("x", "w"), {"w": random(4, 1, 3, 3)}, 7, info, group=4, kernel_shape=[3, 3]), x, y)
        t = {"w": random(4, 3, 3, 3), "b": random(6)}
        for more in (dict(strides=[2, 3]), dict(strides=[2, 2], output_padding=[1, 0], pads=[1, 0, 0, 1]),
                     dict(strides=[2, 2], auto_pad="SAME_UPPER"), dict(dilations=[2, 1])):
            self.check(one("ConvTranspose", ("x", "w", "b"), t, 11, info, group=2, **more), x)
        fixed = [value("x", F, [2, 4, 7, 9])]
        self.check(one("ConvTranspose", ("x", "w", "b"), t, 11, fixed, group=2, strides=[2, 2], output_shape=[16, 19]), x)
        line = [value("x", F, ["n", 4, "t"])]
        self.check(one("Conv", ("x", "w"), {"w": random(5, 4, 3)}, 11, line, pads=[2, 0]), {"x": random(2, 4, 11)})
        cube = [value("x", F, ["n", 2, 4, 4, 4])]
        self.check(one("Conv", ("x", "w"), {"w": random(3, 2, 2, 2, 2)}, 11, cube), {"x": random(2, 2, 4, 4, 4)})

    def test_normalizations(self):
        p = {"s": random(4), "b": random(4, seed=9)}
        self.check(one("InstanceNormalization", ("x", "s", "b"), p, 7), self.x)
        q = {"s": random(6), "b": random(6, seed=9)}
        self.check(one("LayerNormalization", ("x", "s", "b"), q, 17, epsilon=1e-3), self.x)
        self.check(one("LayerNormalization", ("x", "s"), {"s": random(4, 6)}, 17, axis=1), self.x)
        self.check(one("LpNormalization", opset=11, axis=1, p=1), self.x)
        self.check(one("LRN", opset=13, inputs_info=[value("x", F, ["n", 4, 6, 5])], size=3), {"x": random(2, 4, 6, 5)})
        r = {"s": random(2), "b": random(2, seed=9)}
        self.check(one("GroupNormalization", ("x", "s", "b"), p, 21, num_groups=2), self.x)
        status, errors, got = self.run_model(one("GroupNormalization", ("x", "s", "b"), r, 18, num_groups=2), self.x)
        self.assertEqual(status, 0, errors)  # before 21, scale and bias are given for each group
        y = self.x["x"].reshape(2, 2, 12)
        y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-5)
        y = y * r["s"][:, None] + r["b"][:, None]
        self.assertLess(np.abs(got["y"].reshape(2, 2, 12) - y).max(), 1e-5)

    def test_batch_norm_in_training_mode(self):
        q = {"s": random(4), "b": random(4, seed=9), "m": random(4, seed=10), "v": np.abs(random(4, seed=11)) + 0.5}
        inputs = ("x", "s", "b", "m", "v")
        x = self.x["x"]
        mean, var = x.mean((0, 2)), x.var((0, 2))
        y = (x - mean[:, None]) / np.sqrt(var + 1e-3)[:, None] * q["s"][:, None] + q["b"][:, None]
        training = dict(training_mode=1, epsilon=1e-3, momentum=0.75)
        expected = {"y": y, "m2": 0.75 * q["m"] + 0.25 * mean, "v2": 0.75 * q["v"] + 0.25 * var}
        self.check(one("BatchNormalization", inputs, q, 15, outputs=("y", "m2", "v2"), **training), self.x, expected=expected)
        self.check(one("BatchNormalization", inputs, q, 15, outputs=("y",), **training), self.x, expected={"y": y})

    def test_flatten_for_every_axis(self):
        for axis in -2, -1, 0, 1, 2, 3:
            self.check(one("Flatten", opset=11, axis=axis), self.x)

    def test_one_hot_eye_and_scatter(self):
        info = [value("x", I64, ["n"])]
        x = {"x": ints(1, 0, 3)}
        self.check(one("OneHot", ("x", "d", "v"), {"d": ints(4), "v": np.array([0, 2], np.float32)}, 11, info), x)
        w = {"i": ints(2, 0).reshape(1, 1, 2), "u": random(1, 1, 2)}
        self.check(one("Scatter", ("x", "i", "u"), w, 9, axis=2), self.x)
        self.check(one("ScatterElements", ("x", "i", "u"), w, 18, axis=2, reduction="add"), self.x)
        self.check(one("EyeLike", opset=9, inputs_info=[value("x", F, ["n", 5])], k=1, dtype=I64), {"x": random(3, 5)})

    def test_roi_align(self):
        info = [value("x", F, ["n", 3, 9, 7]), value("r", F, ["k", 4]), value("i", I64, ["k"])]
        corners = [[0, 0, 6, 8], [-3, 2, 4.5, 20], [5, 5, 5, 5], [4, 6, 1, 2], [30, 30, 40, 40], [-900, -900, 900, 900], [1.25, 0.5, 3, 3.75]]
        x = {"x": random(2, 3, 9, 7), "r": np.array(corners, np.float32), "i": np.arange(len(corners)) % 2}
        sizes = dict(output_height=3, output_width=4)
        for opset, kinds in (10, {}), (16, {}), (16, dict(coordinate_transformation_mode="output_half_pixel")):
            for more in {}, dict(sampling_ratio=3), dict(spatial_scale=0.5, sampling_ratio=2):
                self.check(one("RoiAlign", ("x", "r", "i"), (), opset, info, **sizes, **more, **kinds), x)
        self.check(one("RoiAlign", ("x", "r", "i"), (), 16, info), x)

    def test_double_and_integer_arithmetic(self):
        info = [value("x", I64, ["n", 3])]
        x = {"x": ints(-7, 8, 9, 10, -3, 5).reshape(2, 3)}
        for op in "Add", "Sub", "Mul", "Div", "Mod":
            made = model([helper.make_node(op, ["x", "w"], ["y"])], info, [value("y", I64)], {"w": ints(2, -3, 4)})
            self.check(made, x)
        made = model([helper.make_node("Mul", ["x", "w"], ["y"])], [value("x", F64, ["n", 2])], [value("y", F64)],
                     [weight("w", np.array([0.1, 0.2]))])
        self.check(made, {"x": random(3, 2, dtype=np.float64)})

    def test_layer_norm_of_onnxruntime_in_any_opset(self):
        held = {"s": random(6), "b": random(6)}
        self.check(one("LayerNormalization", ("x", "s", "b"), held, opset=13), self.x)
        self.refused(one("Gelu", opset=19), "E105", "opset 19 has no such operator")

    def test_signed_shifts(self):
        info = [value("x", I32, [2, 3])]
        x = {"x": np.array([[-7, 8, 9], [-10, 3, 2**31 - 1]], np.int32)}
        for direction in "LEFT", "RIGHT":
            for by in (1, 2, 31), (32, -1, 40):
                self.check(one("BitShift", ("x", "w"), {"w": np.array(by, np.int32)}, 28, info, direction=direction), x)

    def test_modulo_of_floats(self):
        info = [value("x", F, ["n", 4])]
        x = {"x": np.array([[-8.5, 7, 9, -100], [8.5, -7, 0, 1]], np.float32)}
        for fmod in 0, 1:
            self.check(one("Mod", ("x", "w"), {"w": np.array([3, -4, 2.5, 7], np.float32)}, 28, info, fmod=fmod), x)

    def test_blocks_in_both_orders(self):
        info = [value("x", F, ["n", 4, 4, 6])]
        x = {"x": random(2, 4, 4, 6)}
        for op in "DepthToSpace", "SpaceToDepth":
            for mode in "DCR", "CRD":
                self.check(one(op, opset=28, inputs_info=info, blocksize=2, mode=mode), x)

    def test_windows_of_attention_are_refused(self):
        info = [value(name, F, [1, 2, 4, 8]) for name in "qkv"]
        self.check(one("Attention", "qkv", (), 25, info, left_window_size=-1), {name: random(1, 2, 4, 8) for name in "qkv"})
        self.refused(one("Attention", "qkv", (), 25, info, left_window_size=1), "E105", "this form of attention")


if __name__ == "__main__":
    main()
