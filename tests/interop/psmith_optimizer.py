"""The update rules of psmith, as psmith-protocol(7) writes them down under
Optimizers, for a run of weights and their slots.  With numpy, in 64 bits.
"""
import math

import numpy as np

from psmith_wire import ADAGRAD, CONSTANT, DOG, FTRL, LINEAR_RATE, SGD

SLOTS = {SGD: 0, ADAGRAD: 1, FTRL: 2, DOG: 3}


def soft(x, a):
    return np.sign(x) * np.maximum(abs(x) - a, 0)


def rate_at(settings, t, steps, row_share):
    """The rate of train step t of so many."""
    if settings.schedule == CONSTANT:
        share = 1
    elif settings.schedule == LINEAR_RATE:
        share = 1 - t / steps
    else:
        share = (1 + math.cos(math.pi * t / steps)) / 2
    if settings.mean and settings.rule != FTRL:
        share *= row_share
    return settings.rate * share


def apply(settings, w, slots, g, e, penalised):
    """The new weights; slots, a list of arrays, change in place.

    w, g and each slot are arrays of one shape; e is the step's rate.
    """
    beta = settings.beta
    l1, l2 = (settings.l1, settings.l2) if penalised else (0, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if settings.rule == SGD:
            new = soft(w - e * (g + l2 * w), e * l1)
        elif settings.rule == ADAGRAD:
            n, = slots
            G = g + l2 * w
            n += G ** 2
            h = e / (beta + np.sqrt(n))
            new = soft(w - h * G, h * l1)
        elif settings.rule == FTRL:
            z, n = slots
            s = (np.sqrt(n + g ** 2) - np.sqrt(n)) / e
            z += g - s * w
            n += g ** 2
            new = -soft(z, l1) / ((beta + np.sqrt(n)) / e + l2)
        else:
            n, D, c = slots
            G = g + l2 * w
            n[...] = n * c / (c + 4) + G ** 2
            c += 1
            D[...] = np.maximum(D, abs(w))
            h = e * np.maximum(D, beta / (1 + np.sqrt(n))) / np.sqrt(n)
            new = soft(w - h * G, h * l1)
    return np.where(np.isfinite(new), new, w)
