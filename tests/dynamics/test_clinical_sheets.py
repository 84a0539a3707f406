"""Grading sheets: the published sums, what a session keeps, what a stranger's file may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from facedyn_app.dynamics.clinical.sheets import (
    EFACE,
    HOUSE_BRACKMANN,
    SHEETS_KEY,
    SUNNYBROOK,
    sheets_of,
    sunnybrook_score,
    with_sheet,
)
from facedyn_app.reports.sheet_words import sheet_facts, sum_words
from facedyn_app.simulate.corpus import simulate_sessions

NORMAL = {item.key: 4 if "movement_" in item.key else 0 for item in SUNNYBROOK.items}


def test_a_normal_face_has_100_and_a_flaccid_one_what_was_published() -> None:
    score = sunnybrook_score(NORMAL)
    assert score is not None
    assert (score.resting, score.voluntary, score.synkinesis, score.composite) == (0, 100, 0, 100)
    # eye wide 1, fold absent 2, corner dropped 1: 20; five movements unable: 20; none with it
    flaccid = {**dict.fromkeys(NORMAL, 0), "rest_eye": 2, "rest_cheek": 1, "rest_mouth": 1}
    score = sunnybrook_score(flaccid)
    assert score is not None
    assert (score.resting, score.voluntary, score.synkinesis, score.composite) == (20, 20, 0, 0)
    score = sunnybrook_score({**NORMAL, "synkinesis_snarl": 3, "movement_snarl": 2})
    assert score is not None
    assert score.composite == 100 - 2 * 4 - 3


def test_there_is_no_sum_before_all_is_judged() -> None:
    judged = {key: place for key, place in NORMAL.items() if key != "rest_eye"}
    assert sunnybrook_score(judged) is None
    assert sum_words(SUNNYBROOK, judged) == "1 of 13 to be judged"
    assert "composite 100" in sum_words(SUNNYBROOK, NORMAL)
    assert [words for _, words in HOUSE_BRACKMANN.items[0].choices][5] == "VI, total paralysis"


def test_a_session_keeps_several_sheets() -> None:
    (session,) = simulate_sessions(0, 1, 2.0)
    assert sheets_of(session) == {}
    judged = with_sheet(with_sheet(session, "house_brackmann", {"grade": 2}), "sunnybrook", NORMAL)
    assert sheets_of(judged) == {"house_brackmann": {"grade": 2}, "sunnybrook": NORMAL}
    facts = dict(sheet_facts(sheets_of(judged)))
    assert facts["Grade"] == "3: III, moderate dysfunction"
    assert facts["Snarl: movement"] == "5: movement complete"


@pytest.mark.parametrize(
    "stored",
    [
        "text",
        {"sunnybrook": [1]},
        {"sunnybrook": {"rest_eye": 9, "rest_mouth": -1, "snarl": 1, "rest_cheek": "1"}},
        {"nobody's": {"rest_eye": 1}},
    ],
)
def test_what_is_no_choice_of_a_sheet_is_left_out(stored: object) -> None:
    (session,) = simulate_sessions(0, 1, 2.0)
    info = replace(session.info, further={SHEETS_KEY: stored})
    assert sheets_of(replace(session, info=info)) == {}


def test_eface_keeps_values_and_forms_no_sum() -> None:
    assert len(EFACE.items) == 15
    (session,) = simulate_sessions(0, 1, 2.0)
    whole = {item.key: 85 for item in EFACE.items} | {"rest_brow": 100, "rest_fissure": 140}
    kept = sheets_of(with_sheet(session, "eface", whole))
    assert kept == {"eface": whole}
    facts = dict(sheet_facts(kept))
    assert facts["At rest: brow"] == "100: balanced"
    assert facts["At rest: palpebral fissure"] == "140"
    assert facts["eFACE"] == "filled in"
