#!/usr/bin/python3
"""Every file that psmith writes is read as psmith-formats(5) says, and holds
what its input and the programs say.  On the command line: datasets NAME made
of NAME.csv or NAME.txt, or by psdata synth.
"""
import csv
import glob
import hashlib
import json
import os
import sys

import numpy as np

from check import check, near, passed, run, same
from psmith_files import (Bad, Checkpoint, Dataset, Model, own_digest,
                          read_safetensors, text_of)
from psmith_gradient import softmax_of
from psmith_optimizer import soft
from psmith_shared import mixed

CHECKPOINT_STEPS = 6


def cat(name, part):
    """The rows of a part as psdata prints them: (label, weight, features)."""
    lines = run("psdata", "cat", name, "--part", part, "--json", text=False)
    rows = [json.loads(line) for line in lines.split(b"\n") if line]
    return [(row["label"], row.get("weight", 1.0), row["features"])
            for row in rows]


def stored(data, values):
    """A raw row of a dense dataset, as it is stored."""
    columns = data.schema["columns"]
    mean = np.array([column["mean"] for column in columns])
    scale = np.array([column["scale"] for column in columns])
    return ((np.array(values, float) - mean) / scale).astype(np.float32)


def label_of(data, label):
    """The number that stands for a label that psdata prints."""
    if not data.schema["label_text"]:
        return np.float32(label)
    names = [value["name"] for value in data.schema["label_values"]]
    return np.float32(names.index(label))


