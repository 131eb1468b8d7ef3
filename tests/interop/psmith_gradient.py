"""What a worker of psmith computes of a micro-batch: the sum of its rows'
gradients, metric sums, and the curve of an evaluation.  With numpy.
"""
import numpy as np

from psmith_shared import mixed, outputs_of
from psmith_wire import LINEAR, LOGISTIC


class Sum:
    """A gradient: dense tensors by name, and rows of the table by key.

    keys are sorted by mixed key; rows is (keys, outputs).
    """

    def __init__(self, dense, keys=None, rows=None, sums=None):
        self.dense, self.keys, self.rows = dense, keys, rows
        self.sums = np.zeros(5) if sums is None else sums

    def __add__(self, other):
        dense = {name: self.dense[name] + other.dense[name]
                 for name in self.dense}
        sums = self.sums + other.sums
        if self.keys is None:
            return Sum(dense, sums=sums)
        keys = union(self.keys, other.keys)
        rows = np.zeros((len(keys), self.rows.shape[1]), np.float32)
        rows[np.isin(keys, self.keys)] = self.rows
        rows[np.isin(keys, other.keys)] += other.rows
        return Sum(dense, keys, rows, sums)


def union(*lists):
    """The distinct keys of all lists, sorted by mixed key."""
    keys = np.unique(np.concatenate(lists))
    return keys[np.argsort(mixed(keys))]


def softmax_of(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def loss_and_residual(model, z, target, weight):
    """(loss of each row, d loss / d z, whether it is predicted right)."""
    if model.kind == LINEAR:
        r = z[:, 0] - target
        return r ** 2 / 2, r[:, None], np.zeros(len(r), bool)
    if model.kind == LOGISTIC:
        z = z[:, 0]
        loss = np.maximum(z, 0) - z * target + np.log1p(np.exp(-abs(z)))
        right = (z > 0) == (target == 1)
        return loss, (1 / (1 + np.exp(-z)) - target)[:, None], right
    p = softmax_of(z)
    picked = np.arange(len(z)), target.astype(int)
    loss = np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + \
        z.max(1) - z[picked]
    right = z.argmax(1) == target
    p[picked] -= 1
    return loss, p, right


def targets(spec, labels):
    """What the model is to put out: the number, or the class's index."""
    labels = labels.astype(np.float64)
    if spec.model.kind == LINEAR:
        return (labels - spec.model.label_mean) / spec.model.label_scale
    return np.searchsorted(np.array(spec.classes), labels)


class Block:
    """One micro-batch: rows from begin to end of a shard."""

    def __init__(self, spec, data, shard, begin, end):
        self.spec = spec
        self.target = targets(spec, shard.label[begin:end])
        self.weight = getattr(shard, "weight", np.ones(shard.rows))[begin:end]
        if spec.model.dense:
            self.keys, self.x = None, shard.x[begin:end].astype(np.float64)
            return
        entries = [data.entries(shard, row) for row in range(begin, end)]
        self.keys = union(*(keys for keys, _ in entries))
        place = {int(key): i for i, key in enumerate(self.keys)}
        self.x = np.zeros((end - begin, len(self.keys)))
        for row, (keys, values) in enumerate(entries):
            self.x[row, [place[int(key)] for key in keys]] = values

    def outputs(self, dense, rows):
        """(rows, outputs) with the weights given; rows: of self.keys."""
        width = outputs_of(self.spec.model)
        weight = dense["weight"].reshape(width, -1).T \
            if self.keys is None else rows
        return self.x @ weight.astype(np.float64) + dense["bias"]

    def gradient(self, dense, rows):
        """(Sum, curve)"""
        model = self.spec.model
        z = self.outputs(dense, rows)
        loss, residual, right = loss_and_residual(model, z, self.target,
                                                  self.weight)
        residual = residual * self.weight[:, None]
        loss = loss * model.label_scale ** 2  # 1 but for a linear model
        square = 2 * loss if model.kind == LINEAR else np.zeros(len(loss))
        sums = np.array([self.weight.sum(), self.weight @ loss, len(loss),
                         self.weight @ right, self.weight @ square])
        result = {"bias": residual.sum(0).astype(np.float32)}
        weight = (residual.T @ self.x).astype(np.float32)
        if self.keys is not None:
            return Sum(result, self.keys, weight.T, sums), z
        result["weight"] = weight.ravel()
        return Sum(result, sums=sums), z

    def curve(self, z):
        """{bin: [weight of positives, of negatives]}"""
        bits = (z[:, 0].astype(np.float32) + np.float32(0)).view(np.uint32)
        bits = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
        result = {}
        for bin_, target, weight in zip(bits >> 16, self.target, self.weight):
            pair = result.setdefault(int(bin_), [0.0, 0.0])
            pair[0 if target == 1 else 1] += float(weight)
        return result
