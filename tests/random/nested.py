"""Parts with graphs within graphs, and parts that are quantized already."""
import numpy as np
from onnx import helper

from builder import BOOL, F, I64, Unfit
from layers import part, weight


def body(n, x, word):
    """A few nodes on the captured value x: (nodes, name of the result). The result has the shape of x."""
    depth = n.shape(x)[-1]
    y = n.fresh(word)
    n.data[y] = n.data[x]  # for its shape
    kind = n.whole(0, 3)
    if kind == 0:
        return [helper.make_node(n.choice(["Relu", "Neg", "Tanh"]), [x], [y])], y
    if kind == 1:
        return [helper.make_node("MatMul", [x, weight(n, depth, depth)], [y])], y
    if kind == 2:
        middle = n.fresh(word)
        return [helper.make_node("MatMul", [x, weight(n, depth, depth)], [middle]), helper.make_node("Relu", [middle], [y])], y
    held = helper.make_node("Constant", [], [n.fresh(word)], value=helper.make_tensor("", F, [depth], n.normal(depth).tolist()))
    return [held, helper.make_node("Add", [x, held.output[0]], [y])], y


def nest(n, nodes, inputs, outputs):
    return helper.make_graph(nodes, n.choice(["g", "", "同"]), inputs, outputs)


def untyped(name):
    return helper.make_tensor_value_info(name, F, None)


def condition(n, x):
    if n.chance(0.3):
        return n.stored(np.array(n.chance(0.5)))
    n.coarse = True
    return n.emit("Greater", [n.emit("ReduceMean", [x], keepdims=0, keep=False), n.stored(np.float32(0.01))], keep=False)


def branch(n, x, deep):
    nodes, y = body(n, x, "b")
    if deep and n.chance(0.5):
        z, held = n.fresh("b"), helper.make_node("Constant", [], [n.fresh("b")], value=helper.make_tensor("", BOOL, [], [n.chance(0.5)]))
        inner = helper.make_node("If", [held.output[0]], [z], then_branch=branch(n, y, False), else_branch=branch(n, x, False))
        return nest(n, [*nodes, held, inner], [], [untyped(z)])
    return nest(n, nodes, [], [untyped(y)])


@part
def if_else(n):
    x = n.any()
    n.emit("If", [condition(n, x)], then_branch=branch(n, x, True), else_branch=branch(n, x, True))


@part
def loop(n):
    """The state goes through layers whose weights lie outside; each round's state may be collected, too."""
    x = n.any()
    i, c, s, again = (n.fresh("l") for _ in range(4))
    n.data[s] = n.data[x]  # for its shape
    nodes, y = body(n, s, "l")
    outputs = [helper.make_tensor_value_info(again, BOOL, []), untyped(y)]
    nodes = [helper.make_node("Identity", [c], [again]), *nodes]
    collected = n.opset >= 11 and n.chance(0.4)
    if collected:
        z = n.fresh("l")
        nodes.append(helper.make_node("Add", [y, x], [z]))  # captures
        outputs.append(untyped(z))
    shape = [None] * n.rank(x)
    graph = nest(n, nodes, [helper.make_tensor_value_info(i, I64, []), helper.make_tensor_value_info(c, BOOL, []), helper.make_tensor_value_info(s, F, shape)], outputs)
    rounds = n.stored(np.int64(n.whole(0 if not collected else 1, 3)))
    n.emit("Loop", [rounds, n.stored(np.array(True)) if n.opset < 11 or n.chance(0.5) else "", x], 1 + collected, body=graph)


@part
def scan(n):
    if n.opset < 9:
        raise Unfit
    x = n.any(2, 3)
    if n.open:
        raise Unfit
    s, v, t, o = (n.fresh("s") for _ in range(4))
    size = n.shape(x)[1:]
    start = n.stored(n.normal(*size))
    graph = nest(n, [helper.make_node("Add", [s, v], [t]), helper.make_node("Tanh", [t], [o])], [helper.make_tensor_value_info(k, F, size) for k in (s, v)], [untyped(t), untyped(o)])
    n.emit("Scan", [start, x], 2, body=graph, num_scan_inputs=1, **({"scan_input_directions": [1]} if n.chance(0.4) else {}))


def quantized(n, x, axis=None):
    """Q and DQ of a value."""
    kind = n.choice([np.int8, np.uint8])
    array = n.data[x]
    size = 1 if axis is None else array.shape[axis]
    largest = max(float(np.abs(array).max()), 1e-3) if array.size else 1.0
    scale = np.full(size, largest / 127, np.float32) * n.random.uniform(0.5, 1.2, size).astype(np.float32)
    zero = (np.zeros(size, kind) if kind is np.int8 and n.chance(0.6) else np.full(size, 128 if kind is np.uint8 else n.whole(-20, 20), kind))
    if axis is None and n.chance(0.8):
        scale, zero = scale[0], zero[0]
    attributes = {} if axis is None else {"axis": axis}
    s, z = n.stored(scale), n.stored(zero)
    q = n.emit("QuantizeLinear", [x, s, z], keep=False, **attributes)
    n.coarse = True
    return n.emit("DequantizeLinear", [q, s, z], **attributes)


@part
def qdq_activation(n):
    if n.opset < 10:
        raise Unfit
    quantized(n, n.any())


@part
def qdq_layer(n):
    """As quantizers write it: Q and DQ around a layer, the weights stored as integers."""
    if n.opset < 13:
        raise Unfit
    x = quantized(n, n.any(2, 3))
    depth, wide = n.shape(x)[-1], n.whole(1, 5)
    by_channel = n.chance(0.5)
    w = n.stored(n.random.integers(-127, 128, (depth, wide)).astype(np.int8))
    size = wide if by_channel else 1
    scale = np.abs(n.normal(size)) * np.float32(0.005) + np.float32(1e-4)
    zero = np.zeros(size, np.int8)
    d = n.emit("DequantizeLinear", [w, n.stored(scale if by_channel else scale[0]), *([n.stored(zero if by_channel else zero[0])] if n.chance(0.7) else [])], keep=False, **({"axis": 1} if by_channel else {}))
    y = n.emit("MatMul", [x, d])
    if n.chance(0.6):
        quantized(n, y)


@part
def qdq_conv(n):
    if n.opset < 13:
        raise Unfit
    x = quantized(n, n.any(4))
    c, out = n.shape(x)[1], n.whole(1, 4)
    w = n.stored(n.random.integers(-127, 128, (out, c, 1, 1)).astype(np.int8))
    d = n.emit("DequantizeLinear", [w, n.stored(np.abs(n.normal(out)) * np.float32(0.01) + np.float32(1e-3)), n.stored(np.zeros(out, np.int8))], keep=False, axis=0)
    y = n.emit("Relu", [n.emit("Conv", [x, d])])
    if n.chance(0.6):
        quantized(n, y)


@part
def dynamic_product(n):
    if n.opset < 11:
        raise Unfit
    x = n.any(2, 3)
    q, s, z = n.emit("DynamicQuantizeLinear", [x], 3, keep=False)
    w = n.stored(n.random.integers(-100, 100, (n.shape(x)[-1], n.whole(1, 5))).astype(np.int8))
    product = n.emit("Cast", [n.emit("MatMulInteger", [q, w, z], keep=False)], to=1, keep=False)
    n.coarse = True
    n.emit("Mul", [n.emit("Mul", [product, s], keep=False), n.stored(np.float32(0.01))])
