"""Writes the corpora again: tiny networks of our own for every family of operators, what dsquant makes of them, and arrays.

  make_corpus.py DSQUANT        with a Python that has numpy and onnx (tests/venv.sh)

What the fuzzer found is committed beside these, under find_*; this script leaves it alone.
"""
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper, parser

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
RANDOM = np.random.default_rng(1)
HEAD = '<ir_version: 8, opset_import: ["" : 17]> g '
IMAGE = "float[n,2,6,6] x"
ROWS = "float[n,8] x"

# name: (inputs, nodes, {constant: array or shape of random floats}); the result is y
MODELS = {
    "conv_bn_relu": (IMAGE, "a = Conv<pads=[1,1,1,1]>(x, w, b) c = BatchNormalization(a, s, o, m, v) d = Relu(c) y = Conv<group=3, strides=[2,2]>(d, w2)",
                     {"w": (3, 2, 3, 3), "b": (3,), "s": (3,), "o": (3,), "m": (3,), "v": np.ones(3, np.float32), "w2": (3, 1, 2, 2)}),
    "deconv": (IMAGE, "a = ConvTranspose<strides=[2,2], pads=[1,1,0,0], output_padding=[1,1]>(x, w) y = LeakyRelu(a)", {"w": (2, 3, 3, 3)}),
    "residual": (IMAGE, "a = Conv(x, w) b = Relu(a) c = Conv(b, v) d = Add(c, a) e = GlobalAveragePool(d) f = Flatten(e) y = Gemm<transB=1>(f, g, h)",
                 {"w": (4, 2, 1, 1), "v": (4, 4, 1, 1), "g": (5, 4), "h": (5,)}),
    "conv_1d_auto_pad": ("float[1,2,9] x", 'y = Conv<auto_pad="SAME_UPPER", dilations=[2]>(x, w)', {"w": (3, 2, 3)}),
    "pools": (IMAGE, "a = MaxPool<kernel_shape=[2,2], ceil_mode=1, strides=[2,2]>(x) b = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1>(a) c = LpPool<kernel_shape=[2,2]>(b) y = GlobalMaxPool(c)", {}),
    "attention": ("float[1,4,8] x", "q = MatMul(x, a) k = MatMul(x, b) v = MatMul(x, c) t = Transpose<perm=[0,2,1]>(k) s = MatMul(q, t) d = Div(s, r) p = Softmax<axis=-1>(d) o = MatMul(p, v) y = Add(o, x)",
                  {"a": (8, 8), "b": (8, 8), "c": (8, 8), "r": np.float32(2.8)}),
    "layer_norm": (ROWS, "m = ReduceMean<axes=[-1]>(x) c = Sub(x, m) q = Mul(c, c) v = ReduceMean<axes=[-1]>(q) e = Add(v, i) r = Sqrt(e) d = Div(c, r) s = Mul(d, g) y = MatMul(s, w)",
                   {"i": np.float32(1e-5), "g": (8,), "w": (8, 3)}),
    "gelu": (ROWS, "a = MatMul(x, w) b = Div(a, r) c = Erf(b) d = Add(c, i) e = Mul(a, d) f = Mul(e, h) y = MatMul(f, v)",
             {"w": (8, 8), "v": (8, 4), "r": np.float32(1.4142135), "i": np.float32(1), "h": np.float32(0.5)}),
    "activations": (ROWS, "a = HardSwish(x) b = Sigmoid(a) c = Mul(a, b) d = Elu(c) e = PRelu(d, s) f = Clip(e, l, h) g = Softplus(f) h2 = Tanh(g) i = Mul(g, h2) j = HardSigmoid(i) k = Celu(j) y = Softsign(k)",
                    {"s": (8,), "l": np.float32(-1), "h": np.float32(6)}),
    "elementwise": (ROWS, "a = Abs(x) b = Sqrt(a) c = Pow(b, t) d = Max(c, x, a) e = Mod<fmod=1>(d, t) f = Exp(e) g = Reciprocal(f) h = Where(q, g, x) i = Cast<to=6>(h) j = Cast<to=1>(i) y = Mean(j, x)",
                    {"t": np.float32(2), "q": np.array([True, False] * 4)}),
    "logic": (ROWS, "a = Greater(x, z) b = Not(a) c = Xor(a, b) d = IsNaN(x) e = Or(c, d) y = Cast<to=1>(e)", {"z": np.float32(0)}),
    "shapes": (ROWS, "s = Shape(x) i = Gather(s, k) u = Unsqueeze(i, z) c = Concat<axis=0>(u, m) r = Reshape(x, c) t = Transpose(r) q = Squeeze(t, z) e = Expand(q, f) y = Tile(e, g)",
               {"k": np.int64(0), "z": np.array([0]), "m": np.array([-1, 1]), "f": np.array([2, 1, 1]), "g": np.array([1, 2, 1])}),
    "slices": (ROWS, "a = Slice(x, b, e, w, t) c, d = Split<axis=1>(a) f = Pad(c, p) g = Concat<axis=0>(f, d) y = Gather<axis=1>(g, i)",
               {"b": np.array([7]), "e": np.array([-9]), "w": np.array([1]), "t": np.array([-1]), "p": np.array([1, 0, 0, 0]), "i": np.array([[0, -1], [1, 2]])}),
    "indexing": (ROWS, "a = GatherElements<axis=1>(x, i) b = ScatterElements<axis=1>(x, i, a) c = ScatterND(b, j, u) d = GatherND(c, j) o = OneHot(k, n, v) e, f = TopK(d, n1) g = CumSum(e, z) h = Trilu(o) s = ReduceSum(h) y = Add(g, s)",
                 {"i": np.array([[0, 3]]), "j": np.array([[0]]), "u": (1, 8), "k": np.array([1, 2]), "n": np.int64(3), "v": np.array([0, 1], np.float32), "n1": np.array([2]), "z": np.int64(1)}),
    "resize": (IMAGE, 'a = Resize<mode="linear", coordinate_transformation_mode="half_pixel">(x, , s) b = DepthToSpace<blocksize=1>(a) c = SpaceToDepth<blocksize=2>(b) y = Resize<mode="nearest">(c, , , z)',
               {"s": np.array([1, 1, 2, 2], np.float32), "z": np.array([2, 8, 3, 3])}),
    "norms": (IMAGE, "a = InstanceNormalization(x, s, b) c = LRN<size=3>(a) d = LpNormalization(c) e = MeanVarianceNormalization(d) y = LogSoftmax<axis=1>(e)", {"s": (2,), "b": (2,)}),
    "reductions": (ROWS, "a = ReduceMax<axes=[1], keepdims=0>(x) b = ReduceL2<axes=[0]>(x) c = ReduceLogSumExp(x) d = ArgMax<axis=1>(x) e = Cast<to=1>(d) f = ReduceProd<axes=[-1]>(x) g = Add(a, c) h = Add(g, f) i = Add(h, e) y = Add(i, b)", {}),
    "quantized": (ROWS, "q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) w = DequantizeLinear<axis=1>(v, t) a = MatMul(d, w) p = QuantizeLinear(a, s, z) y = DequantizeLinear(p, s, z)",
                  {"s": np.float32(0.05), "z": np.uint8(128), "v": np.arange(-16, 16, dtype=np.int8).reshape(8, 4), "t": np.array([0.1, 0.2, 0.3, 0.4], np.float32)}),
    "qlinear": ("float[1,1,5,5] x", "q = QuantizeLinear(x, s, z) c = QLinearConv(q, s, z, w, s, i, s, z) m = DequantizeLinear(c, s, z) y = Relu(m)",
                {"s": np.float32(0.1), "z": np.uint8(3), "i": np.int8(0), "w": np.arange(-4, 5, dtype=np.int8).reshape(1, 1, 3, 3)}),
    "integers": (ROWS, "q, s, z = DynamicQuantizeLinear(x) a = MatMulInteger(q, w, z) b = Cast<to=1>(a) y = Mul(b, s)", {"w": np.arange(-12, 12, dtype=np.int8).reshape(8, 3)}),
    "einsum": ("float[2,3] x", 'a = Einsum<equation="ij,kj->ik">(x, w) y = Einsum<equation="...j->j...">(a)', {"w": (4, 3)}),
    "embedding": ("int64[n,3] x", "a = Gather(w, x) b = ReduceMean<axes=[1], keepdims=0>(a) y = MatMul(b, v)", {"w": (20, 16), "v": (16, 4)}),
    "nonzero": ("float[6] x", "a = NonZero(x) b = Transpose(a) c = GatherND(x, b) d = Compress<axis=0>(c, m) y = Neg(d)", {"m": np.array([True, False, True])}),
    "create": ("int64[1] x", "a = ConstantOfShape(x) b = Range(z, n, o) c = EyeLike(e) d = Cast<to=1>(b) f = Add(d, c) s = Size(a) t = Cast<to=1>(s) y = Mul(f, t)",
               {"z": np.int64(0), "n": np.int64(4), "o": np.int64(1), "e": (4, 4)}),
    "boxes": ("float[1,4,4] x", "y = NonMaxSuppression(x, s, k, t)", {"s": (1, 2, 4), "k": np.array([2]), "t": np.array([0.5], np.float32)}),
    "grid": (IMAGE, 'y = GridSample<align_corners=1, padding_mode="reflection">(x, g)', {"g": (2, 3, 3, 2)}),
    "regions": (IMAGE, "y = RoiAlign<output_height=2, output_width=3, sampling_ratio=2>(x, r, i)",
                {"r": np.array([[0, 0, 5, 5], [-1, 2, 3, 9]], np.float32), "i": np.array([0, 0])}),
    "lstm": ("float[3,1,4] x", "a, h = LSTM<hidden_size=2>(x, w, r, b) c = Squeeze(a, k) y = MatMul(c, v)", {"w": (1, 8, 4), "r": (1, 8, 2), "b": (1, 16), "k": np.array([1]), "v": (2, 2)}),
    "gru": ("float[3,1,4] x", 'y = GRU<hidden_size=2, direction="bidirectional", linear_before_reset=1>(x, w, r)', {"w": (2, 6, 4), "r": (2, 6, 2)}),
    "rnn": ("float[3,1,4] x", 'y = RNN<hidden_size=2, activations=["Relu"]>(x, w, r)', {"w": (1, 2, 4), "r": (1, 2, 2)}),
    "sequence": ("float[3,2,4] x", "a = ReverseSequence<batch_axis=1, time_axis=0>(x, n) y = Hardmax(a)", {"n": np.array([2, 3])}),
    "branches": (ROWS, "s = ReduceSum<keepdims=0>(x) c = Greater(s, z) y = If(c)<then_branch = t () => (float[n,3] a) { a = MatMul(x, w) }, else_branch = e () => (float[n,3] b) { d = Sub(x, w0) b = MatMul(d, w) }>",
                 {"z": np.float32(0), "w": (8, 3), "w0": (8,)}),
    "loop": (ROWS, "y, l = Loop(n, c, x)<body = b (int64 i, bool k, float[n,8] s) => (bool k2, float[n,8] s2, float[n,8] o) { k2 = Identity(k) h = MatMul(s, w) s2 = Tanh(h) o = Add(s2, s) }>",
             {"n": np.int64(3), "c": np.array(True), "w": (8, 8)}),
    "scan": ("float[4,3] x", "a, y = Scan(z, x)<num_scan_inputs=1, body = b (float[3] s, float[3] e) => (float[3] s2, float[3] o) { s2 = Add(s, e) o = Mul(s2, e) }>", {"z": (3,)}),
}


