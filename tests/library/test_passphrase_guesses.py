"""Wrong passphrases: the same words in the same time, whatever is wrong with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library
from facedyn_app.library.protection.held import WrongPassphraseError, lock_all, unlock
from facedyn_app.library.protection.key_file import Cost
from facedyn_app.records import Session

PASSPHRASE = "seven wet umbrellas"
WRONG = {
    "empty": "",
    "nearly right": "seven wet umbrella",
    "right but for its last letter": "seven wet umbrellaz",
    "right but for its first letter": "Seven wet umbrellas",
    "long": "x" * 2000,
    "not ASCII": "sieben nasse Schirme äöü",
    "a recovery key": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH",
}
MakeSession = Callable[..., Session]


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Path]:
    with Library.open(tmp_path / "library") as opened:
        opened.enrol("Ann", make_session(), "consent of Ann")
    yield tmp_path / "library"
    lock_all()


def refused(library: Path, given: str) -> tuple[str, float]:
    """What is said of a passphrase, and the processor's time that it took, s."""
    began = time.process_time()
    with pytest.raises(WrongPassphraseError) as caught:
        unlock(library, given)
    return str(caught.value), time.process_time() - began


def test_a_hundred_wrong_ones_are_told_alike(library: Path) -> None:
    protect_library(library, PASSPHRASE, cost=Cost(n=1024))
    lock_all()
    words = {refused(library, f"{one}{n or ''}")[0] for n in range(15) for one in WRONG.values()}
    assert len(words) == 1


@pytest.mark.slow
def test_a_hundred_wrong_ones_take_as_long(library: Path) -> None:
    """Each kind's times are drawn from the same distribution, as far as ranks can tell.

    The statistic is Kruskal and Wallis's, compared with those of 2,000 permutations, half as much
    again being let pass. Processor time, since other programs may have the machine.
    """
    protect_library(library, PASSPHRASE)
    lock_all()
    rng = np.random.default_rng(3)
    kinds = np.repeat(np.arange(len(WRONG)), 15)
    rng.shuffle(kinds)
    given = list(WRONG.values())
    seconds = np.array([refused(library, given[kind])[1] for kind in kinds])
    spread = [float(np.median(seconds[kinds == kind])) for kind in range(len(WRONG))]
    assert max(spread) < 1.2 * min(spread), dict(zip(WRONG, spread, strict=True))
    ranks = rankdata(seconds)

    def statistic(labels: np.ndarray) -> float:
        means = np.bincount(labels, ranks) / np.bincount(labels)
        return float(np.var(means))

    found = statistic(kinds)
    by_chance = [statistic(rng.permutation(kinds)) for _ in range(2000)]
    assert found <= 1.5 * max(by_chance)
