"""What the tests of this folder share: running programs, and comparing."""
import os
import subprocess
import sys

import numpy as np

MASTER = os.environ.get("PSMITH_MASTER", "")


def check(true, what):
    if not true:
        print(f"{os.path.basename(sys.argv[0])}: FAILED: {what}",
              file=sys.stderr)
        sys.exit(1)


def same(got, wanted, what):
    """Equal to the bit; numbers, texts, arrays."""
    if isinstance(wanted, np.ndarray):
        same((got.shape, got.dtype), (wanted.shape, wanted.dtype), what)
        other = np.flatnonzero(got.ravel() != wanted.ravel())
        check(got.tobytes() == wanted.tobytes(),
              f"{what}: numbers {other[:9]} are {got.ravel()[other[:9]]}, "
              f"not {wanted.ravel()[other[:9]]}")
    else:
        check(got == wanted, f"{what}: {str(got)[:999]}, not "
              f"{str(wanted)[:999]}")


def near(got, wanted, limit, what):
    """No number is off by more than the limit, times its size above 1."""
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    check(got.shape == wanted.shape,
          f"{what}: shape {got.shape}, not {wanted.shape}")
    off = np.abs(got - wanted) / np.maximum(1, np.abs(wanted))
    check(off.size == 0 or off.max() <= limit,  # not for a NaN
          f"{what}: off by {off.max() if off.size else 0}")


def run(*command, text=True):
    """The standard output of a program that must succeed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, text=text,
                            check=False)
    check(result.returncode == 0, f"{command}: status {result.returncode}")
    return result.stdout


def passed():
    print(f"{os.path.basename(sys.argv[0])}: passed")