def constant(name, array):
    if isinstance(array, tuple):
        array = RANDOM.standard_normal(array).astype(np.float32)
    return numpy_helper.from_array(np.asarray(array), name)


def model_of(inputs, nodes, constants):
    made = parser.parse_model(f"{HEAD}({inputs}) => (float y) {{ {nodes} }}")
    made.graph.output[0].type.tensor_type.ClearField("shape")
    made.graph.initializer.extend(constant(name, array) for name, array in constants.items())
    return made


def special_models():
    function = parser.parse_model('<ir_version: 8, opset_import: ["" : 17, "own" : 1]> g (float[2,4] x) => (float[2,4] y) { a = own.twice(x) y = own.twice(a) }'
                                  '<domain: "own", opset_import: ["" : 17]> twice (v) => (w) { w = Add(v, v) }')
    half = model_of("float16[2,4] x", "a = MatMul(x, w) y = Relu(a)", {"w": np.ones((4, 3), np.float16)})
    half.graph.output[0].type.tensor_type.elem_type = 10
    external = model_of("float[2,4] x", "y = MatMul(x, w)", {})
    tensor = external.graph.initializer.add(name="w", data_type=1, dims=[4, 3], data_location=1)
    for key, text in (("location", "weights.bin"), ("offset", "64"), ("length", "48")):
        tensor.external_data.add(key=key, value=text)
    newest = model_of("float[1,2,4,8] x", "a = RMSNormalization(x, s) b = Gelu(a) c = Swish(b) y = Attention(c, c, c)", {"s": (8,)})
    newest.opset_import[0].version = 24
    return {"function": function, "half": half, "external": external, "newest": newest}


