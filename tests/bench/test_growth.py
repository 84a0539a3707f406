"""Growth: known power laws are found, beside a fixed cost, and called by their names."""

import numpy as np
import pytest

from facedyn_app.bench.growth import measured_growth, power_law
from facedyn_app.bench.page import Rate, benchmark_page

SIZES = np.array([10.0, 100.0, 1000.0, 10000.0])


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("fixed", [0.0, 5.0])
def test_the_exponent_of_a_power_law_is_found(exponent: float, fixed: float) -> None:
    costs = fixed + 0.5 * SIZES**exponent
    found, told = power_law(SIZES, costs)
    assert found == pytest.approx(exponent, abs=0.03)
    assert told == pytest.approx(fixed, abs=0.02 * costs[0])


def test_what_grows_linearly_is_called_linear() -> None:
    names = ("work", "items", "s")
    costs = {"linear": lambda n: 3.0 * n, "more than linear": lambda n: n**1.5}
    for words, cost in costs.items():
        growth = measured_growth(names, tuple(SIZES), cost, 3)
        assert growth.words == words
        assert growth.n_repeats == 3
    assert measured_growth(names, (1, 2), lambda n: n**0.2, 1).words == "less than linear"


def test_costs_are_medians() -> None:
    told = iter([5.0, 1.0, 3.0, 50.0, 10.0, 30.0])
    growth = measured_growth(("work", "items", "s"), (1, 10), lambda _: next(told), 3)
    assert growth.costs == (3.0, 30.0)
    assert growth.ratio == pytest.approx(10.0)


def test_the_page_names_the_machine_and_gives_ratios() -> None:
    growth = measured_growth(("ranking", "speakers", "ms"), tuple(SIZES), lambda n: 0.1 * n, 1)
    rates = [
        Rate("fit", "the program, CPU", "frames/s", 1200.0, 1.0),
        Rate("fit", "scipy, CPU", "frames/s", 3.0, 400.0),
    ]
    page = benchmark_page([("processor", "Made up <9000>")], rates, [growth])
    assert "Made up &lt;9000&gt;" in page
    assert "400.0 x" in page or "400 x" in page
    assert "exponent 1.00, linear" in page
    assert "the last is 1e+03 x the first" in page
