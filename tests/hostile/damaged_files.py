"""Files that are damaged, or that point at other files: paths out of the folder, links, devices, data past the end."""
import os

import numpy as np
import onnx

from cases import BOOL, F, case, graph, in_folder, ints, model, node, ones, random, tensor, value

X = [value("x", F, [2, 4])]
Y = [value("y")]
BYTES = random(4, 4).tobytes()


def external(location, offset=None, length=None, **more):
    held = onnx.TensorProto(name="w", data_type=F, dims=[4, 4], data_location=onnx.TensorProto.EXTERNAL)
    for key, text in {"location": location, "offset": offset, "length": length, **more}.items():
        if text is not None:
            held.external_data.add(key=key, value=str(text))
    return model([node("MatMul", ["x", "w"], ["y"])], X, Y, [held])


def good():
    return model([node("MatMul", ["x", "w"], ["y"])], X, Y, {"w": random(4, 4)})


def placed(made):
    """A case that has the file w.bin beside it."""
    def write(folder):
        with open(os.path.join(folder, "w.bin"), "wb") as file:
            file.write(BYTES)
        with open(os.path.join(folder, "model.onnx"), "wb") as file:
            file.write(made.SerializeToString())
    return write


def linked(make):
    def write(folder):
        outside = os.path.join(folder, os.pardir, "outside.bin")
        with open(outside, "wb") as file:
            file.write(BYTES)
        make(folder, os.path.abspath(outside))
        with open(os.path.join(folder, "model.onnx"), "wb") as file:
            file.write(external("link.bin").SerializeToString())
    return write


@in_folder
def external_data():
    def fifo(folder, _):
        os.mkfifo(os.path.join(folder, "link.bin"))

    def through_folder(folder, outside):
        os.symlink(os.path.dirname(outside), os.path.join(folder, "sub"))
        os.symlink("sub/outside.bin", os.path.join(folder, "link.bin"))
    cases = {"missing": external("none.bin"), "empty_location": external(""), "no_location": external(None), "dot": external("."), "dots": external(".."),
             "up": external("../outside.bin"), "up_and_down": external("sub/../../outside.bin"), "absolute": external("/etc/passwd"), "zero": external("/dev/zero"),
             "up_to_zero": external("../" * 20 + "dev/zero"), "proc": external("/proc/self/mem"), "nul": external("w.bin\0x"), "itself_past": external("model.onnx", 10**6),
             "offset_past": external("w.bin", 64), "offset_negative": external("w.bin", -64), "offset_huge": external("w.bin", 2**63 - 1), "offset_above": external("w.bin", 2**64),
             "offset_text": external("w.bin", "0x10"), "length_long": external("w.bin", 0, 65), "length_short": external("w.bin", 0, 4), "length_negative": external("w.bin", 0, -1),
             "length_huge": external("w.bin", 0, 2**62), "sum_overflows": external("w.bin", 2**63 - 64, 64), "long_location": external("a" * 100000), "backslash": external("..\\outside.bin"),
             "url": external("file:///etc/passwd"), "spaces": external(" w.bin")}
    found = {name: placed(made) for name, made in cases.items()}
    found["link_out"] = linked(lambda folder, outside: os.symlink(outside, os.path.join(folder, "link.bin")))
    found["link_up"] = linked(lambda folder, _: os.symlink("../outside.bin", os.path.join(folder, "link.bin")))
    found["link_to_device"] = linked(lambda folder, _: os.symlink("/dev/zero", os.path.join(folder, "link.bin")))
    found["link_to_itself"] = linked(lambda folder, _: os.symlink("link.bin", os.path.join(folder, "link.bin")))
    found["link_to_folder"] = linked(lambda folder, _: os.mkdir(os.path.join(folder, "link.bin")))
    found["linked_folder"], found["fifo"] = linked(through_folder), linked(fifo)
    return found


@in_folder
def no_models():
    def file(content):
        def write(folder):
            with open(os.path.join(folder, "model.onnx"), "wb") as to:
                to.write(content)
        return write

    def fifo(folder):
        os.mkfifo(os.path.join(folder, "model.onnx"))

    def link(target):
        return lambda folder: os.symlink(target, os.path.join(folder, "model.onnx"))
    whole = good().SerializeToString()
    return {"empty": file(b""), "zeros": file(bytes(4096)), "text": file(b"hello\n" * 99), "png": file(b"\x89PNG\r\n\x1a\n" + bytes(99)), "dsq": file(b"\x89DSQ\r\n\x1a\n" + bytes(999)),
            "twice": file(whole + whole[:9]), "tail": file(whole + b"\xff\xff\xff"), "ones": file(b"\xff" * 4096), "zip": file(b"PK\x03\x04" + bytes(99)),
            "dsir": file(b"graph "), "fifo": fifo, "folder": lambda folder: os.mkdir(os.path.join(folder, "model.onnx")), "device": link("/dev/zero"), "null": link("/dev/null"),
            "link_to_nothing": link("nowhere.onnx"), "link_to_itself": link("model.onnx"), "length_huge": file(b"\x08\x08\x3a\xff\xff\xff\xff\x0f" + bytes(64)),
            "bad_wire_type": file(b"\x08\x08\x3f\x00\x01")}


@case
def text():
    """Bytes that are no UTF-8, where names stand."""
    whole = model([node("Relu", ["x"], ["mid"], name="nodename"), node("Neg", ["mid"], ["y"])], X, Y).SerializeToString()
    return {"operator": whole.replace(b"Relu", b"\xff\xfe\xfd\xfc")}


def small():
    then = graph([node("Mul", ["x", "w"], ["t"])], [], [value("t")], {"w": random(4)})
    other = graph([node("Slice", ["x", "s", "e", "a"], ["q"]), node("Pad", ["q", "p"], ["z"])], [], [value("z")])
    nodes = [node("Unsqueeze", ["x", "axes"], ["r"]), node("Conv", ["r", "k"], ["v"], pads=[1, 1]), node("If", ["c"], ["i"], then_branch=then, else_branch=other),
             node("MatMul", ["x", "m"], ["n"]), node("Add", ["n", "i"], ["y"])]
    held = {"s": ints(0), "e": ints(2), "a": ints(1), "p": ints(0, 0, 0, 2), "axes": ints(1), "k": random(2, 1, 3), "m": random(4, 4)}
    return model(nodes, X + [value("c", BOOL, [])], Y + [value("v")], held)


def truncations():
    whole = good().SerializeToString()
    return {str(size): whole[:size] for size in range(len(whole))}


def bit_flips(count=250):
    """Any outcome but a crash is right."""
    generator = np.random.default_rng(5)
    found = {}
    for number in range(count):
        whole = bytearray((small() if number % 2 else good()).SerializeToString())
        for place in generator.integers(0, len(whole), 1 + number % 3):
            whole[place] ^= 1 << generator.integers(0, 8)
        found[str(number)] = bytes(whole)
    return found


def no_text():
    """Names that are no UTF-8: any outcome but a crash is right."""
    whole = model([node("Relu", ["x"], ["mid"], name="nodename"), node("Neg", ["mid"], ["y"])], X, Y).SerializeToString()
    return {"value": whole.replace(b"mid", b"\xff\xc0\x80"), "node": whole.replace(b"nodename", b"\xed\xa0\x80\xff\xff\x1b[3"),
            "output": whole.replace(b"\x01y", b"\x01\xff"), "escape": whole.replace(b"nodename", b"\x1b[31m\r\n\x07"), "nul": whole.replace(b"mid", b"m\0d")}
