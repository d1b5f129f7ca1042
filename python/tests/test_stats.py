# SPDX-License-Identifier: MIT
"""Student's t, confidence intervals, Welch's difference."""
import random

import pytest
from actop.stats import difference, mean_interval, student_t


@pytest.mark.parametrize("confidence, df, t", [  # from any table
    (0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 5, 2.571), (0.95, 10, 2.228), (0.95, 30, 2.042), (0.95, 120, 1.980),
    (0.95, 1000, 1.962), (0.99, 3, 5.841), (0.99, 29, 2.756), (0.90, 8, 1.860), (0.50, 4, 0.741)])
def test_quantiles_are_those_of_the_tables(confidence, df, t):
    assert student_t(confidence, df) == pytest.approx(t, abs=6e-4)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng = random.Random(1)
    held = sum(low <= 10 <= high for _, low, high in
               (mean_interval([rng.gauss(10, 2) for _ in range(5)]) for _ in range(2000)))
    assert 0.935 <= held / 2000 <= 0.965


def test_a_difference_that_is_there_is_found_and_one_that_is_not_is_not():
    rng = random.Random(2)
    low = [rng.gauss(1.0, 0.05) for _ in range(12)]
    high = [rng.gauss(1.2, 0.15) for _ in range(9)]
    found = difference(low, high)
    assert found.low > 0 and found.mean == pytest.approx(0.2, abs=0.1)
    same = difference(low, [rng.gauss(1.0, 0.05) for _ in range(12)])
    assert same.low < 0 < same.high
    assert difference([1, 1], [2, 2]) == (1, 1, 1)


def test_too_few_values_are_refused():
    with pytest.raises(ValueError, match="two values"):
        mean_interval([1])
    with pytest.raises(ValueError, match="each side"):
        difference([1, 2], [3])
    with pytest.raises(ValueError, match="confidence"):
        mean_interval([1, 2], confidence=1)


def test_an_interval_prints_for_people():
    assert str(mean_interval([1, 2, 3])).startswith("2 [")
