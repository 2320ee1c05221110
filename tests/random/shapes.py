"""Parts without weights: functions, reductions, pools, and everything that moves values."""
import numpy as np

from builder import Unfit
from layers import part, small


def axes_in(n, op_since, axes):
    """(more inputs, more attributes): where this operator set has its axes."""
    return ([n.ints(*axes)], {}) if n.opset >= op_since else ([], {"axes": list(axes)})


@part
def function(n):
    x = n.any()
    op, attributes = n.choice([("Relu", {}), ("Relu", {}), ("Sigmoid", {}), ("Tanh", {}), ("Neg", {}), ("Abs", {}), ("Identity", {}), ("Erf", {}), ("Softplus", {}), ("Softsign", {}),
                               ("LeakyRelu", {"alpha": n.choice([0.1, -0.5, 1.5, 0.0])}), ("Elu", {"alpha": n.choice([1.0, 0.3])}), ("Selu", {}), ("HardSigmoid", {"alpha": 0.3}),
                               ("HardSwish", {}), ("Gelu", {}), ("Mish", {}), ("Celu", {}), ("ThresholdedRelu", {"alpha": 0.3}), ("Swish", {}), ("Sin", {}), ("Shrink", {"lambd": 0.3}), ("Exp", {})])
    if op == "ThresholdedRelu" and n.opset < 10:
        raise Unfit  # ONNX Runtime takes it all the same
    n.coarse |= op in ("ThresholdedRelu", "Shrink")
    y = n.emit(op, [x], **attributes)
    if n.chance(0.2):
        n.emit("Mul", [x, y])


@part
def clip(n):
    x = n.any()
    low, high = n.choice([(0.0, 6.0), (-0.5, 0.5), (None, 1.0), (0.0, None), (None, None), (0.3, 0.3), (-np.inf, 1.0)])
    if n.opset < 11:
        n.emit("Clip", [x], **{k: v for k, v in (("min", low), ("max", high)) if v is not None})
    else:
        n.emit("Clip", [x] + ["" if v is None else n.stored(np.float32(v)) for v in (low, high)])


@part
def with_constant(n):
    x = n.any()
    shape = n.choice([(), (1,), (n.shape(x)[-1],), (1,) * n.rank(x), (1, n.shape(x)[1]) + (1,) * (n.rank(x) - 2) if n.rank(x) > 1 else (1,), n.shape(x)[1:], (2, 1) + n.shape(x)[1:] if not n.open else ()])
    c = n.stored(np.float32(0.5) + np.abs(n.normal(*shape)))
    if n.chance(0.15):
        n.data[c][...] = n.choice([0, 1])
        c = n.stored(n.data[c] + np.float32(0))
    op = n.choice(["Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu", "Pow"])
    if op == "Pow":
        n.emit("Pow", [x, n.stored(np.float32(n.choice([1, 2, 3])))])
    elif op == "PRelu" or (op == "Div" and n.data[c].min() == 0):
        n.emit("PRelu", [x, c])
    else:
        n.emit(op, [c, x] if n.chance(0.3) and op != "Div" else [x, c])


@part
def with_other(n):
    x = n.any()
    fitting = [f for f in n.floats if n.shape(f) == n.shape(x)] if n.chance(0.7) else n.floats
    other = n.choice(fitting)
    op = n.choice(["Add", "Add", "Sub", "Mul", "Max", "Concat", "Sum", "Mean", "Where"])
    if op == "Concat":
        n.emit("Concat", [x, other] + [x] * n.whole(0, 1), axis=n.choice([1, n.rank(x) - 1] if n.rank(x) > 1 else [0]))
    elif op in ("Sum", "Mean"):
        n.emit(op, [x, other, x][:n.whole(1, 3)])
    elif op == "Where":
        n.coarse = True
        n.emit("Where", [n.emit("Greater", [x, other], keep=False), x, other])
    else:
        n.emit(op, [x, other])


