"""Writes the pictures of this folder that Go cannot write, and prints the table of
TestResizeIsPillows.

    python3 -m venv /tmp/pillow && /tmp/pillow/bin/pip install pillow==13.0.0
    /tmp/pillow/bin/python pillow.py
"""

import hashlib
import pathlib

from PIL import Image

HERE = pathlib.Path(__file__).parent
ORIENTATION = 0x0112


def pseudo_random(seed, n):
    out = bytearray(n)
    for i in range(n):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = seed >> 24
    return bytes(out)


def table():
    w, h = 61, 47
    colour = Image.frombytes("RGB", (w, h), pseudo_random(1, 3 * w * h))
    grey = Image.frombytes("L", (w, h), pseudo_random(7, w * h))
    for size in [(16, 16), (61, 47), (224, 100), (7, 90), (1, 1), (61, 10)]:
        for name, channels, img in [("colour", 3, colour), ("grey", 1, grey), ("colour", 1, colour)]:
            scaled = img.resize(size, Image.Resampling.LANCZOS)
            if channels == 1:
                scaled = scaled.convert("L")
            digest = hashlib.sha256(scaled.tobytes()).hexdigest()
            print(f'{{{name}, {channels}, {size[0]}, {size[1]}, "{digest}"}},')


def corners():
    """16 by 32 pixels: top left red, top right green, below blue and white."""
    img = Image.new("RGB", (16, 32))
    for k, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]):
        left, top = k % 2 * 8, k // 2 * 16
        img.paste(colour, (left, top, left + 8, top + 16))
    return img


def pictures():
    img = corners()
    exif = img.getexif()
    exif[ORIENTATION] = 6
    img.save(HERE / "lossless.webp", lossless=True)
    img.save(HERE / "lossy.webp", quality=90)
    Image.new("RGB", (16, 16), (200, 120, 60)).save(HERE / "orange.webp", quality=90)
    img.save(HERE / "turned.webp", lossless=True, exif=exif)
    img.save(HERE / "animated.webp", save_all=True, append_images=[img.rotate(180)])
    img.save(HERE / "progressive.jpg", progressive=True, quality=90)
    img.convert("CMYK").save(HERE / "cmyk.jpg", quality=90)
    # Noise, so that all symbols occur; the second and third with restart markers.
    noise = Image.frombytes("RGB", (61, 47), pseudo_random(1, 3 * 61 * 47)).resize((85, 71), Image.Resampling.BICUBIC)
    noise.save(HERE / "noise_progressive.jpg", quality=75, progressive=True)
    noise.save(HERE / "restarts.jpg", quality=75, restart_marker_blocks=3)
    noise.save(HERE / "restarts_progressive.jpg", quality=75, progressive=True, restart_marker_blocks=3)


table()
pictures()
