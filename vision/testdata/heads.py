"""Writes heads.json: outputs of detectors, and what a decoder in numpy makes of them.

    python3 -m venv /tmp/heads && /tmp/heads/bin/pip install numpy==2.4.6
    /tmp/heads/bin/python heads.py

Each head is the inverse of its decoding, for a few boxes that are found at several cells
each, plus noise; the decoders below are written after Ultralytics' non_max_suppression,
after Frigate's edgetpu_tfl.py, and after NanoDet's distribution focal loss.
"""

import base64
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 96, 32
STRIDES = (8, 16, 32)
CLASSES = 5
rng = np.random.default_rng(11)


def cells(strides=STRIDES):
    """Middles of the cells in pixels and their strides."""
    rows = []
    for s in strides:
        y, x = np.meshgrid(np.arange(HEIGHT // s), np.arange(WIDTH // s), indexing="ij")
        rows.append(np.stack([(x.ravel() + 0.5) * s, (y.ravel() + 0.5) * s, np.full(x.size, s)], 1))
    return np.concatenate(rows)


def objects():
    """Boxes with a class and a score: some overlap, in the same class and in others."""
    boxes = np.array([[5, 3, 40, 19], [9, 4, 44, 20], [7, 2, 41, 19], [50, 5, 90, 30], [60, 1, 94, 15], [1, 20, 30, 31]], float)
    return boxes, np.array([0, 0, 3, 1, 1, 4]), np.array([0.9, 0.8, 0.85, 0.7, 0.6, 0.3])


def truth():
    """For each cell the box, and scores of all classes."""
    grid = cells()
    boxes, ids, scores = objects()
    target = np.tile(np.array([[0, 0, 16, 16]], float), (len(grid), 1)) + rng.uniform(0, 8, (len(grid), 4))
    score = rng.uniform(0, 0.05, (len(grid), CLASSES))
    for box, k, s in zip(boxes, ids, scores):
        middle = (box[:2] + box[2:]) / 2
        near = np.argsort(np.abs(grid[:, :2] - middle).sum(1) + rng.uniform(0, 2, len(grid)))[:4]
        for n, cell in enumerate(near):
            target[cell] = box + rng.normal(0, 0.7, 4)
            score[cell, :] = rng.uniform(0, 0.05, CLASSES)
            score[cell, k] = s - 0.03 * n
    return target, score


def iou(a, b):
    w = np.clip(np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0]), 0, None)
    h = np.clip(np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1]), 0, None)
    shared = w * h
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) - shared)


def result(boxes, scores, threshold, overlap):
    """Best class of each row, those above the threshold, NMS by class."""
    ids, best = scores.argmax(1), scores.max(1)
    keep = best >= threshold
    boxes, ids, best = boxes[keep], ids[keep], best[keep]
    order = np.argsort(-best, kind="stable")
    boxes, ids, best = boxes[order], ids[order], best[order]
    out, alive = [], np.ones(len(best), bool)
    for k in range(len(best)):
        if alive[k]:
            out.append(k)
            if overlap:
                alive[k:] &= ~((iou(boxes[k], boxes[k:]) > overlap) & (ids[k:] == ids[k]))
    limit = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
    return [{"id": int(ids[k]), "score": float(best[k]), "box": np.clip(boxes[k], 0, limit).tolist()} for k in out]


def quantised(x, dtype):
    """As a converter does it: asymmetric, one scale for the tensor."""
    if dtype == "float32":
        return {"type": dtype, "data": x.astype(np.float32)}, x.astype(np.float32).astype(float)
    info = np.iinfo(dtype)
    low, high = min(x.min(), 0), max(x.max(), 0)
    scale = float(np.float32((high - low) / 255))
    zero = int(np.clip(np.round(info.min - low / scale), info.min, info.max))
    q = np.clip(np.round(x / scale) + zero, info.min, info.max).astype(dtype)
    return {"type": dtype, "scale": scale, "zero_point": zero, "data": q}, (q.astype(float) - zero) * scale


def corners(b):
    return np.stack([b[:, 0] - b[:, 2] / 2, b[:, 1] - b[:, 3] / 2, b[:, 0] + b[:, 2] / 2, b[:, 1] + b[:, 3] / 2], 1)


def centred(b):
    return np.stack([(b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2, b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]], 1)


SIZE = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], float)


def output(tensor, shape, name=""):
    data = tensor.pop("data").reshape(shape)
    return {**tensor, "shape": list(shape), "name": name, "data": base64.b64encode(data.tobytes()).decode()}


def yolov5(dtype, pixels):
    target, score = truth()
    rows = []
    for k in range(len(target)):  # three places in each cell, one of which has the object
        for anchor in range(3):
            presence = 0.95 if anchor == k % 3 else 0.1
            rows.append(np.concatenate([centred(target[k : k + 1])[0] + anchor, [presence], score[k]]))
    x = np.array(rows)
    if not pixels:
        x[:, :4] /= SIZE
    tensor, x = quantised(x, dtype)
    boxes = corners(x[:, :4] * (1 if pixels else SIZE))
    return "yolov5", [output(tensor, (1,) + x.shape)], result(boxes, x[:, 4:5] * x[:, 5:], 0.25, 0.45)


