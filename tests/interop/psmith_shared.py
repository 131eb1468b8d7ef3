"""The numbers that all nodes of psmith compute alike: psmith-protocol(7),
NUMBERS THAT ALL SHARE.  Written from the page alone.
"""
import numpy as np

MASK = (1 << 64) - 1
RANGE_FLOATS = 65536
BUCKETS = 256


def mix64(x):
    x = (x + 0x9e3779b97f4a7c15) & MASK
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & MASK
    return x ^ (x >> 31)


def mixed(keys):
    """mix64 of an array of keys."""
    x = np.asarray(keys, np.uint64) + np.uint64(0x9e3779b97f4a7c15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return x ^ (x >> np.uint64(31))


def buckets(keys):
    return mixed(keys) >> np.uint64(56)


def seed_of(*parts):
    s = 0
    for part in parts:
        s = mix64(s ^ mix64(part))
    return s


class Generator:
    """xoshiro256** (Blackman and Vigna)."""

    def __init__(self, seed):
        self.words = []
        for _ in range(4):
            seed = mix64(seed)
            self.words.append(seed)

    def next(self):
        def rotated(x, k):
            return ((x << k) | (x >> (64 - k))) & MASK
        s = self.words
        result = (rotated((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 45)
        return result

    def below(self, n):
        while True:
            high, low = divmod(self.next() * n, 1 << 64)
            if low >= n or low >= (1 << 64) % n:
                return high


def outputs_of(model):
    return model.class_count if model.kind == 2 else 1


def dense_tensors(model):
    """[(name, floats)] of a job's dense tensors, in order."""
    outputs = outputs_of(model)
    bias = [("bias", outputs)]
    return [("weight", outputs * model.column_count)] + bias \
        if model.dense else bias


def holder(lanes, *what):
    """The lane number, of those given, that holds a range or bucket."""
    return min(lanes, key=lambda lane: (-seed_of(lane, *what), lane))


class Placement:
    """Which lane of a job's record holds what."""

    def __init__(self, model, lanes):
        self.lanes = [lane.lane for lane in lanes]
        self.ranges = {lane: [] for lane in self.lanes}
        for index, (name, floats) in enumerate(dense_tensors(model)):
            for begin in range(0, floats, RANGE_FLOATS):
                end = min(begin + RANGE_FLOATS, floats)
                lane = holder(self.lanes, 0, index, begin)
                self.ranges[lane].append((name, begin, end))
        self.bucket_lane = np.array(
            [holder(self.lanes, 1, 0, bucket) for bucket in range(BUCKETS)],
            np.uint64)

    def of_lane(self, lane, keys):
        """Which of these keys the lane holds, as an array of bool."""
        return self.bucket_lane[buckets(keys).astype(int)] == np.uint64(lane)


class Steps:
    """The order of a job's steps: which micro-batches each one has."""

    def __init__(self, spec):
        self.spec = spec
        self.train = self.groups_of(spec.train)
        self.eval = self.groups_of(spec.eval)

    def groups_of(self, data):
        """[(shard, first micro-batch, end)] by shard and place."""
        result = []
        for shard, rows in zip(data.shards, data.shape.shard_rows):
            blocks = -(-rows // data.shape.block_rows)
            for begin in range(0, blocks, self.spec.group_blocks):
                result.append((shard, begin,
                               min(begin + self.spec.group_blocks, blocks)))
        return result

    def epoch_order(self, epoch):
        groups = list(self.train)
        generator = Generator(seed_of(self.spec.seed, 0x65706f6368, epoch))
        for i in range(len(groups), 1, -1):
            r = generator.below(i)
            groups[i - 1], groups[r] = groups[r], groups[i - 1]
        return groups

    def __iter__(self):
        """(evaluates, group) of each step from step 0 on."""
        spec, trained = self.spec, 0
        for epoch in range(spec.epochs):
            last = epoch + 1 == spec.epochs
            for group in self.epoch_order(epoch):
                yield False, group
                trained += 1
                if spec.step_max and trained == spec.step_max:
                    last = True
                    break
            if last or (spec.eval_every and
                        (epoch + 1) % spec.eval_every == 0):
                for group in self.eval:
                    yield True, group
            if last:
                return


def left_size(leaves):
    """Leaves of the left part of the tree over so many, at least 2."""
    return 1 << ((leaves - 1).bit_length() - 1)


def whole_subtrees(leaves, begin, end, first=0):
    """The largest subtrees of the tree over leaves that make up a run."""
    if begin <= first and first + leaves <= end:
        return [(first, first + leaves)]
    if end <= first or first + leaves <= begin:
        return []
    left = left_size(leaves)
    return (whole_subtrees(left, begin, end, first) +
            whole_subtrees(leaves - left, begin, end, first + left))


def tree_sum(leaves, add):
    """The sum of a list of leaves along their tree."""
    if len(leaves) == 1:
        return leaves[0]
    left = left_size(len(leaves))
    return add(tree_sum(leaves[:left], add), tree_sum(leaves[left:], add))
