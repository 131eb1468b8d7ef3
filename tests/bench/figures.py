"""The figures of psmith_bench: what each measures, and against what.

A figure has two sides, the benchmarks FIGURE/SIDE of psmith_bench; the first
is psmith's. Limits are those of one core that the project's notes on
algorithms give, in the figure's unit.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    name: str
    what: str
    against: str  # the side that is the denominator
    metric: str = "items_per_second"
    unit: str = "M/s"
    per_unit: float = 1e6
    target: str = ""
    limit: float | None = None  # None: the denominator is the limit
    limited: bool = True  # False: neither limits it
    lower: bool = False  # a time: less is better


def text(name, what, against, **more):
    return Kernel(name, what, against, metric="bytes_per_second",
                  unit="MB/s", **more)


def median_time(name, what, against, **more):
    return Kernel(name, what, against, metric="p50_us", unit="us",
                  per_unit=1, lower=True, **more)


KERNELS = [
    text("parse_libsvm", "libsvm text, one core", "strtof",
         target=">= 4 x, 600 MB/s", limit=1250),
    text("parse_csv", "CSV text, one core", "libsvm", target=">= 0.5 x",
         limited=False),
    text("parse_csv_strtof", "CSV text, one core", "strtof", limited=False),
    Kernel("sparse_predict_20", "sparse outputs, 2^20 keys", "gather",
           unit="M features/s"),
    Kernel("sparse_gradient_20", "sparse gradient, 2^20 keys", "gather",
           unit="M features/s"),
    Kernel("sparse_gradient_24", "sparse gradient, 2^24 keys", "gather",
           unit="M features/s"),
    Kernel("pull_rows_20", "rows of known lists, 2^20 keys", "bare",
           unit="M keys/s"),
    Kernel("pull_rows_24", "rows of known lists, 2^24 keys", "bare",
           unit="M keys/s"),
    Kernel("apply_ftrl_20", "ftrl on table rows, 2^20 keys", "bare",
           unit="M keys/s", limit=260),
    Kernel("apply_ftrl_24", "ftrl on table rows, 2^24 keys", "bare",
           unit="M keys/s", limit=180),
    Kernel("apply_dog_20", "dog on table rows, 2^20 keys", "bare",
           unit="M keys/s", limited=False),
    Kernel("join", "join of 16 sparse leaves", "memcpy", unit="M keys/s",
           limited=False),
    Kernel("bsp_sparse_8", "sparse step of 8 leaves by the tree", "arrival",
           unit="M features/s", target=">= 0.9 x"),
    Kernel("bsp_sparse_32", "sparse step of 32 leaves by the tree", "arrival",
           unit="M features/s", target=">= 0.9 x"),
    Kernel("bsp_dense_8", "dense step of 8 leaves by the tree", "arrival",
           unit="M features/s", target=">= 0.9 x"),
    Kernel("dense_predict", "softmax outputs, 784 x 10", "eigen",
           unit="GF/s", per_unit=1e9),
    Kernel("dense_gradient", "softmax gradient, 784 x 10", "eigen",
           unit="GF/s", per_unit=1e9),
    text("push_pull", "push_pull of 4 MB dense, tcp", "echo",
         target=">= 0.8 x"),
    text("push_pull_buffer", "the same, the echo with psmith's send buffer",
         "echo"),
    text("push_pull_inproc", "the same, inproc", "tcp", target=">= 2 x",
         limited=False),
    median_time("push_pull_small", "small push_pull, p50, tcp", "echo",
                target="<= 1.5 x"),
    median_time("push_pull_small_inproc", "the same, inproc", "tcp",
                target="<= 0.5 x", limited=False),
    Kernel("push_key_list", "push of 10^6 keys by list, tcp", "echo",
           unit="M keys/s", target=">= 40 M keys/s"),
    Kernel("pull_key_list", "pull of 10^6 keys by list, tcp", "echo",
           unit="M keys/s", target=">= 40 M keys/s"),
    Kernel("push_raw_keys", "push of 10^6 raw keys, tcp", "echo",
           unit="M keys/s", target=">= 20 M keys/s"),
    Kernel("pull_raw_keys", "pull of 10^6 raw keys, tcp", "echo",
           unit="M keys/s", target=">= 20 M keys/s"),
]
