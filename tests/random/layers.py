"""Parts with weights: convolutions, products, norms, recurrent layers, and weights that several of them share."""
import numpy as np

from builder import Unfit

PARTS = []


def part(function):
    PARTS.append(function)
    return function


def flavoured(n, w):
    """Weights as training does not leave them, but files have them."""
    kind = n.whole(0, 11)
    if kind == 0:
        w[n.whole(0, len(w) - 1)] = 0
    elif kind == 1:
        w *= np.float32(1e-30)
    elif kind == 2:
        w *= np.float32(10) ** n.random.uniform(-4, 1, (len(w),) + (1,) * (w.ndim - 1)).astype(np.float32)
    elif kind == 3:
        w[:] = 0
    elif kind == 4:
        w.flat[n.whole(0, w.size - 1)] = 40
    elif kind == 5:
        w[:] = w.flat[0]
    elif kind == 6:
        w[:] = np.sign(w)
    return w


def weight(n, *shape, scale=None):
    """A stored tensor, new or one that another layer has already."""
    held = [w for w in n.weights if n.shape(w) == shape]
    if held and n.chance(0.5):
        return n.choice(held)
    fan = np.prod(shape[1:]) if len(shape) > 2 else shape[0]
    w = flavoured(n, n.normal(*shape) * np.float32(scale or 1 / np.sqrt(max(fan, 1))))
    name = n.stored(w)
    n.weights.append(name)
    return name


def small(n, *shape):
    name = n.stored(n.normal(*shape) * np.float32(0.3))
    n.biases.append(name)
    return name


