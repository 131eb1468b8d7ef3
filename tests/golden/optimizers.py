#!/usr/bin/python3
"""The update rules in double precision, straight from their formulas, for
tests/optim/optimizer_test.cc.  Writes optimizers.txt beside this file:

  rule schedule rate beta l1 l2 regularised     one line a case
  step w0 .. w7                                 after so many steps

The gradient of weight i at step t (from 0) is
  a_i (w_i - b_i) + 0.3 sin(0.7 t + i),   a_i = 0.5 + i / 4,
  b_i = (i + 1) / 2, negative for odd i.
"""
import os

import numpy as np

N, STEPS, SHOWN = 8, 1000, (1, 2, 10, 100, 1000)
I = np.arange(N)
A = 0.5 + I / 4
B = (I + 1) / 2 * np.where(I % 2, -1, 1)


def soft(x, t):
    return np.sign(x) * np.maximum(np.abs(x) - t, 0)


def share(schedule, t):
    x = t / STEPS
    return {"constant": 1, "linear": 1 - x,
            "cosine": (1 + np.cos(np.pi * x)) / 2}[schedule]


def sgd(s, w, g, eta, l1, l2, t):
    return soft(w - eta * (g + l2 * w), eta * l1)


def adagrad(s, w, g, eta, l1, l2, t):
    g = g + l2 * w
    s["n"] = s.get("n", 0) + g ** 2
    h = eta / (s["beta"] + np.sqrt(s["n"]))
    return soft(w - h * g, h * l1)


def ftrl(s, w, g, alpha, l1, l2, t):
    n = s.get("n", np.zeros(N))
    sigma = (np.sqrt(n + g ** 2) - np.sqrt(n)) / alpha
    s["z"] = s.get("z", 0) + g - sigma * w
    s["n"] = n + g ** 2
    z = s["z"]
    new = -(z - np.sign(z) * l1) / ((s["beta"] + np.sqrt(s["n"])) / alpha + l2)
    return np.where(np.abs(z) <= l1, 0, new)


def dog(s, w, g, rate, l1, l2, t):
    g = g + l2 * w
    s["n"] = s.get("n", 0) * t / (t + 4) + g ** 2
    s["D"] = np.maximum(s.get("D", 0), np.abs(w))
    root = np.sqrt(s["n"])
    eta = rate * np.maximum(s["D"], s["beta"] / (1 + root)) / root
    return soft(w - eta * g, eta * l1)


CASES = [
    (sgd, "cosine", 0.05, 1, 0.1, 0.02, 1),
    (sgd, "linear", 0.05, 1, 0.1, 0.02, 0),
    (adagrad, "linear", 0.5, 1, 0.1, 0.02, 1),
    (adagrad, "constant", 0.1, 0, 0, 0, 1),
    (ftrl, "constant", 0.1, 1, 0.5, 0.1, 1),
    (ftrl, "constant", 0.3, 0.5, 0, 0, 1),
    (dog, "cosine", 1, 0.1, 0.1, 0.02, 1),
    (dog, "constant", 0.2, 0.001, 0, 0, 1),
]

path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "optimizers.txt")
with open(path, "w") as out:
    for rule, schedule, rate, beta, l1, l2, regularised in CASES:
        print(rule.__name__, schedule, rate, beta, l1, l2, regularised,
              file=out)
        w, state = np.zeros(N), {"beta": beta}
        for t in range(STEPS):
            g = A * (w - B) + 0.3 * np.sin(0.7 * t + I)
            w = rule(state, w, g, rate * share(schedule, t),
                     l1 * regularised, l2 * regularised, t)
            if t + 1 in SHOWN:
                print(t + 1, *(f"{x:.9g}" for x in w), file=out)