def yolov8(dtype, pixels, turned):
    target, score = truth()
    x = np.concatenate([centred(target) / (1 if pixels else SIZE), score], 1)
    tensor, x = quantised(x, dtype)
    boxes = corners(x[:, :4] * (1 if pixels else SIZE))
    shape = (1,) + x.shape
    if not turned:
        tensor["data"], shape = tensor["data"].T.copy(), (1,) + x.T.shape
    return "yolov8", [output(tensor, shape)], result(boxes, x[:, 4:], 0.25, 0.45)


def logit(p):
    return np.log(p / (1 - p))


def distributions(distance, bins):
    """Logits whose mean after softmax is the distance: two neighbours share it."""
    distance = np.clip(distance, 0.02, bins - 1.02)
    low = np.floor(distance)
    part = distance - low
    out = np.full(distance.shape + (bins,), -4.0) + rng.normal(0, 0.3, distance.shape + (bins,))
    for which, weight in ((low, 1 - part), (low + 1, part)):
        np.put_along_axis(out, which.astype(int)[..., None], np.log(np.clip(weight, 0.01, None))[..., None] + 4, -1)
    return out.reshape(len(distance), -1)


def dfl_boxes(x, grid, bins):
    e = np.exp(x.reshape(len(x), 4, bins))
    d = (e / e.sum(-1, keepdims=True)) @ np.arange(bins) * grid[:, 2:3]
    return np.concatenate([grid[:, :2] - d[:, :2], grid[:, :2] + d[:, 2:]], 1)


def dfl(bins):
    target, score = truth()
    grid = cells()
    distance = np.concatenate([grid[:, :2] - target[:, :2], target[:, 2:] - grid[:, :2]], 1) / grid[:, 2:3]
    return distributions(distance, bins), score, grid


def yolov9(dtype, third):
    x, score, grid = dfl(16)
    boxes, x = quantised(x, dtype)
    classes, y = quantised(logit(np.clip(score, 0.01, None)), dtype)
    outputs = [output(classes, (1,) + y.shape), output(boxes, (1,) + x.shape)]
    if third:
        best, _ = quantised(y.max(1), dtype)
        outputs.append(output(best, (1, len(y), 1)))
    return "yolov9", outputs, result(dfl_boxes(x, grid, 16), 1 / (1 + np.exp(-y)), 0.4, 0.4)


def split(x):
    at = 0
    for s in STRIDES:
        n = (HEIGHT // s) * (WIDTH // s)
        yield s, x[at : at + n]
        at += n


def yolo_maps(dtype):
    """As Keras leaves them: the middle one first, all of one name."""
    x, score, grid = dfl(16)
    both = np.concatenate([x, logit(np.clip(score, 0.01, None))], 1)
    maps, read = [], []
    for s, part in split(both):
        tensor, part = quantised(part, dtype)
        maps.append(output(tensor, (1, HEIGHT // s, WIDTH // s, part.shape[1]), "output_0"))
        read.append(part)
    x = np.concatenate(read)
    found = result(dfl_boxes(x[:, :64], grid, 16), 1 / (1 + np.exp(-x[:, 64:])), 0.25, 0.45)
    return "yolo-maps", [maps[1], maps[0], maps[2]], found


def nanodet(dtype, bins):
    """Scores after the sigmoid, in outputs without an order."""
    x, score, grid = dfl(bins)
    outputs, boxes, scores = [], [], []
    for (_, b), (_, c) in zip(split(x), split(score)):
        tensor, b = quantised(b, dtype)
        outputs.append(output(tensor, b.shape))
        tensor, c = quantised(c, dtype)
        outputs.append(output(tensor, c.shape))
        boxes.append(b)
        scores.append(c)
    order = rng.permutation(len(outputs))
    found = result(dfl_boxes(np.concatenate(boxes), grid, bins), np.concatenate(scores), 0.35, 0.5)
    return "nanodet", [outputs[k] for k in order], found


def end2end(dtype, pixels):
    target, score = truth()
    order = np.argsort(-score.max(1))[:30]
    x = np.concatenate([target[order] / (1 if pixels else SIZE), score[order].max(1)[:, None], score[order].argmax(1)[:, None]], 1)
    tensor, x = quantised(x, dtype)
    scores = np.zeros((len(x), CLASSES))
    scores[np.arange(len(x)), np.round(x[:, 5]).astype(int)] = x[:, 4]
    return "end2end", [output(tensor, (1,) + x.shape)], result(x[:, :4] * (1 if pixels else SIZE), scores, 0.25, 0)


def main():
    cases = {
        "yolov5, pixels": yolov5("float32", True),
        "yolov5, uint8": yolov5("uint8", False),
        "yolov8": yolov8("float32", False, False),
        "yolov8, pixels": yolov8("float32", True, False),
        "yolov8, turned": yolov8("float32", True, True),
        "yolov8, int8": yolov8("int8", False, False),
        "yolov9, int8": yolov9("int8", False),
        "yolov9, three outputs": yolov9("int8", True),
        "yolo-maps, int8": yolo_maps("int8"),
        "nanodet": nanodet("float32", 11),
        "nanodet, uint8": nanodet("uint8", 8),
        "end2end, pixels": end2end("float32", True),
        "end2end": end2end("float32", False),
    }
    text = {
        "width": WIDTH,
        "height": HEIGHT,
        "cases": {name: {"head": head, "outputs": outputs, "objects": objects} for name, (head, outputs, objects) in cases.items()},
    }
    (HERE / "heads.json").write_text(json.dumps(text, indent=1) + "\n")
    for name, (_, _, found) in cases.items():
        print(name, len(found))


main()