def check_sparse_shard(name, data, shard):
    """What the page says of key lists and entries."""
    block_rows = data.manifest["block_rows"]
    blocks = -(-shard.rows // block_rows)
    same(len(shard.key_begin), blocks + 1, f"{name}: key lists")
    same(int(shard.key_begin[-1]), len(shard.key), f"{name}: keys")
    same(int(shard.row_begin[-1]), len(shard.local), f"{name}: entries")
    same(shard.non_zeros, len(shard.local), f"{name}: non_zeros")
    check(not hasattr(shard, "value") or bool(np.any(shard.value != 1)),
          f"{name}: values that are all 1")
    for block in range(blocks):
        keys = shard.key[shard.key_begin[block]:shard.key_begin[block + 1]]
        order = mixed(keys)
        check(bool(np.all(order[1:] > order[:-1])), f"{name}: order of keys")
        rows = range(block * block_rows,
                     min(shard.rows, (block + 1) * block_rows))
        used = [data.entries(shard, row)[0] for row in rows]
        same(np.unique(np.concatenate(used)), np.unique(keys),
             f"{name}: keys of micro-batch {block}")


def check_shards(name, data):
    """Shards hold the rows that psdata cat prints, to the bit."""
    for holdout, part in ((False, "train"), (True, "holdout")):
        printed = iter(cat(name, part) if data.shards(holdout) else ())
        for index in data.shards(holdout):
            shard = data.shard(index)
            same(shard.holdout, holdout, f"{name}: holdout")
            if not data.dense:
                check_sparse_shard(name, data, shard)
            for row in range(shard.rows):
                label, weight, features = next(printed)
                what = f"{name}: row {row} of shard {index}"
                same(shard.label[row], label_of(data, label), what)
                same(getattr(shard, "weight", np.ones(shard.rows))[row],
                     np.float32(weight), f"{what}: weight")
                if data.dense:
                    same(shard.x[row], stored(data, list(features.values())),
                         what)
                else:
                    keys, values = data.entries(shard, row)
                    same(dict(zip(keys.tolist(), values.tolist())),
                         {int(key): float(np.float32(value))
                          for key, value in features.items()}, what)
        check(next(printed, None) is None, f"{name}: rows are missing")


def raw_rows(data, name):
    """The rows of the raw input, as they should be stored, in its order."""
    if data.dense:
        with open(f"{name}.csv", newline="") as file:
            rows = list(csv.reader(file))
        features = [column["name"] for column in data.schema["columns"]]
        for row in (dict(zip(rows[0], row)) for row in rows[1:]):
            label = row[data.schema["label"]]
            label = label if data.schema["label_text"] else float(label)
            x = stored(data, [row[name] for name in features])
            weight = float(row.get(data.schema["weight"], 1))
            yield label_of(data, label), np.float32(weight), x.tobytes()
        return
    with open(f"{name}.txt") as file:
        for line in file:
            label, *entries = line.split()
            pairs = [entry.split(":") for entry in entries]
            yield np.float32(label), np.float32(1), tuple(
                (int(key), float(np.float32(value))) for key, value in pairs)


def stored_rows(data):
    for index in data.shards():
        shard = data.shard(index)
        weight = getattr(shard, "weight", np.ones(shard.rows, np.float32))
        for row in range(shard.rows):
            if data.dense:
                features = shard.x[row].tobytes()
            else:
                keys, values = data.entries(shard, row)
                features = tuple(sorted(zip(keys.tolist(), values.tolist())))
            yield shard.label[row], weight[row], features


def check_dataset(name):
    data = Dataset(name)
    check_shards(name, data)
    if os.path.exists(f"{name}.csv") or os.path.exists(f"{name}.txt"):
        same(sorted(stored_rows(data)), sorted(raw_rows(data, name)),
             f"{name}: rows of the input")
    info = json.loads(run("psdata", "info", name, "--json"))
    same(info["digest"], data.digest, f"{name}: digest")
    shards = [data.shard(index) for index in data.shards(holdout=False)]
    labels = np.concatenate([shard.label for shard in shards])
    schema = data.schema
    if schema["label_text"]:
        same((schema["label_mean"], schema["label_scale"]), (0, 1),
             f"{name}: label_mean, label_scale")
    else:
        near([schema["label_mean"], schema["label_scale"]],
             [labels.mean(dtype=float), labels.std(dtype=float)], 1e-6,
             f"{name}: label_mean, label_scale")
    everything = np.concatenate([data.shard(i).label for i in data.shards()])
    values, counts = np.unique(everything, return_counts=True)
    same([(np.float32(v["value"]), v["rows"])
          for v in schema["label_values"]],
         list(zip(values, counts.tolist())), f"{name}: label_values")
    if data.dense:
        x = np.concatenate([shard.x for shard in shards]).astype(float)
        near(x.mean(0), np.zeros(x.shape[1]), 1e-6, f"{name}: means")
        near(x.std(0), np.ones(x.shape[1]), 1e-6, f"{name}: scales")
    else:
        keys = np.unique(np.concatenate([data.shard(i).key
                                         for i in data.shards()]))
        near(data.manifest["distinct_keys"], len(keys), 0.05,
             f"{name}: distinct_keys")
    return data


def loss_of(model, z, labels):
    if model.settings["kind"] == "linear":
        return (z[:, 0] - labels) ** 2 / 2
    index = labels.astype(int)
    if model.settings["kind"] == "logistic":
        return np.log1p(np.exp(np.where(index == 1, -1, 1) * z[:, 0]))
    return -np.log(softmax_of(z)[np.arange(len(z)), index])


def check_model(name, data, *options):
    """A model says what psctl show does, and predicts what evaluate found."""
    path = f"{name}.model"
    printed = run("psctl", "train", name, "--local", "1", "--quiet", "-o",
                  path, *options).split("\t")
    model = Model(path)
    same(printed[printed.index("sha256") + 1],
         hashlib.sha256(model.content).hexdigest(), f"{name}: sha256")
    show = json.loads(run("psctl", "show", path, "--json", "--top", "9999"))
    settings, header = model.settings, model.header
    columns = [column["name"] for column in header["schema"]["columns"]]
    weights = model.weight.T if model.dense else model.weight
    same((show["digest"], show["kind"], show["dense"], show["classes"],
          show["facts"], show["preprocessing"]),
         (model.digest, settings["kind"], settings["dense"],
          header["classes"], header["facts"], header["schema"]),
         f"{name}: psctl show")
    same(header["facts"]["dataset"], data.digest, f"{name}: its dataset")
    same(show["bias"], model.bias.tolist(), f"{name}: bias")
    names = columns if model.dense else [str(k) for k in model.key.tolist()]
    check_shown(name, show["weights"], header["classes"], names, weights)
    check_evaluation(name, data, model)
    return model


def check_shown(name, shown, classes, names, weights):
    """The weights that psctl show prints, largest first."""
    wanted = {}
    for feature, row in zip(names, weights):
        for k, weight in enumerate(row):
            if weight != 0:
                of = classes[k] if len(row) > 1 else None
                wanted[feature, of] = float(weight)
    same({(w["feature"], w.get("class")): w["weight"] for w in shown
          if w["weight"] != 0}, wanted, f"{name}: weights")
    sizes = [abs(w["weight"]) for w in shown]
    same(sizes, sorted(sizes, reverse=True), f"{name}: order of weights")


def check_evaluation(name, data, model):
    """The loss on the training rows, by the page, is psctl evaluate's."""
    found = json.loads(run("psctl", "evaluate", f"{name}.model", name,
                           "--part", "train", "--json"))
    losses, weights = [], []
    for index in data.shards(holdout=False):
        shard = data.shard(index)
        if model.dense:
            columns = data.schema["columns"]
            x = shard.x * np.array([c["scale"] for c in columns]) + \
                np.array([c["mean"] for c in columns])
            z = model.raw(x)
        else:
            z = np.array([model.raw_sparse(*data.entries(shard, row))
                          for row in range(shard.rows)])
        values = [value["value"] for value in data.schema["label_values"]]
        labels = shard.label if model.settings["kind"] == "linear" else \
            np.searchsorted(np.array(values, np.float32), shard.label)
        losses.append(loss_of(model, z, labels))
        weights.append(getattr(shard, "weight", np.ones(shard.rows)))
    metrics = found["metrics"]
    loss = metrics.get("loss", metrics.get("logloss"))
    near(loss, np.average(np.concatenate(losses),
                          weights=np.concatenate(weights)), 1e-5,
         f"{name}: loss")


def check_checkpoints(name, data, rule, lanes):
    """The newest one has the model's weights, and slots that belong to them.
    """
    folder = os.path.abspath(f"{name}-{rule}")
    os.mkdir(folder)
    options = ["--optimizer", rule, "--steps", str(CHECKPOINT_STEPS),
               "--checkpoint-dir", folder, "--checkpoint-every", "2", "--name",
               f".odd {rule}!", "--local", f"1,1,{lanes}", "--l1", "0.05",
               "--l2", "0.02", "--schedule", "constant", "--eval-every", "99"]
    path = f"{name}-{rule}.model"
    run("psctl", "train", name, "--quiet", "-o", path, *options)
    model = Model(path)
    versions = sorted(glob.glob(os.path.join(folder, f"_odd_{rule}_-1", "*")))
    same([os.path.basename(path) for path in versions],
         [f"v{v:08}-r0" for v in range(2, CHECKPOINT_STEPS + 1, 2)],
         f"{name} {rule}: checkpoints")
    last = Checkpoint(versions[-1])
    same({key: last.metadata[key] for key in ("version", "recovery",
                                              "dataset")},
         {"version": str(CHECKPOINT_STEPS), "recovery": "0",
          "dataset": data.digest}, f"{name} {rule}: metadata")
    header = json.loads(last.metadata["header"])
    same(header["schema"]["format"], data.schema["format"],
         f"{name} {rule}: header")
    same(len(last.lanes), lanes, f"{name} {rule}: lanes")
    check_weights(f"{name} {rule}", header, last, model)
    settings = model.header["facts"]
    for of, w in last.dense.items():
        check_slots(f"{name} {rule}: {of}", rule, settings, w,
                    last.slots.get(of, []), of != "bias")
    if not model.dense:
        check_slots(f"{name} {rule}: table", rule, settings, last.rows,
                    last.row_slots, True)


def check_weights(what, header, last, model):
    """In units of the label, they are those of the model."""
    mean, scale = 0.0, 1.0
    if model.settings["kind"] == "linear":
        mean, scale = (header["schema"][f"label_{x}"]
                       for x in ("mean", "scale"))

    def scaled(w):
        return (w.astype(float) * scale).astype(np.float32)
    bias = (scaled(last.dense["bias"]).astype(float) + mean).astype(np.float32)
    if model.dense:
        same(scaled(last.dense["weight"]).reshape(model.outputs, -1),
             model.trained_weight, f"{what}: weight")
        same(bias, model.trained_bias, f"{what}: bias")
    else:
        kept = last.rows.any(1)  # a model leaves the others out
        same(last.key[kept], model.key, f"{what}: keys")
        same(scaled(last.rows[kept]), model.weight, f"{what}: rows")
        same(bias.astype(float), model.bias, f"{what}: bias")


def check_slots(what, rule, settings, w, slots, penalised):
    same(len(slots), {"sgd": 0, "adagrad": 1, "ftrl": 2, "dog": 3}[rule],
         f"{what}: slots")
    rate, beta, l1, l2 = (float(settings.get(x, 0))
                          for x in ("rate", "beta", "l1", "l2"))
    if not penalised:
        l1 = l2 = 0
    if rule == "ftrl":  # its weights are a function of its slots
        z, n = (slot.astype(float) for slot in slots)
        near(w, -soft(z, l1) / ((beta + np.sqrt(n)) / rate + l2), 1e-6, what)
    elif rule == "adagrad":
        check(bool(np.all(slots[0] >= 0)) and bool(np.any(slots[0] > 0)), what)
    elif rule == "dog":
        n, D, c = slots
        check(bool(np.all(n >= 0)) and bool(np.all(D >= 0)), what)
        check(bool(np.all(c >= 1)) and c.max() <= CHECKPOINT_STEPS and
              bool(np.all(c == np.round(c))), f"{what}: steps")


def check_names():
    """Names that are no UTF-8, or hold what stands for such bytes."""
    names = [b"\xff\xfe", "\uf7ff".encode(), "h\u00f6he".encode(), b'a"b\\']
    with open("names.csv", "wb") as file:
        quoted = [b'"' + name.replace(b'"', b'""') + b'"' for name in names]
        file.write(b",".join(quoted) + b",label\n")
        for row in range(40):
            file.write(b"%d,%d,%d,%d,%s\n" % (row, row * row % 7, row % 5,
                                              row % 3, b"n\xffo" if row % 4
                                              else b"yes"))
    run("psdata", "split", "names.csv", "-o", "names", "--header", "--quiet")
    data = Dataset("names")
    same([text_of(c["name"]) for c in data.schema["columns"]], names,
         "names of columns")
    same([text_of(v["name"]) for v in data.schema["label_values"]],
         [b"n\xffo", b"yes"], "names of labels")
    run("psctl", "train", "names", "--local", "1", "--quiet", "-o",
        "names.model")
    header = Model("names.model").header
    same([text_of(c["name"]) for c in header["schema"]["columns"]], names,
         "names of columns of the model")
    same([text_of(name) for name in header["classes"]], [b"n\xffo", b"yes"],
         "classes of the model")


def check_damage(path):
    """Digests and structure: no byte of a file may change unnoticed."""
    with open(path, "rb") as file:
        content = file.read()
    for at in range(0, len(content), max(1, len(content) // 97)):
        bad = bytearray(content)
        bad[at] ^= 1
        with open("bad", "wb") as file:
            file.write(bad)
        try:
            read_safetensors("bad")
            named, true_digest = own_digest(bytes(bad))
            check(named != true_digest, f"{path}: byte {at} may change")
        except (Bad, ValueError, KeyError, TypeError):
            pass


for name in sys.argv[1:]:
    data = check_dataset(name)
    check_model(name, data, "--epochs", "2")
    for rule, lanes in (("sgd", 1), ("adagrad", 2), ("ftrl", 3), ("dog", 2)):
        check_checkpoints(name, data, rule, lanes)
check_names()
check_damage(f"{sys.argv[1]}.model")
passed()
