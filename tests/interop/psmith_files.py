"""The files of psmith, read as psmith-formats(5) describes them, with numpy
and nothing else.  Written from the page alone.
"""
import hashlib
import json
import os
import re
from types import SimpleNamespace

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "U64": "<u8", "U32": "<u4",
          "I64": "<i8", "I32": "<i4", "U8": "<u1"}


class Bad(Exception):
    """A file that is not as the page says."""


def expect(true, what):
    if not true:
        raise Bad(what)


def no_twins(pairs):
    expect(len(dict(pairs)) == len(pairs), "a name occurs twice")
    return dict(pairs)


def text_of(text):
    """The bytes of the user's file that a text in JSON stands for."""
    result = b""
    for letter in text:
        code = ord(letter)
        result += (bytes([code - 0xf700]) if 0xf780 <= code <= 0xf7ff
                   else letter.encode())
    return result


def read_safetensors(path):
    """(metadata, {name: array}); strict about everything that the page says."""
    with open(path, "rb") as file:
        whole = file.read()
    length = int.from_bytes(whole[:8], "little")
    expect(length <= 64 << 20 and 8 + length <= len(whole), "header's length")
    expect((8 + length) % 64 == 0, "data begin at no multiple of 64 bytes")
    top = json.loads(whole[8:8 + length], object_pairs_hook=no_twins)
    metadata = top.pop("__metadata__", {})
    expect(all(isinstance(x, str) for x in metadata.values()), "metadata")
    end, size, arrays = 0, 8, {}
    for name, what in sorted(top.items(), key=lambda x: x[1]["data_offsets"]):
        begin, stop = what["data_offsets"]
        dtype = np.dtype(DTYPES[what["dtype"]])
        expect(begin == end, f"{name}: a hole or an overlap")
        expect(dtype.itemsize <= size, f"{name}: not ordered by size")
        end, size = stop, dtype.itemsize
        count = int(np.prod(what["shape"], dtype=np.int64))
        expect(stop - begin == count * dtype.itemsize, f"{name}: its shape")
        expect((8 + length + begin) % dtype.itemsize == 0, f"{name}: aligned")
        arrays[name] = np.frombuffer(
            whole, dtype, count, 8 + length + begin).reshape(what["shape"])
    expect(8 + length + end == len(whole), "tensors do not end with the file")
    return metadata, arrays


def own_digest(content):
    """(the digest that a manifest or model names, the one that it has)."""
    found = re.findall(rb'"digest":"([0-9a-f]{64})"', content)
    expect(len(found) == 1, f"{len(found)} digests")
    zeroed = content.replace(b'"digest":"' + found[0],
                             b'"digest":"' + b"0" * 64)
    return found[0].decode(), hashlib.sha256(zeroed).hexdigest()


CRC_TABLE = []
for index in range(256):
    for _ in range(8):
        index = (index >> 1) ^ (0x82f63b78 if index & 1 else 0)
    CRC_TABLE.append(index)


def crc32c(content):
    crc = 0xffffffff
    for byte in content:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xffffffff


MANIFEST = {"format", "version", "schema", "dense", "weighted", "block_rows",
            "distinct_keys", "seed", "by", "shards", "digest"}