def window(n, space, transposed=False):
    """kernel_shape, strides, pads, dilations, auto_pad as attributes that fit"""
    d = len(space)
    attributes = {}
    dilations = [n.choice([1, 1, 1, 2, 3]) for _ in space]
    kernel = [n.whole(1, 4) for _ in space]
    if n.chance(0.5):
        attributes["strides"] = [n.choice([1, 1, 2, 3]) for _ in space]
    mode = n.choice(["NOTSET", "pads", "pads", "none", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if mode in ("NOTSET", "pads"):
        attributes["pads"] = [n.whole(0, 2) for _ in range(2 * d)]
    if mode not in ("pads", "none"):
        attributes["auto_pad"] = mode
    if max(dilations) > 1 and not mode.startswith("SAME") and n.chance(0.4):
        attributes["dilations"] = dilations
    if n.chance(0.7):
        attributes["kernel_shape"] = kernel
    return kernel, attributes


@part
def conv(n):
    x = n.any(3, 4, 5)
    channels = n.shape(x)[1]
    group = n.choice([g for g in (1, 1, 2, 3, 4, channels) if channels % g == 0])
    kernel, attributes = window(n, n.shape(x)[2:])
    w = weight(n, group * n.whole(1, 4), channels // group, *kernel)
    bias = [[], [small(n, n.shape(w)[0])], [""]][n.whole(0, 2)]
    n.emit("Conv", [x, w, *bias], group=group, **attributes)


@part
def conv_transposed(n):
    x = n.any(3, 4, 5)
    channels = n.shape(x)[1]
    group = n.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
    kernel, attributes = window(n, n.shape(x)[2:], True)
    strides = attributes.get("strides")
    if strides and n.chance(0.4):
        attributes["output_padding"] = [n.whole(0, s - 1) for s in strides]
    w = weight(n, channels, n.whole(1, 3), *kernel)
    bias = [small(n, n.shape(w)[1] * group)] if n.chance(0.5) else []
    n.emit("ConvTranspose", [x, w, *bias], group=group, **attributes)


@part
def product(n):
    x = n.any()
    depth = n.shape(x)[-1]
    wide = n.whole(1, 6)
    shape = n.choice([(depth, wide), (depth, wide), (depth, wide), (depth,), (1, depth, wide)])
    y = n.emit("MatMul", [x, weight(n, *shape)])
    if n.chance(0.5) and n.rank(y) and shape[-1] == wide:
        y = n.emit("Add", [y, small(n, wide)] if n.chance(0.7) else [small(n, wide), y])
    if n.chance(0.5) and n.rank(y):
        n.emit(n.choice(["Relu", "Tanh", "Sigmoid"]), [y])


@part
def batched_product(n):
    x = n.any(3, 4)
    if n.open:
        raise Unfit
    *batch, _, depth = n.shape(x)
    n.emit("MatMul", [x, weight(n, *batch, depth, n.whole(1, 5))])


@part
def product_from_left(n):
    x = n.any(3, 4) if n.open else n.any(2, 3, 4)
    rows = n.shape(x)[-2]
    n.emit("MatMul", [weight(n, n.whole(1, 5), rows), x])


@part
def product_of_values(n):
    x = n.any(3, 4)
    axes = list(range(n.rank(x)))
    t = n.emit("Transpose", [x], perm=axes[:-2] + [axes[-1], axes[-2]])
    scores = n.emit("MatMul", [x, t] if n.chance(0.5) else [t, x])
    scaled = n.emit(n.choice(["Mul", "Div"]), [scores, n.stored(np.float32(0.4))])
    if n.chance(0.7):
        n.emit("Softmax", [scaled], axis=n.rank(x) - 1)


@part
def attention(n):
    x = n.any(3)
    depth = n.shape(x)[-1]
    q, k, v = (n.emit("MatMul", [x, weight(n, depth, depth)]) for _ in range(3))
    keys = n.emit("Transpose", [k], perm=[0, 2, 1])
    scores = n.emit("Div", [n.emit("MatMul", [q, keys]), n.stored(np.float32(np.sqrt(depth)))])
    if n.chance(0.4):
        rows, columns = n.shape(scores)[-2:]
        scores = n.emit("Add", [scores, n.stored(np.triu(np.full((rows, columns), n.choice([-1e9, -np.inf, -100]), np.float32), 1))], keep=False)
    y = n.emit("MatMul", [n.emit("Softmax", [scores], axis=2), v])
    n.emit("Add", [x, y])


@part
def gemm(n):
    x = n.any(2)
    a = 0 if n.open else n.whole(0, 1)
    b = n.whole(0, 1)
    rows, depth = n.shape(x)[::-1] if a else n.shape(x)
    wide = n.whole(1, 6)
    w = weight(n, wide, depth) if b else weight(n, depth, wide)
    shapes = [(), (1,), (wide,), (1, wide)] + ([] if n.open else [(rows, wide), (rows, 1)])
    c = [small(n, *n.choice(shapes))] if n.chance(0.7) or n.opset < 11 else []
    attributes = {k: n.choice([0.5, 2.0, -1.0, 0.0]) for k in ("alpha", "beta") if n.chance(0.4)}
    n.emit("Gemm", [x, w, *c], transA=a, transB=b, **attributes)


@part
def tied(n):
    """An autoencoder: the same weights there and back."""
    x = n.any()
    w = weight(n, n.shape(x)[-1], n.whole(2, 6))
    hidden = n.emit(n.choice(["Relu", "Tanh"]), [n.emit("MatMul", [x, w])])
    if n.rank(x) == 2 and n.chance(0.5):
        n.emit("Gemm", [hidden, w, *([small(n, n.shape(x)[-1])] if n.opset < 11 else [])], transB=1)
    else:
        n.emit("MatMul", [hidden, n.emit("Transpose", [w], perm=[1, 0], keep=False)])


@part
def weight_as_operand(n):
    """A layer's weights, or a part or a sum of them, where activations are expected."""
    if not n.weights:
        raise Unfit
    w = n.choice(n.weights)
    x = n.any(n.rank(w), n.rank(w) + 1, n.rank(w) - 1) if n.chance(0.5) else None
    if x is not None:
        n.emit(n.choice(["Add", "Mul", "Sub"]), [x, w] if n.chance(0.5) else [w, x])
    elif n.chance(0.5):
        n.emit("Relu", [w])
    else:
        n.emit("Add", [n.any(), n.emit("ReduceMax", [w], keepdims=0, keep=False)])


@part
def weight_from_nodes(n):
    """Weights that a few nodes make: transposed, scaled, joined, cast, normalized."""
    x = n.any()
    depth, wide = n.shape(x)[-1], 2 * n.whole(1, 3)
    kind = n.whole(0, 5)
    if kind == 0:
        w = n.emit("Transpose", [weight(n, wide, depth)], perm=[1, 0], keep=False)
    elif kind == 1:
        w = n.emit("Mul", [weight(n, depth, wide), n.stored(np.float32(0.5) + np.abs(n.normal(1, wide)))], keep=False)
    elif kind == 2:
        w = n.emit("Concat", [weight(n, depth, wide // 2), weight(n, depth, wide // 2)], axis=1, keep=False)
    elif kind == 3:
        w = n.emit("Cast", [n.stored(n.normal(depth, wide).astype(n.choice([np.float16, np.float64])))], to=1, keep=False)
    elif kind == 4:
        w = n.emit("Reshape", [weight(n, wide, depth), n.ints(depth, wide)], keep=False)
    else:
        v = weight(n, depth, wide)
        w = n.emit("Div", [v, n.emit("Add", [n.emit("ReduceL2", [v], axes=[0], keep=False) if n.opset < 18 else n.emit("ReduceL2", [v, n.ints(0)], keep=False),
                                             n.stored(np.float32(0.1))], keep=False)], keep=False)
    n.emit("MatMul", [x, w])


@part
def shared_with_other_shape(n):
    """One kernel in layers of different input sizes, or of different groups."""
    x = n.any(4, least=3)
    channels = n.shape(x)[1]
    if channels % 2:
        raise Unfit
    w = weight(n, 2 * n.whole(1, 2), channels // 2, 3, 3)
    y = n.emit("Conv", [x, w], group=2, pads=[1, 1, 1, 1])
    half = n.emit("Split", [x], 2, axis=1, **({"num_outputs": 2} if n.opset >= 18 else {}))[n.whole(0, 1)]
    z = n.emit("Conv", [n.emit("MaxPool", [half], kernel_shape=[2, 2]), w], pads=[1, 1, 1, 1])
    n.emit("Concat", [n.emit("MaxPool", [y], kernel_shape=[2, 2]), z], axis=1)


@part
def batch_norm(n):
    x = n.any(2, 3, 4, 5)
    c = n.shape(x)[1]
    if n.chance(0.5) and n.rank(x) == 4:
        x = n.emit("Conv", [x, weight(n, c, c, 1, 1)])
    variance = np.abs(n.normal(c)) + np.float32(0.2)
    scale = n.normal(c)
    if n.chance(0.2):
        scale[n.whole(0, c - 1)] = 0
    if n.chance(0.2):
        variance[n.whole(0, c - 1)] = 0.01
    y = n.emit("BatchNormalization", [x, n.stored(scale), small(n, c), small(n, c), n.stored(variance)], **({"epsilon": 0.01} if n.chance(0.3) else {}))
    if n.chance(0.3) and n.rank(x) == 4:
        n.emit("Conv", [y, weight(n, n.whole(1, 4), c, 3, 3)], pads=[1, 1, 1, 1])


@part
def norm(n):
    op = n.choice(["LayerNormalization", "InstanceNormalization", "LRN", "LpNormalization", "RMSNormalization", "GroupNormalization", "MeanVarianceNormalization"])
    x = n.any(3, 4, least=2)
    c = n.shape(x)[1]
    if op == "LayerNormalization":
        axis = n.choice([-1, n.rank(x) - 1, -2])
        size = n.shape(x)[axis:]
        n.emit(op, [x, n.stored(np.float32(1) + n.normal(*size) * np.float32(.3)), *([small(n, *size)] if n.chance(0.7) else [])], axis=axis, epsilon=0.01)
    elif op == "InstanceNormalization":
        n.emit(op, [x, n.stored(n.normal(c)), small(n, c)], epsilon=0.01)
    elif op == "LRN":
        n.emit(op, [x], size=n.choice([1, 3, 5]), alpha=0.1, beta=0.7, bias=1.5)
    elif op == "LpNormalization":
        n.emit(op, [x], axis=n.choice([1, -1]), p=n.whole(1, 2))
    elif op == "RMSNormalization":
        n.emit(op, [x, n.stored(n.normal(n.shape(x)[-1]))], axis=-1, epsilon=0.01)
    elif op == "GroupNormalization" and c % 2 == 0:
        size = c if n.opset >= 21 else 2
        n.emit(op, [x, n.stored(n.normal(size)), small(n, size)], num_groups=2, epsilon=0.01)
    elif op == "MeanVarianceNormalization" and n.rank(x) == 4:
        n.emit(op, [x])


@part
def recurrent(n):
    x = n.any(3)
    length, batch, size = n.shape(x)
    op, gates = n.choice([("LSTM", 4), ("GRU", 3), ("RNN", 1)])
    direction = n.choice(["forward", "reverse", "bidirectional"])
    d, h = 1 + (direction == "bidirectional"), n.whole(1, 5)
    inputs = [x, weight(n, d, gates * h, size, scale=0.5), weight(n, d, gates * h, h, scale=0.5)]
    if n.chance(0.5):
        inputs.append(small(n, d, 2 * gates * h) if n.chance(0.6) else "")
        if n.chance(0.5) and not n.open:
            lengths = n.stored(n.random.integers(1, length + 1, batch).astype(np.int32)) if n.chance(0.5) else ""
            inputs += [lengths, small(n, d, batch, h)]
    attributes = {"linear_before_reset": n.whole(0, 1)} if op == "GRU" and n.chance(0.5) else {}
    y = n.emit(op, inputs, hidden_size=h, direction=direction, **attributes)
    n.emit("Reshape", [n.emit("Transpose", [y], perm=[0, 2, 1, 3]), n.ints(0, 0 if n.open else batch, -1)])


@part
def embedding(n):
    x = n.any()
    table = weight(n, n.whole(3, 9), n.whole(2, 6))
    rows = n.shape(table)[0]
    index = n.emit("Cast", [n.emit("Clip", [n.emit("Abs", [x], keep=False)], max=rows - 1.5, min=0.0, keep=False) if n.opset < 11 else
                            n.emit("Clip", [n.emit("Abs", [x], keep=False), n.stored(np.float32(0)), n.stored(np.float32(rows - 1.5))], keep=False)],
                   to=7, keep=False)
    n.coarse = True
    n.emit("Gather", [table, index], axis=0)


@part
def einsum(n):
    x = n.any(3)
    depth = n.shape(x)[-1]
    if n.chance(0.5):
        n.emit("Einsum", [x, weight(n, depth, n.whole(1, 4))], equation="bij,jk->bik")
    else:
        n.emit("Einsum", [x, x], equation=n.choice(["bij,bkj->bik", "bij,bij->bi", "bij,bij->bij"]))
