"""Figures of outputs, worked out apart from dsquant: against the truth, against the float network's outputs, and what
dsquant's report says it measured (src/report/loss.h)."""
import numpy as np


def softmax(x):
    e = np.exp(x.astype(np.float64) - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def probabilities(x):
    return x if x.min() >= 0 and abs(x.sum(-1) - 1).max() < 5e-3 else softmax(x)


def agreement(reference, output):
    return 100 * np.mean(reference.argmax(-1) == output.argmax(-1))


def accuracy(output, labels):
    return 100 * np.mean(output.argmax(-1) == labels)


def edits(a, b):
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


def readings(output):
    """Texts as lists of classes: what is chosen at each step, repetitions and blanks (class 0) left out."""
    return [[int(c) for i, c in enumerate(row) if c and (i == 0 or row[i - 1] != c)] for row in output.argmax(-1)]


def character_accuracy(texts, truths):
    return 100 * (1 - sum(map(edits, texts, truths)) / sum(map(len, truths)))


def f1(mask, truth):
    return 200 * np.sum(mask & truth) / (np.sum(mask) + np.sum(truth))


def cosine(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.mean((a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1)))


def confidence_lost(reference, output):
    """Of each row: what float's probabilities give its own choice, less what they give the output's."""
    p, rows = probabilities(reference), output.argmax(-1)[..., None]
    return (p.max(-1, keepdims=True) - np.take_along_axis(p, rows, -1))[..., 0]


def text_lost(reference, output):
    lost = confidence_lost(reference, output)
    differ = reference.argmax(-1) != output.argmax(-1)
    before, after = readings(reference), readings(output)
    worth = [edits(a, b) * x[d].mean() if d.any() else 0 for a, b, x, d in zip(before, after, lost, differ)]
    return 100 * sum(worth) / sum(map(len, before))


# By the names that a report gives them: points lost.
REPORTED = {
    "accuracy": lambda a, b, labels: accuracy(a, labels) - accuracy(b, labels),
    "estimated": lambda a, b, labels: 100 * confidence_lost(a, b).mean(),
    "text": lambda a, b, labels: text_lost(a, b),
    "mask": lambda a, b, labels: 100 - f1(a > 0.5, b > 0.5),
    "cosine": lambda a, b, labels: 100 * (1 - cosine(a, b)),
}
