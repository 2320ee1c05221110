"""The networks of models/ (made by export_models.py with both of torch's exporters) compute what ONNX Runtime computes.

    networks_test.py RUN_MODEL [--backend NAME]
"""
import os
import sys

import compare

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
# By the beginning of the file's name: the inputs of each run.
INPUTS = {
    "convnext": [["x=1,3,32,32"], ["x=3,3,32,32"]],
    "fused_old17": [["x=2,7,48"]],  # the old exporter writes the batch and the length of its example into this one
    "fused_new23": [["x=1,5,48"], ["x=3,11,48"]],
    "mobilenet": [["x=1,3,32,32"], ["x=3,3,40,24"]],
    "resnet": [["x=1,3,32,32"], ["x=5,3,32,32"]],
    "tagger": [["tokens=1,7:0:60", "state=1,1,24"], ["tokens=4,7:0:60", "state=1,4,24"]],
    "transformer": [["tokens=1,5:0:100"], ["tokens=3,33:0:100"]],
    "unet": [["x=1,1,24,32"], ["x=2,1,24,32"]],
}


def runs_of(name):
    return INPUTS.get(name.split(".")[0]) or INPUTS[name.split("_")[0]]


def main():
    names = sorted(os.listdir(MODELS))
    arguments = []
    for name in names:
        for run in runs_of(name):
            arguments += ["--", os.path.join(MODELS, name), *run]
    return compare.main(sys.argv[1:] + arguments[1:])


if __name__ == "__main__":
    sys.exit(main())
