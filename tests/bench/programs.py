"""Whole programs on files in the page cache, beside what they are measured
against. Each figure is a function of a World that returns table rows."""

import json
import os
import subprocess
import time
from pathlib import Path

from table import Row

FEATURES = 60  # of a row
PARSE_MB_PER_S = 1250  # limits of one core; README.md
SERVER_M_PER_S = {20: 73, 24: 57}
PREDICT_M_PER_S = 360
CORES = 2


class World:
    """The programs, the sizes of this run, and its files (made once)."""

    def __init__(self, build, folder, options, say):
        self.build, self.folder, self.say = build, folder, say
        self.rounds = options.program_rounds
        self.smoke = options.smoke
        self.min_time = options.min_time
        self.text_rows = pick(options, 500000, 100000, 2000)
        self.epoch_rows = pick(options, 200000, 50000, 2000)
        self.epochs = pick(options, 8, 8, 3)

    def program(self, name):
        return str(self.build / name)

    def bench(self, *arguments):
        return [str(self.build / "tests" / "psmith_bench"), *arguments]

    def libsvm(self, keys, rows):
        """Zipf rows as text: psmith_bench's own."""
        path = self.folder / f"zipf-{keys}-{rows}.svm"
        if not path.exists():
            run(self.bench("--write-libsvm", path, keys, rows))
        return path

    def text(self):
        return self.libsvm(47236, self.text_rows)

    def model(self, which):
        """A model of text(), psmith's or liblinear's."""
        path = self.folder / f"{which}.model"
        if not path.exists():
            run(self.train(self.text(), path) if which == "psmith" else
                self.liblinear_train(self.text(), path))
        return path

    def shards(self, bits):
        path = self.folder / f"zipf{bits}"
        if not path.exists():
            run([self.program("psdata"), "split",
                 self.libsvm(1 << bits, self.epoch_rows), "-o", path,
                 "--format", "libsvm", "--by", "even", "--quiet"])
        return path

    def train(self, text, model):
        return [self.program("psctl"), "train", text, "--format", "libsvm",
                "--model", "logistic", "--by", "even", "--epochs", "1",
                "--quiet", "-o", model]

    @staticmethod
    def liblinear_train(text, model):
        return ["liblinear-train", "-q", "-s", "0", text, model]


def pick(options, full, quick, smoke):
    return smoke if options.smoke else quick if options.quick else full


def run(command, stdout=None, watch=None):
    """Seconds of wall time. Ends the benchmark if the program fails."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("PSMITH_")}
    begin = time.monotonic()
    with subprocess.Popen([str(part) for part in command],
                          stdout=stdout or subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=environment) as child:
        try:
            if watch:
                watch(child)
            errors = child.communicate()[1]
        except BaseException:  # nothing of ours goes on
            child.kill()
            raise
    took = time.monotonic() - begin
    if child.returncode != 0:
        raise SystemExit(f"bench: {command[0]} failed "
                         f"({child.returncode}): {errors.decode()}")
    return took


def in_turns(world, *sides):
    """Seconds of each side, by round."""
    values = [[] for _ in sides]
    for number in range(world.rounds):
        for side, out in zip(sides, values):
            out.append(side())
        latest = ", ".join(f"{out[-1]:.2f}" for out in values)
        world.say(f"  round {number + 1}: {latest} s")
    return values


def rates(work, seconds):
    return [work / s for s in seconds]


def megabytes(path):
    return path.stat().st_size / 1e6


def warm(path):
    """Into the page cache."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass
    return path


# ---- text to model ----------------------------------------------------------

def text_to_model(world):
    text = warm(world.text())
    rows = world.text_rows / 1000
    model = world.folder / "out.model"
    mine, other = in_turns(world, lambda: run(world.train(text, model)),
                           lambda: run(world.liblinear_train(text, model)))
    seconds_a_row = (megabytes(text) / world.text_rows / PARSE_MB_PER_S +
                     FEATURES / SERVER_M_PER_S[20] / 1e6)
    return [Row("text_to_model", "libsvm text to model, one pass",
                "k rows/s", rates(rows, mine), "liblinear-train",
                rates(rows, other), ">= 8 x, 245 k rows/s",
                CORES / seconds_a_row / 1000)]


def peak_anonymous(command):
    """The most RssAnon that a program had, in MB."""
    peak = 0

    def watch(child):
        nonlocal peak
        while child.poll() is None:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text()
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("RssAnon:"):
                    peak = max(peak, int(line.split()[1]))
            time.sleep(0.005)

    run(command, watch=watch)
    return peak / 1024


def text_to_model_memory(world):
    model = world.folder / "out.model"
    whole, half = world.text_rows, world.text_rows // 2
    sizes = [peak_anonymous(world.train(world.libsvm(47236, rows), model))
             for rows in (whole, half)]
    return [Row("text_to_model_memory", f"the same, peak RssAnon, {whole} rows",
                "MB", sizes[:1], f"{half} rows", sizes[1:], "flat",
                limited=False, lower=True)]


# ---- epochs -----------------------------------------------------------------

