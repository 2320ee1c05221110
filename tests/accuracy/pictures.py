"""Two networks that are trained here on Fashion-MNIST: a ReLU ResNet-20 and a small ReLU6 one of inverted residuals."""
import gzip

import numpy as np

import measures
from network import Network, save, torch

DATA = "/usr/share/datasets/fashion-mnist"


def pictures(part, count):
    """As torch_train.py takes them."""
    with gzip.open(f"{DATA}/{part}-images-idx3-ubyte.gz") as file:
        levels = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 1, 28, 28)
    with gzip.open(f"{DATA}/{part}-labels-idx1-ubyte.gz") as file:
        classes = np.frombuffer(file.read()[8:], np.uint8)
    return (levels[-count:] / np.float32(127.5) - 1).astype(np.float32), classes[-count:].astype(np.int64)


def trained(name):
    def prepare(folder):
        torch("torch_train.py", name, folder / "model.onnx")
        for part, source, count in (("calibration", "train", 64), ("evaluation", "t10k", 4000)):
            inputs, labels = pictures(source, count)
            save(folder, part, {"x": inputs}, labels)
    return prepare


def top1(output, labels, folder):
    return measures.accuracy(output, labels)


NETWORKS = [
    Network("resnet", "ReLU ResNet, top-1", "ResNet-20 on Fashion-MNIST, 4000 pictures", trained("resnet"), truth=top1,
            labelled=True, wanted=(-0.1, -0.4, -0.2, 90)),
    Network("mobile", "ReLU6 mobile network, small, top-1", "inverted residuals on Fashion-MNIST, 4000 pictures",
            trained("mobile"), truth=top1, labelled=True, wanted=(-0.1, -1.6, -0.3, 70)),
]