def write(target, name, contents):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(contents)


def write_models(dsquant):
    models = {name: model_of(*parts) for name, parts in MODELS.items()} | special_models()
    with tempfile.TemporaryDirectory() as scratch:
        for name, made in models.items():
            write("onnx", name, made.SerializeToString())
            path = Path(scratch, name).with_suffix(".onnx")
            path.write_bytes(made.SerializeToString())
            Path(scratch, "weights.bin").write_bytes(b"\x3c" * 4096)
            done = subprocess.run([dsquant, "--weights", "int8", "--act", "int4", path], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(f"{name}: {done.stderr.strip()}", file=sys.stderr)
                continue
            write("dsq", name, path.with_suffix(".dsq").read_bytes())


# Of each pass its first case, in and out, and the cases of the last stages.
def write_texts():
    for path in sorted((HERE.parent / "passes").glob("*.dsir")):
        graphs = re.findall(r"^graph .*?^}$", path.read_text(), re.MULTILINE | re.DOTALL)
        short = [graph for graph in graphs if len(graph) < 1500]
        for i, graph in enumerate(short[:2]):
            write("text", f"{path.stem}_{i}", graph.encode())


def write_settings():
    texts = {"quantize": 'weights = "int8"\nact = "int4"\nkeep = ["conv*=fp16", "head=int8"]\nmax-drop = 0.5\nedges-at-act = true\n',
             "run": "# a comment\nmodel = 'a.dsq'\nbatch = 32 # another\nthreads = 0x2\n\"backend\" = \"\\u0070ortable\"\n",
             "list": 'shape = [\n  "x=1,3,8,8",\n  \'y=?\', # open\n]\nmin-sqnr = -1e1\n',
             "refused": '[table]\nwhen = 1979-05-27\na.b = nan\ntext = """\nlines"""\n'}
    for name, text in texts.items():
        write("config", name, text.encode())


def write_arrays():
    arrays = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "labels": np.arange(2), "mask": np.array([True, False]),
              "half": np.ones((2, 1), np.float16), "scalar": np.float64(3), "fortran": np.asfortranarray(np.arange(6, dtype=np.int8).reshape(2, 3)),
              "empty": np.zeros((0, 2), np.uint16)}
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array)
        write("npy", name, file.getvalue())
    for name, save in (("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)):
        file = io.BytesIO()
        save(file, x=arrays["x"], labels=arrays["labels"])
        write("npy", name, file.getvalue())


if __name__ == "__main__":
    write_models(sys.argv[1])
    write_texts()
    write_arrays()
    write_settings()
