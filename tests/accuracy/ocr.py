"""The networks of PP-OCRv4 in rapidocr-onnxruntime's wheel, on texts drawn with Debian's fonts and words. No word is in
both calibration and evaluation."""
import glob
import random
import shutil

import numpy as np
import onnx
from PIL import Image, ImageDraw, ImageFont

import measures
from network import Network, package, save

MODELS = {"rec": "ch_PP-OCRv4_rec_infer.onnx", "cls": "ch_ppocr_mobile_v2.0_cls_infer.onnx",
          "det": "ch_PP-OCRv4_det_infer.onnx"}
FONTS = [path for folder in ("liberation*", "freefont", "croscore")
         for path in sorted(glob.glob(f"/usr/share/fonts/truetype/{folder}/*.ttf"))]


def vocabularies():
    """Of calibration and of evaluation."""
    with open("/usr/share/dict/american-english", encoding="utf-8") as file:
        words = [word for word in file.read().split() if word.isascii() and word.isalpha() and len(word) > 2]
    random.Random(7).shuffle(words)
    return words[: len(words) // 4], words[len(words) // 4 :]


def phrase(rng, words, count):
    def word():
        chosen, kind = rng.choice(words), rng.random()
        if kind < 0.1:
            return str(rng.randint(0, 99999))
        return chosen.upper() if kind < 0.2 else chosen.capitalize() if kind < 0.45 else chosen
    return " ".join(word() for _ in range(count))


def colours(rng):
    light, dark = [tuple(rng.randint(*limits) for _ in range(3)) for limits in ((150, 255), (0, 110))]
    return (dark, light) if rng.random() < 0.25 else (light, dark)


def blurred(rng, picture, least):
    scale = rng.uniform(least, 1)
    small = picture.resize([int(side * scale) for side in picture.size], Image.BILINEAR)
    return small.resize(picture.size, Image.BICUBIC)


def tensor(rng, picture):
    """With noise, as the networks take it: BGR from -1 to 1."""
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, 14), (*picture.size[::-1], 3))
    levels = np.clip(np.round(np.asarray(picture, np.float32) + noise), 0, 255)
    return (levels[:, :, ::-1].transpose(2, 0, 1) / 127.5 - 1).astype(np.float32)


def line(rng, words, width, height=48):
    font = ImageFont.truetype(rng.choice(FONTS), rng.randint(22, 34))
    text = phrase(rng, words, rng.randint(1, 3))
    while font.getlength(text) > width - 16:
        text = phrase(rng, words, rng.randint(1, 3))
    paper, ink = colours(rng)
    picture = Image.new("RGB", (width, height), paper)
    place = (rng.randint(2, 10), height // 2 + rng.randint(-3, 3))
    ImageDraw.Draw(picture).text(place, text, font=font, fill=ink, anchor="lm")
    picture = picture.rotate(rng.uniform(-1.5, 1.5), Image.BICUBIC, fillcolor=paper)
    return tensor(rng, blurred(rng, picture, 0.35)), text


def page(rng, words, side=320):
    """And where its lines are."""
    paper, ink = colours(rng)
    picture, boxes = Image.new("RGB", (side, side), paper), np.zeros((1, side, side), bool)
    draw, top = ImageDraw.Draw(picture), rng.randint(5, 40)
    for _ in range(rng.randint(0, 3)):  # what is no text
        corners = sorted(rng.randint(0, side) for _ in range(2)), sorted(rng.randint(0, side) for _ in range(2))
        draw.rectangle([corners[0][0], corners[1][0], corners[0][1], corners[1][1]], outline=ink)
    while True:
        font = ImageFont.truetype(rng.choice(FONTS), rng.randint(11, 30))
        text, left = phrase(rng, words, rng.randint(1, 5)), rng.randint(4, side // 3)
        x0, y0, x1, y1 = draw.textbbox((left, top), text, font=font)
        if y1 > side - 4:
            return tensor(rng, blurred(rng, picture, 0.6)), boxes
        if x1 < side - 4:
            draw.text((left, top), text, font=font, fill=ink)
            boxes[0, y0:y1, x0:x1] = True
        top = y1 + rng.randint(3, 30)


def model(name, folder):
    models = package(folder, "rapidocr-onnxruntime", "1.4.4") / "rapidocr_onnxruntime/models"
    shutil.copy(models / MODELS[name], folder / "model.onnx")


def draw(folder, make, counts):
    """`make`(rng, words) gives an input and its truth."""
    for seed, (part, words) in enumerate(zip(("calibration", "evaluation"), vocabularies()), 1):
        rng = random.Random(seed)
        inputs, truths = zip(*(make(rng, words) for _ in range(counts[part])))
        save(folder, part, {"x": np.stack(inputs)}, np.array(truths))


def recognizer(folder):
    model("rec", folder)
    draw(folder, lambda rng, words: line(rng, words, 320), {"calibration": 64, "evaluation": 400})


def classifier(folder):
    def turned(rng, words):
        picture, _ = line(rng, words, 192)
        turn = rng.randrange(2)
        return (picture[:, ::-1, ::-1] if turn else picture), turn
    model("cls", folder)
    draw(folder, turned, {"calibration": 64, "evaluation": 640})


def detector(folder):
    model("det", folder)
    draw(folder, page, {"calibration": 32, "evaluation": 100})


def read_right(output, truths, folder):
    metadata = {entry.key: entry.value for entry in onnx.load(folder / "model.onnx").metadata_props}
    characters = ["", *metadata["character"].splitlines(), " "]
    texts = ["".join(characters[c] for c in text).strip() for text in measures.readings(output)]
    return measures.character_accuracy(texts, truths.tolist())


NETWORKS = [
    Network("rec", "OCR recognizer, characters", "PP-OCRv4 rec, 400 lines", recognizer, truth=read_right,
            wanted=(-0.6, -2.5, -0.3, 50)),
    Network("cls", "direction classifier, agreement", "PP-OCR cls, 640 lines", classifier,
            alike=measures.agreement, wanted=(97, 84, 97, 30)),
    Network("det", "detection FCN, pixel F1", "PP-OCRv4 det, 100 pages", detector,
            truth=lambda output, truths, folder: measures.f1(output > 0.5, truths), wanted=(-0.4, -0.6, -0.3, 80)),
]
