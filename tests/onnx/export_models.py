"""Exports the networks of export_networks.py with both of torch's exporters into models/ (needs PyPI's torch, onnx and
onnxscript; the tests themselves do not).

    python tests/onnx/export_models.py [NAME...]
"""
import os
import sys

import onnx
import torch

import export_networks as nets

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")


def image(*shape):
    return torch.randn(*shape)


def tokens(batch, length, words):
    return torch.randint(0, words, (batch, length))


# name: network, arguments, input names, output names, dynamic axes, exporter ("old" or "new"), opset
B = {0: "batch"}
BT = {0: "batch", 1: "time"}
BHW = {0: "batch", 2: "height", 3: "width"}
MODELS = {
    "resnet_old11": (nets.ResNet, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": B, "y": B}, "old", 11),
    "resnet_new18": (nets.ResNet, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": B}, "new", 18),
    "mobilenet_old13": (nets.MobileNet, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": BHW, "y": B}, "old", 13),
    "mobilenet_new20": (nets.MobileNet, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": BHW}, "new", 20),
    "transformer_old13": (nets.Transformer, lambda: (tokens(2, 9, 100),), ["tokens"], ["y"], {"tokens": BT, "y": BT}, "old", 13),
    "transformer_old17": (nets.Transformer, lambda: (tokens(2, 9, 100),), ["tokens"], ["y"], {"tokens": BT, "y": BT}, "old", 17),
    "transformer_new18": (nets.Transformer, lambda: (tokens(2, 9, 100),), ["tokens"], ["y"], {"tokens": BT}, "new", 18),
    "fused_old17": (nets.FusedTransformer, lambda: (image(2, 7, 48),), ["x"], ["y"], {"x": BT, "y": BT}, "old", 17),
    "fused_new23": (nets.FusedTransformer, lambda: (image(2, 7, 48),), ["x"], ["y"], {"x": BT}, "new", 23),
    "unet_old11": (nets.UNet, lambda: (image(2, 1, 24, 32),), ["x"], ["y"], {"x": BHW, "y": BHW}, "old", 11),
    "unet_new18": (nets.UNet, lambda: (image(2, 1, 24, 32),), ["x"], ["y"], {"x": B}, "new", 18),
    "tagger_old14": (nets.Tagger, lambda: (tokens(2, 7, 60), torch.zeros(1, 2, 24)), ["tokens", "state"], ["y", "last"],
                     {"tokens": BT, "state": {1: "batch"}, "y": BT, "last": {1: "batch"}}, "old", 14),
    "tagger_new18": (nets.Tagger, lambda: (tokens(2, 7, 60), torch.zeros(1, 2, 24)), ["tokens", "state"], ["y", "last"],
                     {"tokens": B, "state": {1: "batch"}}, "new", 18),
    "convnext_old17": (nets.ConvNeXt, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": B, "y": B}, "old", 17),
    "convnext_new20": (nets.ConvNeXt, lambda: (image(2, 3, 32, 32),), ["x"], ["y"], {"x": B}, "new", 20),
}


def build(network, make_arguments):
    torch.manual_seed(1)
    model = network()
    model.train()
    with torch.no_grad():
        for _ in range(4):  # so that batch normalization has statistics
            model(*make_arguments())
    return model.eval()


def export(name):
    network, make_arguments, inputs, outputs, axes, exporter, opset = MODELS[name]
    model = build(network, make_arguments)
    path = os.path.join(FOLDER, name + ".onnx")
    arguments = make_arguments()
    common = dict(input_names=inputs, output_names=outputs, opset_version=opset)
    if exporter == "old":
        torch.onnx.export(model, arguments, path, dynamo=False, dynamic_axes=axes, **common)
    else:
        dynamic = tuple({d: torch.export.Dim.DYNAMIC for d in axes.get(each, {})} for each in inputs)
        torch.onnx.export(model, arguments, path, dynamo=True, dynamic_shapes=dynamic, external_data=False, **common)
    written = onnx.load(path)
    for node in written.graph.node:  # where in the source each node comes from: most of a small file
        del node.metadata_props[:]
        node.doc_string = ""
    for value in written.graph.value_info:
        del value.metadata_props[:]
    del written.metadata_props[:]
    del written.graph.metadata_props[:]
    for tensor in written.graph.initializer:
        del tensor.metadata_props[:]
    onnx.save(written, path)
    opsets = [s.version for s in written.opset_import if s.domain == ""]
    print(f"{name}: {os.path.getsize(path)} bytes, opset {opsets}, {len(written.graph.node)} nodes")


if __name__ == "__main__":
    for each in sys.argv[1:] or MODELS:
        export(each)
