import math
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from facedyn_app.cli.drift_text import drift_facts, drift_text
from facedyn_app.cli.formatting import identification_facts, identification_text
from facedyn_app.dynamics.drift import measure_components, measure_drift
from facedyn_app.formatting import counted, left_out_text, number, table
from facedyn_app.records import Identification, Match, MatchTrust, Quality
from facedyn_app.settings import TrustSettings

GOOD = Quality(300, 297, 12.0, 0.5, 240.0, "good", ())


def _match(name: str, score: float, probability: float) -> Match:
    return Match(name, score, probability, np.array([score]))


@pytest.fixture
def answer() -> Identification:
    matches = (_match("Ada", 0.71, 0.93), _match("Bo", 0.2, 0.05), _match("Cy", -0.1, 0.02))
    windows = np.array([[0.0, 10.0]])
    return Identification(matches, True, 0.6, windows, GOOD, "40 held-out simulated speakers")


def test_columns_stand_under_each_other() -> None:
    text = table(("name", "n"), [("Ada", "1"), ("Bartholomew", "12")], right=(1,))
    assert text == "name          n\nAda           1\nBartholomew  12"


def test_a_number_that_is_none_is_a_dash() -> None:
    assert [number(None), number(math.nan), number(1.005, 1)] == ["-", "-", "1.0"]
    assert [number(-0.004), number(-0.006), number(-1e-9, 3, "+")] == ["0.00", "-0.01", "+0.000"]


def test_top_limits_the_matches_and_keeps_their_order(answer: Identification) -> None:
    facts = identification_facts(answer, top=2)
    assert facts["matches"] == [
        {"name": "Ada", "score": 0.71, "probability": 0.93, "trust": None},
        {"name": "Bo", "score": 0.2, "probability": 0.05, "trust": None},
    ]
    assert facts["n_enrolled"] == 3
    assert "Cy" not in identification_text(answer, top=2)


def test_the_answer_comes_in_words_first(answer: Identification) -> None:
    text = identification_text(answer)
    assert text.startswith("Ada, probability 0.93")
    assert "simulated speakers" in text


def test_trust_in_a_match_stands_beside_it_with_its_reasons(answer: Identification) -> None:
    reasons = ("The recording: The face is small.", "One session is enrolled only.")
    trust = MatchTrust("caution", ("The face is small.",), reasons[1:], math.nan)
    judged = replace(answer, matches=(replace(answer.matches[0], trust=trust), answer.matches[1]))
    facts: Any = identification_facts(judged)
    first = facts["matches"][0]
    assert first["trust"]["verdict"] == "caution"
    assert first["trust"]["reasons"] == reasons
    lines = identification_text(judged).splitlines()
    assert any("Ada" in line and line.endswith("caution") for line in lines)
    assert "  Ada: One session is enrolled only." in lines
    assert not any("Ada: The recording" in line for line in lines)


def test_a_stranger_is_called_one(answer: Identification) -> None:
    text = identification_text(replace(answer, known=False, threshold=0.95))
    assert text.startswith("Not in the gallery: no probability reaches 0.95; nearest is Ada, 0.93.")


def test_a_probability_just_below_the_threshold_is_told_from_it(answer: Identification) -> None:
    text = identification_text(replace(answer, known=False, threshold=0.9321))
    assert "no probability reaches 0.9321; nearest is Ada, 0.9300." in text


def test_without_calibration_ranks_and_scores_are_told_and_no_percent(
    answer: Identification,
) -> None:
    caution = "Not calibrated for people."
    for known in (True, False):
        doubted = replace(answer, caution=caution, known=known)
        text = identification_text(doubted)
        assert text.startswith(f"Nearest: Ada, score 0.71. {caution}")
        assert "0.93" not in text
        facts = identification_facts(doubted)
        assert (facts["calibrated"], facts["known"], facts["threshold"]) == (False, None, None)
        matches = cast("list[dict[str, Any]]", facts["matches"])
        assert [match["probability"] for match in matches] == [None, None, None]


def test_a_small_gallery_says_what_it_means(answer: Identification) -> None:
    assert "by chance alone the right one is first in 33 %" in identification_text(answer)
    alone = replace(answer, matches=answer.matches[:1])
    assert "every recording ranks them first" in identification_text(alone)
    many = replace(answer, matches=tuple(answer.matches) * 3)
    assert "chance" not in identification_text(many)


def test_a_poor_recording_is_not_to_be_trusted(answer: Identification) -> None:
    reason = "The face could be followed for 2.0 s only; 10 s or more are better."
    poor = replace(GOOD, verdict="do not use", reasons=(reason,))
    text = identification_text(replace(answer, quality=poor))
    assert "do not trust this match" in text.splitlines()[0]
    assert reason in text


def test_one_session_needs_another() -> None:
    rng = np.random.default_rng(0)
    report = measure_drift("Ada", [("first", rng.normal(size=(20, 3)))], rng)
    facts = drift_facts(report, TrustSettings(), simulated=True)
    assert (facts["dnr"], facts["dnr_corrected"], facts["drift"]) == (None, None, None)
    _, speaker, session, *_ = drift_text([report], TrustSettings()).splitlines()
    assert "needs two sessions" in speaker
    assert session.split()[-1] == f"{report.sessions[0].split_half_drift:.2f}"


def test_a_note_that_many_share_stands_once() -> None:
    rng = np.random.default_rng(0)
    chunks = rng.normal(size=(20, 3))
    reports = [measure_drift(name, [("first", chunks)], rng) for name in ("Ada", "Bo")]
    notes = [
        line for line in drift_text(reports, TrustSettings()).splitlines() if ": Needs" in line
    ]
    assert len(notes) == 1
    assert notes[0].startswith("Ada, Bo: Needs two sessions")


def test_a_shape_that_moves_far_drifts() -> None:
    rng = np.random.default_rng(0)
    chunks = rng.normal(size=(2, 40, 3))
    sessions = [("first", chunks[0]), ("second", chunks[1] + 10.0)]
    report = measure_drift("Ada", sessions, rng)
    facts = drift_facts(report, TrustSettings(), False, measure_components(sessions))
    assert facts["verdict"] == "drifts"
    components = cast("dict[str, list[float]]", facts["components"])
    assert np.allclose(components["drift"], 10.0, atol=1.0)
    assert np.allclose(components["dnr"], 10.0, atol=3.0)
    assert all(0.9 < icc <= 1.0 for icc in components["icc"])
    _, first, *rest, _, _ = drift_text([report], TrustSettings()).splitlines()
    assert first.split()[:2] == ["Ada", "drifts"]
    assert [line.split()[0] for line in rest] == ["first", "second"]


@pytest.mark.parametrize(
    ("n", "told"), [(0, "0 people"), (1, "1 person"), (2, "2 people"), (1200, "1200 people")]
)
def test_one_is_counted_as_one(n: int, told: str) -> None:
    assert counted(n, "person", "people") == told
    assert counted(n, "shard") == f"{n} shard{'' if n == 1 else 's'}"


def test_channels_left_out_stand_under_their_reason() -> None:
    shares = {"smile": 0.52, "jaw_x": 1.0, "jaw_y": 1.0}
    told = "jaw_x, jaw_y (never moving), smile (dead in 52 % of the sessions)"
    assert left_out_text(shares) == told
    many = left_out_text({f"c{k}": 1.0 for k in range(9)})
    assert many == "c0, c1, c2, c3, c4, c5 and 3 more (never moving)"
