"""What random networks are built with: each node is run by ONNX Runtime as it is added, so that shapes and values are known."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
LARGEST = 1e4  # values beyond end a chain
OPSETS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 28]
SOUNDS = "x", "t", "层", "größe", "a b", "m/x:0", "é\u0301", "{}%s", "\U0001f600"


class Unfit(Exception):
    """The part that was begun does not fit here; what it has added stays, unused."""


def session_of(made):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # some change results
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


def is_float(array):
    return array.dtype == np.float32


class Network:
    """A graph that grows. `data` holds what every value is for `inputs`; `floats` are the values to go on from."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.opset = self.choice(OPSETS)
        self.sound = self.choice(SOUNDS)
        self.open = self.chance(0.5)    # the batch is left open
        self.coarse = False             # holds steps (rounding), so that small differences may become large ones
        self.nodes, self.initializers, self.data, self.floats, self.inputs, self.graph_inputs = [], [], {}, [], {}, []
        self.weights, self.biases = [], []  # names of stored f32 tensors
        self.extra_outputs, self.count = [], 0
        self.listed = self.opset < 9 or self.chance(0.15)  # initializers are inputs, too

    # --- chance
    def chance(self, share):
        return self.random.random() < share

    def choice(self, choices):
        return choices[int(self.random.integers(len(choices)))]

    def whole(self, low, high):
        """low <= whole <= high"""
        return int(self.random.integers(low, high + 1))

    def normal(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    # --- names
    def fresh(self, word="v"):
        self.count += 1
        return f"{self.sound}{word}{self.count}"

    def node_name(self):
        return self.choice(["", "", "same", f"{self.sound}node{self.count}", f"/block.{self.count}/op", "im Gerät"])

    # --- values
    def add_input(self, shape):
        name = self.fresh("in")
        self.data[name] = self.inputs[name] = self.normal(*shape)
        dims = ["n" if self.open else shape[0], *shape[1:]]
        self.graph_inputs.append(helper.make_tensor_value_info(name, F, dims))
        self.floats.append(name)
        return name

    def stored(self, array, name=None):
        """A constant, in one of the ways that files have."""
        array = np.asarray(array)
        name = name or self.fresh("w")
        self.data[name] = array
        if self.chance(0.2):
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array)))
            return name
        tensor = numpy_helper.from_array(array, name)
        if is_float(array) and self.chance(0.2):
            tensor = onnx.TensorProto(name=name, data_type=F, dims=array.shape, float_data=array.ravel())
        self.initializers.append(tensor)
        return name

    def ints(self, *values):
        return self.stored(np.array(values, np.int64))

    def shape(self, name):
        return self.data[name].shape

    def rank(self, name):
        return self.data[name].ndim

    def any(self, *ranks, least=1):
        """A value to go on from, newer ones likelier; of one of these ranks, no dimension but the batch below `least`."""
        fitting = [f for f in self.floats if (not ranks or self.rank(f) in ranks) and all(d >= least for d in self.shape(f)[1:])]
        if not fitting:
            raise Unfit
        return fitting[-1 - min(self.whole(0, len(fitting) - 1), self.whole(0, len(fitting) - 1))]

    # --- nodes
    def emit(self, op, inputs, outputs=1, keep=True, **attributes):
        """Adds a node; gives its first output, or all of them. What ONNX Runtime does not take is Unfit."""
        names = [self.fresh() for _ in range(outputs)]
        node = helper.make_node(op, inputs, names, name=self.node_name(), **attributes)
        results = self.compute(node)
        for name, array in zip(names, results):
            if is_float(array) and array.size and not np.abs(array).max() < LARGEST:
                raise Unfit  # NaN, too
            self.data[name] = array
        self.nodes.append(node)
        if keep:
            self.floats += [n for n in names if is_float(self.data[n]) and 0 < self.data[n].size < 20000 and self.rank(n)]
        return names[0] if outputs == 1 else names

    def compute(self, node):
        used = [i for i in node.input if i] + captured(node)
        constants = {n.output[0] for n in self.nodes if n.op_type == "Constant"} | {t.name for t in self.initializers}
        feeds = {i: self.data[i] for i in used if i not in constants}
        infos = [helper.make_tensor_value_info(i, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for i, a in feeds.items()]
        held = [numpy_helper.from_array(self.data[i], i) for i in dict.fromkeys(used) if i in constants]
        outputs = [onnx.ValueInfoProto(name=o) for o in node.output]
        graph = helper.make_graph([node], "g", infos, outputs, held)
        try:
            return session_of(self.wrapped(graph)).run(None, feeds)
        except Exception as error:  # whatever ONNX Runtime throws
            raise Unfit(str(error)) from error

    def wrapped(self, graph, ir=None):
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=ir or (4 if self.opset < 15 else 8), producer_name="random")

    def try_part(self, part):
        """Whether the part fitted."""
        try:
            part(self)
            return True
        except Unfit:
            return False

    # --- the end
    def finish(self):
        made = [o for n in self.nodes for o in n.output if o in self.floats]
        if not made:
            made = [self.emit("Relu", [self.floats[0]])]
        ends = list(dict.fromkeys([made[-1], *self.extra_outputs, *[self.choice(made) for _ in range(self.whole(0, 2))]]))
        if self.chance(0.1):
            ends.append(self.choice(list(self.inputs)))
        given = self.weights + self.biases
        if self.chance(0.1) and given:
            ends.append(self.choice(given))
        ends = list(dict.fromkeys(ends))
        nodes = list(self.nodes)
        if self.chance(0.2):
            self.random.shuffle(nodes)
        outputs = [helper.make_tensor_value_info(e, helper.np_dtype_to_tensor_dtype(self.data[e].dtype), None) for e in ends]
        listed = [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in self.initializers] if self.listed else []
        graph = helper.make_graph(nodes, "random", self.graph_inputs + listed, outputs, self.initializers)
        return self.wrapped(graph, 3 if self.listed and self.opset < 9 else None)


def captured(node):
    """What nested graphs take from outside, in order."""
    found = []

    def visit(graph, known):
        known = known | {i.name for i in graph.input} | {t.name for t in graph.initializer} | {o for n in graph.node for o in n.output}
        for each in graph.node:
            found.extend(i for i in each.input if i and i not in known and i not in found)
            for attribute in each.attribute:
                if attribute.HasField("g"):
                    visit(attribute.g, known)
        found.extend(o.name for o in graph.output if o.name not in known and o.name not in found)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            visit(attribute.g, frozenset())
    return found
