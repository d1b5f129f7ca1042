# SPDX-License-Identifier: MIT
"""Small samples, honestly: means with confidence intervals by Student's t, and Welch's difference of two of them.

For comparing repeated sections: mean_interval([s.joules_per("tokens") for s in q4]), difference(q4, q8)."""
from math import atan, cos, gamma, pi, sqrt
from statistics import NormalDist, fmean, variance
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean and the bounds it lies between with the confidence asked for."""

    mean: float
    low: float
    high: float

    def __str__(self):
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


def _within(t, df):
    """Probability that Student's t lies within ±t: with t = √df·tan θ the integral has no tail."""
    end, n = atan(t / sqrt(df)), 200
    norm = 2 * gamma((df + 1) / 2) / (sqrt(pi) * gamma(df / 2))
    step = end / n
    inner = sum((4 if i % 2 else 2) * cos(i * step) ** (df - 1) for i in range(1, n))
    return norm * step / 3 * (1 + inner + cos(end) ** (df - 1))


def student_t(confidence, df):
    """The t that lies on either side of a share `confidence` of Student's distribution with df degrees of freedom."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    if df > 150:  # the normal distribution, with the first term of the difference
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return z + (z ** 3 + z) / (4 * df)
    low, high = 0.0, 1.0
    while _within(high, df) < confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, df) < confidence else (low, middle)
    return (low + high) / 2


def mean_interval(values, confidence=0.95):
    """Mean of at least two values, and its confidence interval."""
    values = list(values)
    if len(values) < 2:
        raise ValueError("a confidence interval needs at least two values")
    mean = fmean(values)
    half = student_t(confidence, len(values) - 1) * sqrt(variance(values) / len(values))
    return Interval(mean, mean - half, mean + half)


def difference(a, b, confidence=0.95):
    """Mean of b less mean of a, with Welch's confidence interval: the two may vary by different amounts. When the interval
    does not contain 0, the difference is not by chance at that confidence."""
    a, b = list(a), list(b)
    if len(a) < 2 or len(b) < 2:
        raise ValueError("a difference needs at least two values on each side")
    va, vb = variance(a) / len(a), variance(b) / len(b)
    apart = fmean(b) - fmean(a)
    if va + vb == 0:
        return Interval(apart, apart, apart)
    df = (va + vb) ** 2 / (va ** 2 / (len(a) - 1) + vb ** 2 / (len(b) - 1))
    half = student_t(confidence, df) * sqrt(va + vb)
    return Interval(apart, apart - half, apart + half)