@part
def pool(n):
    x = n.any(3, 4, 5)
    space = n.shape(x)[2:]
    op = n.choice(["MaxPool", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
    if op.startswith("Global"):
        n.emit(op, [x])
        return
    attributes = {"kernel_shape": [n.whole(1, min(3, s)) for s in space]}
    if n.chance(0.6):
        attributes["strides"] = [n.whole(1, 3) for _ in space]
    if n.chance(0.4):
        attributes["pads"] = [n.whole(0, k - 1) for k in attributes["kernel_shape"]] * 2
    elif n.chance(0.3):
        attributes["auto_pad"] = n.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
        if attributes["auto_pad"] != "VALID" and any(k < s for k, s in zip(attributes["kernel_shape"], attributes.get("strides", []))):
            raise Unfit  # ONNX Runtime would pad by less than nothing
    if n.opset >= (18 if op == "LpPool" else 10) and n.chance(0.4):
        attributes["ceil_mode"] = 1
    if op == "AveragePool" and n.chance(0.4):
        attributes["count_include_pad"] = 1
    if op == "MaxPool" and n.opset >= 10 and n.chance(0.3) and "auto_pad" not in attributes:
        attributes["dilations"] = [n.whole(1, 2) for _ in space]
        sides = attributes.get("pads", [0] * 2 * len(space))
        extents = [(k - 1) * d + 1 for k, d in zip(attributes["kernel_shape"], attributes["dilations"])]
        if any(e > s + p + q for e, s, p, q in zip(extents, space, sides, sides[len(space):])):
            raise Unfit  # ONNX Runtime has a result even where no window fits
    y = n.emit(op, [x], n.choice([1, 1, 2]) if op == "MaxPool" and n.opset >= 8 else 1, **attributes)
    if isinstance(y, list) and n.chance(0.3):
        n.extra_outputs.append(y[1])


@part
def pool_over_channels(n):
    """Pools over what a layer has scales for: channels moved into space and back."""
    x = n.any(4, least=2)
    t = n.emit("Transpose", [x], perm=[0, 2, 3, 1] if n.chance(0.5) else [0, 2, 1, 3])
    p = n.emit(n.choice(["MaxPool", "AveragePool"]), [t], kernel_shape=[1, 2])
    if n.chance(0.6):
        n.emit("Transpose", [p], perm=[0, 3, 1, 2])


@part
def reduction(n):
    x = n.any()
    op = n.choice(["ReduceMean", "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"])
    choices = [a for a in range(n.rank(x)) if a or not n.open]
    if not choices:
        raise Unfit
    axes = sorted({n.choice(choices) for _ in range(n.whole(1, 2))})
    if n.opset >= 11 and n.chance(0.5):
        axes = [a - n.rank(x) for a in axes]
    if not n.open and n.chance(0.15):
        more, attributes = [], {}
    else:
        more, attributes = axes_in(n, 13 if op == "ReduceSum" else 18, axes)
    n.emit(op, [x, *more], keepdims=n.whole(0, 1), **attributes)


@part
def transpose(n):
    x = n.any()
    rest = [int(a) for a in n.random.permutation(np.arange(1, n.rank(x)))]
    perm = [0, *rest]
    if not n.open and n.chance(0.3):
        perm = perm[::-1]
    y = n.emit("Transpose", [x], **({} if not n.open and n.chance(0.1) else {"perm": perm}))
    if n.chance(0.3):
        n.emit("Transpose", [n.emit("Relu", [y])], perm=[int(a) for a in np.argsort(perm)])


@part
def reshape(n):
    x = n.any()
    shape = n.shape(x)
    kind = n.whole(0, 5)
    if kind == 0:
        n.emit("Flatten", [x], axis=1)
    elif kind == 1:
        n.emit("Reshape", [x, n.ints(0, -1)])
    elif kind == 2 and shape[-1] % 2 == 0:
        n.emit("Reshape", [x, n.ints(*[0] * (n.rank(x) - 1), 2, shape[-1] // 2)])
    elif kind == 3:
        first = n.emit("Gather", [n.emit("Shape", [x], keep=False), n.ints(0)], axis=0, keep=False)
        n.emit("Reshape", [x, n.emit("Concat", [first, n.ints(-1)], axis=0, keep=False)])
    elif kind == 4 and not n.open:
        n.emit("Reshape", [x, n.ints(-1)])
    else:
        rest = int(np.prod(shape[1:]))
        factors = [f for f in (2, 3, 4) if rest % f == 0]
        if not factors:
            raise Unfit
        f = n.choice(factors)
        n.emit("Reshape", [x, n.ints(0, f, rest // f)] if n.chance(0.6) else [x, n.ints(0, f, rest // f, 1)])


@part
def unsqueeze(n):
    x = n.any()
    axis = n.whole(1, n.rank(x))
    more, attributes = axes_in(n, 13, [axis])
    y = n.emit("Unsqueeze", [x, *more], **attributes)
    if n.chance(0.5):
        more, attributes = axes_in(n, 13, [axis])
        n.emit("Squeeze", [n.emit("Sigmoid", [y]), *more], **attributes)


@part
def slices(n):
    x = n.any()
    axis = n.whole(0 if not n.open else min(1, n.rank(x) - 1), n.rank(x) - 1)
    if axis == 0 and n.open:
        raise Unfit
    start, end = n.choice([(0, 2**63 - 1), (1, 2**63 - 1), (0, -1), (-2, 9999), (0, 1), (1, 1)])
    if n.opset < 10:
        y = n.emit("Slice", [x], starts=[start], ends=[end], axes=[axis])
    else:
        steps = [n.ints(n.choice([1, 2]))] if n.chance(0.5) else []
        y = n.emit("Slice", [x, n.ints(start), n.ints(end), n.ints(n.choice([axis, axis - n.rank(x)])), *steps])
    if n.shape(y)[axis] == 0:
        n.emit("Concat", [y, x], axis=axis)


@part
def backwards(n):
    if n.opset < 10:
        raise Unfit
    x = n.any(2, 3, 4)
    n.emit("Slice", [x, n.ints(-1), n.ints(-2**63 + n.whole(0, 1)), n.ints(n.rank(x) - 1), n.ints(n.choice([-1, -2]))])


@part
def pad(n):
    x = n.any(2, 3, 4, least=3)
    r = n.rank(x)
    pads = [0] + [n.whole(-1, 2) for _ in range(r - 1)] + [0] + [n.whole(-1, 2) for _ in range(r - 1)]
    mode = n.choice(["constant", "constant", "reflect", "edge", "wrap"] if n.opset >= 19 else ["constant", "constant", "reflect", "edge"])
    if n.opset < 11:
        y = n.emit("Pad", [x], mode=mode, pads=pads, value=n.choice([0.0, 0.5]))
    else:
        y = n.emit("Pad", [x, n.ints(*pads), *([n.stored(np.float32(n.choice([0, -0.5])))] if n.chance(0.4) else [])], mode=mode)
    if r == 4 and n.chance(0.4):
        n.emit("Conv", [y, small(n, 2, n.shape(y)[1], 2, 2)])


@part
def split(n):
    x = n.any(2, 3, 4, least=2)
    axis = n.whole(1, n.rank(x) - 1)
    size = n.shape(x)[axis]
    cut = n.whole(1, size - 1)
    pieces = n.emit("Split", [x] if n.opset < 13 else [x, n.ints(cut, size - cut)], 2, axis=axis, **({"split": [cut, size - cut]} if n.opset < 13 else {}))
    if n.chance(0.5):
        n.emit("Concat", pieces[::-1], axis=axis)


@part
def moves(n):
    x = n.any(4)
    b, c, h, w = n.shape(x)
    kind = n.whole(0, 4)
    if kind == 0 and c % 4 == 0:
        n.emit("DepthToSpace", [x], blocksize=2, **({"mode": n.choice(["DCR", "CRD"])} if n.opset >= 11 else {}))
    elif kind == 1 and h % 2 == 0 and w % 2 == 0:
        n.emit("SpaceToDepth", [x], blocksize=2)
    elif kind == 2:
        mode = n.choice(["nearest", "linear"])
        scales = n.stored(np.array([1, 1, n.choice([1, 2]), 2], np.float32))
        if n.opset < 9:
            n.emit("Upsample", [x], mode=mode, scales=[1.0, 1.0, 2.0, 2.0])
        elif n.opset < 11:
            n.emit("Upsample" if n.opset < 10 else "Resize", [x, scales], mode=mode)
        else:
            n.emit("Resize", [x, "" if n.opset >= 13 else n.stored(np.zeros(0, np.float32)), scales], mode=n.choice(["nearest", "linear", "cubic"]),
                   coordinate_transformation_mode=n.choice(["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"]), nearest_mode="floor")
            n.coarse = True
    elif kind == 3:
        n.emit("Tile", [x, n.ints(1, n.whole(1, 2), 1, 2)])
    else:
        n.emit("Gather", [x, n.ints(*[n.whole(-c, c - 1) for _ in range(n.whole(1, 3))]) if n.chance(0.7) else n.stored(np.int64(n.whole(0, c - 1)))], axis=1)


@part
def expand(n):
    x = n.any()
    n.emit("Expand", [x, n.ints(*n.choice([(1,) * n.rank(x), (3,) + (1,) * n.rank(x) if not n.open else (1,)]))])


@part
def softmax(n):
    x = n.any()
    axis = n.whole(min(1, n.rank(x) - 1), n.rank(x) - 1) if n.open else n.whole(0, n.rank(x) - 1)
    n.emit(n.choice(["Softmax", "LogSoftmax"]), [x], axis=axis - n.choice([0, n.rank(x) if n.opset >= 11 else 0]))


@part
def dropout(n):
    x = n.any()
    outputs = n.choice([1, 2]) if n.opset >= 12 else 1  # ONNX Runtime leaves the mask of older ones at zeros
    y = n.emit("Dropout", [x], outputs, **({"ratio": 0.3} if n.opset < 12 else {}))
    if isinstance(y, str):
        n.emit("Relu", [y])


@part
def casts(n):
    x = n.any()
    to = n.choice([11, 1, 11, 6])
    n.coarse |= to == 6
    n.emit("Cast", [n.emit("Cast", [x], to=to, keep=False)], to=1)


@part
def rounding(n):
    n.coarse = True
    n.emit(n.choice(["Floor", "Ceil", "Round", "Sign"]), [n.any()])


@part
def top(n):
    if n.opset < 11:
        raise Unfit
    x = n.any(2, 3, least=2)
    values, _ = n.emit("TopK", [x, n.ints(n.whole(1, n.shape(x)[-1]))], 2, largest=n.whole(0, 1))
    n.coarse = True
    n.emit("Neg", [values])


@part
def dead_end(n):
    """Nodes that nobody reads."""
    n.emit("Exp", [n.emit("Tanh", [n.any()], keep=False)], keep=False)
