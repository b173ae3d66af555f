"""Writes ssd.json: what ai-edge-litert with Pillow finds in pictures by ssd_detect.tflite.

    python3 -m venv /tmp/ssd && /tmp/ssd/bin/pip install ai-edge-litert==2.3.0 numpy==2.4.6 pillow==13.0.0
    /tmp/ssd/bin/python ssd.py FOLDER_OF_MODELS FOLDER_OF_CORALS_TEST_DATA

The first folder is that which "make models" fills. Pictures are scaled with the Lanczos
filter, as pycoral's detect_image.py does; "top-left" is its set_resized_input. The outputs
are read as pycoral reads those of TensorFlow 1.
"""

import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
THRESHOLD = 0.4


def find(interpreter, img, fit):
    tensor = interpreter.get_input_details()[0]
    _, h, w, _ = tensor["shape"]
    size = (w, h)
    if fit == "top-left":
        scale = min(w / img.width, h / img.height)
        size = (int(img.width * scale), int(img.height * scale))
    pixels = np.zeros((h, w, 3), np.uint8)
    pixels[: size[1], : size[0]] = np.asarray(img.resize(size, Image.Resampling.LANCZOS))
    interpreter.set_tensor(tensor["index"], pixels[None])
    interpreter.invoke()
    boxes, ids, scores, count = [interpreter.get_tensor(o["index"])[0] for o in interpreter.get_output_details()]
    found = []
    for k in range(int(count)):
        if scores[k] >= THRESHOLD:
            top, left, bottom, right = np.clip(boxes[k], 0, 1)
            x, y = w / size[0] * img.width, h / size[1] * img.height
            box = np.clip([left * x, top * y, right * x, bottom * y], 0, [img.width, img.height] * 2)
            found.append({"id": int(ids[k]), "score": round(float(scores[k]), 4), "box": [round(float(v), 2) for v in box]})
    return found


def main():
    models, corals = map(pathlib.Path, sys.argv[1:])
    interpreter = Interpreter(str(models / "ssd_detect.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    cases = []
    for path in [models / "peacock.png", models / "laptop.jpg"] + [corals / "images" / n for n in ("cat.bmp", "cat_1080p.jpg", "grace_hopper.bmp", "kite_and_cold.jpg", "squat.bmp")]:
        img = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        for fit in ("stretch", "top-left"):
            found = find(interpreter, img, fit)
            cases.append({"picture": path.name, "fit": fit, "objects": found})
            print(path.name, fit, [(o["id"], o["score"]) for o in found])
    lines = ",\n".join("\t" + json.dumps(c) for c in cases)
    (HERE / "ssd.json").write_text(f"[\n{lines}\n]\n")


main()
