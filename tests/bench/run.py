#!/usr/bin/python3
"""Runs the benchmarks and prints one Markdown table: see README.md.

scripts/bench.sh builds what is needed and calls this.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import figures  # noqa: E402
import programs  # noqa: E402
import table  # noqa: E402


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run_kernel(bench, figure, options):
    """Both sides in one process, their rounds in random turns."""
    command = [
        bench, f"--benchmark_filter=^{figure.name}/({'|'.join(sides(figure))})(/|$)",
        f"--benchmark_repetitions={options.rounds}",
        "--benchmark_enable_random_interleaving=true",
        f"--benchmark_min_time={options.min_time}",
        "--benchmark_format=json",
    ] + (["--smoke"] if options.smoke else [])
    out = subprocess.run(command, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False)
    if out.returncode != 0:
        raise SystemExit(f"bench: {figure.name}: {out.stderr.decode()}")
    values = {side: [] for side in sides(figure)}
    for run in json.loads(out.stdout)["benchmarks"]:
        if run["run_type"] == "iteration":
            if "error_message" in run:
                raise SystemExit(f"bench: {run['name']}: {run['error_message']}")
            side = run["name"].split("/")[1]
            values[side].append(run[figure.metric] / figure.per_unit)
    if any(len(runs) != options.rounds for runs in values.values()):
        raise SystemExit(f"bench: {figure.name}: no such benchmark")
    mine, other = sides(figure)
    return [table.Row(figure.name, figure.what, figure.unit, values[mine],
                      other, values[other], figure.target, figure.limit,
                      figure.limited, figure.lower)]


def sides(figure):
    return ["psmith", figure.against]


def keep(text):
    """Puts the table into README.md, between its marks."""
    page = HERE / "README.md"
    old = page.read_text()
    new = re.sub(r"(<!-- table -->\n).*?(<!-- end -->)",
                 lambda found: f"{found[1]}\n{text}\n{found[2]}", old,
                 flags=re.DOTALL)
    page.write_text(new)


def options_of(argv):
    parser = argparse.ArgumentParser(
        prog="bench.sh", description="psmith beside its denominators")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="figures to run (all)")
    parser.add_argument("--quick", action="store_true",
                        help="less data, shorter runs")
    parser.add_argument("--smoke", action="store_true",
                        help="hardly any data: only shows that all runs")
    parser.add_argument("--list", action="store_true",
                        help="print the figures' names")
    parser.add_argument("--keep", action="store_true",
                        help="put the table into tests/bench/README.md")
    parser.add_argument("--rounds", type=int, default=None,
                        help="runs of each side (5; programs 3)")
    parser.add_argument("--build", default="build/release",
                        help="where the programs are")
    options = parser.parse_args(argv)
    options.min_time = 0.01 if options.smoke else 0.1 if options.quick else 0.3
    options.program_rounds = options.rounds or (1 if options.smoke else 3)
    options.rounds = options.rounds or (1 if options.smoke else 5)
    return options


def main(argv):
    options = options_of(argv)
    kernels = {figure.name: figure for figure in figures.KERNELS}
    known = [*kernels, *programs.PROGRAMS]
    if options.list:
        print("\n".join(known))
        return 0
    for name in options.names:
        if name not in known:
            raise SystemExit(f"bench: no figure {name}: see --list")
    build = Path(options.build).resolve()
    bench = str(build / "tests" / "psmith_bench")
    text = ""
    # Ended from outside, the folder goes too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="psmith-bench-") as folder:
        # No settings of whoever runs this, and none for them.
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = folder
        world = programs.World(build, Path(folder), options, say)
        for name in options.names or known:
            say(name)
            if name in kernels:
                rows = run_kernel(bench, kernels[name], options)
            else:
                rows = programs.PROGRAMS[name](world)
            # At once: what was measured stays, whatever happens to the rest.
            lines = table.markdown(rows, head=not text)
            print(lines, end="", flush=True)
            text += lines
    if options.keep:
        keep(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