class Dataset:
    """A folder with a manifest and shards; everything is checked."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            content = file.read()
        self.digest, true_digest = own_digest(content)
        expect(self.digest == true_digest, "the manifest's digest")
        manifest = json.loads(content, object_pairs_hook=no_twins)
        expect(set(manifest) == MANIFEST, f"members {set(manifest)}")
        expect(manifest["format"] == "psmith-dataset", "format")
        expect(manifest["version"] == 1, "version")
        expect(manifest["digest"] == self.digest, "digest")
        self.manifest = manifest
        self.dense = manifest["dense"]
        self.schema = manifest["schema"]
        expect(self.dense == (self.schema["format"] == "csv"), "dense")

    def shard(self, index):
        """A shard as a namespace: its metadata and its tensors by name."""
        entry = self.manifest["shards"][index]
        path = os.path.join(self.folder, entry["file"])
        with open(path, "rb") as file:
            content = file.read()
        expect(len(content) == entry["bytes"], f"{path}: bytes")
        expect(hashlib.sha256(content).hexdigest() == entry["sha256"],
               f"{path}: sha256")
        expect(crc32c(content) == entry["crc32c"], f"{path}: crc32c")
        metadata, arrays = read_safetensors(path)
        expect(metadata["format"] == "psmith-shard", "format")
        expect(metadata["version"] == "1", "version")
        expect(metadata["kind"] == ("dense" if self.dense else "sparse"),
               "kind")
        if not self.dense:
            expect(metadata["block_rows"] == str(self.manifest["block_rows"]),
                   "block_rows")
        expect(("weight" in arrays) == self.manifest["weighted"], "weighted")
        expect(len(arrays["label"]) == entry["rows"], "rows")
        return SimpleNamespace(rows=entry["rows"], holdout=entry["holdout"],
                               non_zeros=entry["non_zeros"], **arrays)

    def shards(self, holdout=None):
        """Indices of the shards, of the training ones or those held out."""
        return [i for i, entry in enumerate(self.manifest["shards"])
                if holdout is None or entry["holdout"] == holdout]

    def entries(self, shard, row):
        """(keys, values) of a row of a sparse shard."""
        begin, end = (int(x) for x in shard.row_begin[row:row + 2])
        block = row // self.manifest["block_rows"]
        keys = shard.key[shard.key_begin[block] + shard.local[begin:end]]
        if hasattr(shard, "value"):
            return keys, shard.value[begin:end]
        return keys, np.ones(end - begin, np.float32)


class Model:
    """A model file; w and b are as trained, in 32 bits."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.content = file.read()
        metadata, arrays = read_safetensors(path)
        expect(set(metadata) == {"format", "version", "digest", "model"},
               f"metadata {set(metadata)}")
        expect(metadata["format"] == "psmith-model", "format")
        expect(metadata["version"] == "1", "version")
        self.digest, true_digest = own_digest(self.content)
        expect(self.digest == true_digest == metadata["digest"], "digest")
        self.model_text = metadata["model"]
        self.header = json.loads(self.model_text)
        self.settings = self.header["settings"]
        self.dense = self.settings["dense"]
        self.outputs = self.settings["class_count"] or 1
        self.arrays = arrays
        self.weight, self.bias = arrays["weight"], arrays["bias"]
        if self.dense:
            expect(set(arrays) == {"weight", "bias", "bias_standardised"},
                   f"tensors {set(arrays)}")
            columns = self.header["schema"]["columns"]
            self.mean = np.array([c["mean"] for c in columns])
            self.scale = np.array([c["scale"] for c in columns])
            self.trained_weight = (self.weight * self.scale).astype(np.float32)
            self.trained_bias = arrays["bias_standardised"]
        else:
            expect(set(arrays) == {"key", "weight", "bias"},
                   f"tensors {set(arrays)}")
            self.key = arrays["key"]
            expect(bool(np.all(self.key[1:] > self.key[:-1])), "keys ascend")

    def raw(self, x):
        """Outputs of dense rows as they stand in the user's file."""
        return x @ self.weight.T + self.bias

    def raw_sparse(self, keys, values):
        """Outputs of one sparse row."""
        at = np.searchsorted(self.key, keys)
        at[at == len(self.key)] = 0
        known = self.key[at] == keys if len(self.key) else at < 0
        return (self.weight[at[known]].astype(np.float64) *
                values[known, None]).sum(0) + self.bias


class Checkpoint:
    """The files of all lanes at one version, put together.

    dense: {tensor: flat array}; slots: {tensor: [flat arrays]}; of a sparse
    model the table's key, rows, and row_slots.
    """

    def __init__(self, folder):
        self.metadata, self.lanes = None, {}
        ranges, tables = {}, []
        for name in sorted(os.listdir(folder)):
            metadata, arrays = read_safetensors(os.path.join(folder, name))
            expect(metadata["psmith"] == "checkpoint", "its kind")
            expect(name == f"lane-{metadata['lane']}.safetensors", name)
            self.lanes[int(metadata.pop("lane"))] = arrays
            expect(metadata == (self.metadata or metadata), "other metadata")
            self.metadata = metadata
            for tensor, values in arrays.items():
                found = re.fullmatch(r"t\.(\w+)\.(\d+)-(\d+)(?:\.slot(\d))?",
                                     tensor)
                if found:
                    of, begin, end, slot = found.groups()
                    expect(values.shape == (int(end) - int(begin),), tensor)
                    ranges.setdefault((of, slot), []).append(
                        (int(begin), int(end), values))
                else:
                    expect(tensor.startswith("table.weight."), tensor)
            if "table.weight.key" in arrays:
                tables.append(arrays)
        expect(len(self.lanes) == int(self.metadata["lanes"]), "lanes")
        self.dense, self.slots = {}, {}
        for (of, slot), parts in sorted(ranges.items(), key=str):
            whole = self.joined(of, parts)
            if slot is None:
                self.dense[of] = whole
                continue
            expect(int(slot) == len(self.slots.setdefault(of, [])), of)
            self.slots[of].append(whole)
        if tables:
            self.add_table(tables)

    @staticmethod
    def joined(name, parts):
        parts.sort(key=lambda part: part[0])
        at = 0
        for begin, end, _ in parts:
            expect(begin == at, f"{name}: a hole or an overlap at {at}")
            at = end
        return np.concatenate([values for _, _, values in parts])

    def add_table(self, tables):
        keys = [arrays["table.weight.key"] for arrays in tables]
        for key in keys:
            expect(bool(np.all(key[1:] > key[:-1])), "keys ascend")
        order = np.argsort(np.concatenate(keys))
        self.key = np.concatenate(keys)[order]
        self.rows, self.row_slots = None, []
        names = ["table.weight.weight"] + [
            f"table.weight.slot{i}" for i in range(len(tables[0]))
            if f"table.weight.slot{i}" in tables[0]]
        for name in names:
            rows = np.concatenate([arrays[name] for arrays in tables])[order]
            if self.rows is None:
                self.rows = rows
            else:
                self.row_slots.append(rows)
