"""Writes the files beside it, as NumPy 2.4.6 does: pip install numpy==2.4.6."""

import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
numbers = np.array([[0, 1, 2], [3, 4, 5]])

for dtype in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
              "float16", "float32", "float64", "complex64", "complex128", "bool"]:
    np.save(here / f"{dtype}.npy", numbers.astype(dtype))

np.save(here / "scalar.npy", np.float32(1.5))
np.save(here / "vector.npy", np.arange(3, dtype=np.float32))
np.save(here / "empty.npy", np.zeros((2, 0, 3), np.float32))
np.save(here / "big_endian.npy", numbers.astype(">f4"))
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)))
np.save(here / "bytes.npy", np.array([[b"red", b""], [b"blue", b"x"]]))
np.save(here / "text.npy", np.array(["grün", "", "日本"]))
np.save(here / "object.npy", np.array([1, "one"], dtype=object))
np.save(here / "record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save(here / "date.npy", np.array(["2026-11-24"], dtype="datetime64[D]"))
with open(here / "version2.npy", "wb") as f:
    np.lib.format.write_array(f, numbers.astype("float32"), version=(2, 0))
np.savez(here / "archive.npz", numbers)
