"""Prints what BlazeFace finds, decoded with numpy: the references of TestBlazeFace.

    pip install ai-edge-litert==2.3.0 numpy==2.3.5 pillow==12.0.0
    python faces.py face_detection_short_range.tflite face.jpg…
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

GRIDS = {896: [(16, 2), (8, 6)], 2304: [(48, 1)]}


def anchors(n):
    """The middles of the cells, each as often as it has anchors."""
    return np.array([((x + .5) / side, (y + .5) / side)
                     for side, count in GRIDS[n] for y in range(side) for x in range(side) for _ in range(count)])


def letterbox(picture, size, resample):
    scale = min(size / picture.width, size / picture.height)
    w, h = int(picture.width * scale), int(picture.height * scale)
    left, top = (size - w) // 2, (size - h) // 2
    canvas = Image.new("RGB", (size, size))
    canvas.paste(picture.resize((w, h), resample), (left, top))
    return np.asarray(canvas, np.float32), np.array([left, top, left, top]), np.array([w, h, w, h])


def iou(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def faces(model, path, resample, threshold=.5):
    interpreter = Interpreter(model)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    size = entry["shape"][1]
    picture = Image.open(path).convert("RGB")
    pixels, offset, scaled = letterbox(picture, size, resample)
    interpreter.set_tensor(entry["index"], (pixels / 127.5 - 1)[None])
    interpreter.invoke()
    outputs = [interpreter.get_tensor(d["index"])[0].astype(np.float64) for d in interpreter.get_output_details()]
    numbers = next(o for o in outputs if o.shape[1] == 16).reshape(-1, 8, 2) / size
    logits = next(o for o in outputs if o.shape[1] == 1)[:, 0]
    scores = 1 / (1 + np.exp(-np.clip(logits, -100, 100)))
    centres = numbers[:, 0] + anchors(len(scores))
    boxes = np.concatenate([centres - numbers[:, 1] / 2, centres + numbers[:, 1] / 2], 1)
    left = [k for k in np.argsort(-scores) if scores[k] >= threshold]
    while left:
        same = [k for k in left if k == left[0] or iou(boxes[left[0]], boxes[k]) > .3]
        mean = np.average(boxes[same], 0, scores[same])
        box = (mean * size - offset) * np.array(picture.size * 2) / scaled
        print(path, f"{scores[left[0]]:.3f}", np.round(box, 1))
        left = [k for k in left if k not in same]


for path in sys.argv[2:]:
    for name in "BILINEAR", "LANCZOS":
        print(name)
        faces(sys.argv[1], path, Image.Resampling[name])