def kernels(world, names, *arguments):
    """What psmith_bench measures of these, as it says it in JSON."""
    out = subprocess.run(
        world.bench(*arguments, f"--benchmark_filter={names}",
                    f"--benchmark_min_time={world.min_time}",
                    "--benchmark_format=json"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(out.stdout)["benchmarks"]


def bare(world, bits):
    """The one-core kernel, M features/s: (each batch localised, lists cached)."""
    return [run["items_per_second"] / 1e6
            for run in kernels(world, f"^epochs_{bits}/", "--rows",
                               str(world.epoch_rows))]


def epochs_alone(seconds, more):
    """Seconds of `more` epochs, without starting and reading. On hardly any
    data these are all there is: a tenth of the run at least."""
    whole = seconds(1 + more)
    return max(whole - seconds(1), whole / 10)


def epochs(world, bits, batch, target):
    shards = world.shards(bits)
    model = world.folder / "out.model"
    rates_of = {"psmith": [], "bare": [], "cached": []}

    def seconds(count):
        return run([world.program("psctl"), "train", shards, "--model",
                    "logistic", "--optimizer", "ftrl", "--batch", batch,
                    "--epochs", count, "--quiet", "-o", model])

    # So many that starting does not matter, and nobody waits for minutes.
    more = max(2, min(world.epochs, round(20 / seconds(1))))
    for number in range(world.rounds):
        localised, cached = bare(world, bits)
        took = epochs_alone(seconds, more)
        mine = more * world.epoch_rows * FEATURES / took / 1e6
        for side, rate in zip(rates_of, (mine, localised, cached)):
            rates_of[side].append(rate)
        world.say(f"  round {number + 1}: {mine:.1f}, bare {localised:.1f}, "
                  f"cached {cached:.1f} M features/s")
    name = f"epochs_{bits}_{batch}"
    what = f"epochs from shards, 2^{bits} keys, batch {batch}"
    limit = CORES * SERVER_M_PER_S[bits]
    return [Row(name, what, "M features/s", rates_of["psmith"], "bare",
                rates_of["bare"], target, limit),
            Row(name, "the same", "M features/s", rates_of["psmith"],
                "bare, lists cached", rates_of["cached"], limited=False)]


BATCH = 1000  # rows of a step, as bsp_sparse_8 has them


def bsp_job(world):
    """Steps a second, and what they would be without the tree's extra time."""
    shards = world.shards(20)
    model = world.folder / "out.model"

    def seconds(count):
        return run([world.program("psctl"), "train", shards, "--model",
                    "logistic", "--optimizer", "sgd", "--batch", BATCH,
                    "--epochs", count, "--quiet", "-o", model])

    def step_of(side):
        """Seconds of the step alone, on one core."""
        return kernels(world, f"^bsp_sparse_8/{side}/")[0]["real_time"] / 1e9

    more = max(2, min(world.epochs, round(20 / seconds(1))))
    mine, plain = [], []
    for number in range(world.rounds):
        extra = step_of("psmith") - step_of("arrival")
        took = epochs_alone(seconds, more)
        step = took * BATCH / (more * world.epoch_rows)
        mine.append(1 / step)
        plain.append(1 / max(step - extra, step / 2))
        world.say(f"  round {number + 1}: a step {1e6 * step:.0f} us, of it "
                  f"{1e6 * extra:.0f} us for the tree")
    return [Row("bsp_job", "steps of a whole job, 2^20 keys, batch 1000",
                "steps/s", mine, "without the tree's time", plain,
                ">= 0.9 x", limited=False)]


# ---- psinfer, psdata --------------------------------------------------------

def infer(world):
    text = warm(world.text())
    rows = world.text_rows / 1000
    mine, other = world.model("psmith"), world.model("liblinear")
    answers = [world.folder / "psmith.out", world.folder / "liblinear.out"]

    def psinfer():
        with open(answers[0], "wb") as out:
            return run([world.program("psinfer"), mine, text, "--quiet"],
                       stdout=out)

    seconds = in_turns(
        world, psinfer,
        lambda: run(["liblinear-predict", text, other, answers[1]]),
        lambda: run(["wc", "-l", text]))
    counts = [sum(1 for _ in open(path, "rb")) for path in answers]
    if counts != [world.text_rows] * 2:
        raise SystemExit(f"bench: {counts} answers to {world.text_rows} rows")
    seconds_a_row = (megabytes(text) / world.text_rows / PARSE_MB_PER_S +
                     FEATURES / PREDICT_M_PER_S / 1e6)
    return [Row("psinfer", "psinfer on sparse text", "k rows/s",
                rates(rows, seconds[0]), "liblinear-predict",
                rates(rows, seconds[1]), ">= 5 x",
                CORES / seconds_a_row / 1000),
            Row("psinfer", "the same bytes", "MB/s",
                rates(megabytes(text), seconds[0]), "wc -l",
                rates(megabytes(text), seconds[2]), limited=False)]


def split(world):
    text = warm(world.text())
    size = megabytes(text)
    out, copy = world.folder / "split.ps", world.folder / "copy"
    command = [world.program("psdata"), "split", text, "-o", out, "--format",
               "libsvm", "--quiet", "--force", "--by"]

    def cat():
        with open(copy, "wb") as file:
            return run(["cat", text], stdout=file)

    even, shuffled, other = in_turns(world, lambda: run([*command, "even"]),
                                     lambda: run([*command, "random"]), cat)
    copy.unlink()
    return [Row("split", "psdata split --by even", "MB/s", rates(size, even),
                "cat to a file", rates(size, other), limit=PARSE_MB_PER_S),
            Row("split", "psdata split --by random", "MB/s",
                rates(size, shuffled), "cat to a file", rates(size, other),
                limit=PARSE_MB_PER_S)]


PROGRAMS = {
    "text_to_model": text_to_model,
    "text_to_model_memory": text_to_model_memory,
    "epochs_20_1000": lambda w: epochs(w, 20, 1000, ">= 0.35 x, 25 M/s"),
    "epochs_20_4000": lambda w: epochs(w, 20, 4000, ">= 0.35 x, 25 M/s"),
    "epochs_24_4000": lambda w: epochs(w, 24, 4000, ">= 15 M/s"),
    "bsp_job": bsp_job,
    "psinfer": infer,
    "split": split,
}
