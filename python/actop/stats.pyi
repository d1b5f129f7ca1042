from collections.abc import Iterable
from typing import NamedTuple

class Interval(NamedTuple):
    mean: float
    low: float
    high: float

def student_t(confidence: float, df: float) -> float: ...
def mean_interval(values: Iterable[float], confidence: float = 0.95) -> Interval: ...
def difference(a: Iterable[float], b: Iterable[float], confidence: float = 0.95) -> Interval: ...
