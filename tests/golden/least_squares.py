#!/usr/bin/env python3
"""Compares a linear model with the least-squares solution of its data.

usage: least_squares.py MODEL ROWS.csv [TOLERANCE]

An independent program: it shares no code with psmith. The model file is read
as safetensors by hand, the solution is numpy's. ROWS.csv has a header; the
label is the column y, row weights (if any) the column weight. Prints the
largest difference of a weight or the bias; fails above TOLERANCE (1e-3).
"""
import json
import struct
import sys

import numpy as np


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        body = file.read()
    types = {"F64": "<f8", "F32": "<f4", "U64": "<u8"}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(body[begin:end], types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def solve(path):
    with open(path) as file:
        names = file.readline().strip().split(",")
        rows = np.loadtxt(file, delimiter=",", ndmin=2)
    features = [i for i, name in enumerate(names) if name[0] == "x"]
    x = np.hstack([rows[:, features], np.ones((len(rows), 1))])
    y = rows[:, names.index("y")]
    if "weight" in names:
        root = np.sqrt(rows[:, names.index("weight")])
        x, y = x * root[:, None], y * root
    return np.linalg.lstsq(x, y, rcond=None)[0]


def main():
    model = read_safetensors(sys.argv[1])
    tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-3
    expected = solve(sys.argv[2])
    found = np.append(model["weight"].ravel(), model["bias"].ravel())
    if found.shape != expected.shape:
        sys.exit(f"the model has {len(found) - 1} weights, not {len(expected) - 1}")
    difference = float(np.max(np.abs(found - expected)))
    print(f"largest difference from least squares: {difference:.3g}")
    if not difference <= tolerance:
        sys.exit(f"above {tolerance:g}")


if __name__ == "__main__":
    main()
