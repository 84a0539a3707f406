"""What moves shape estimates is measured of sessions whose conditions are known, and named."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facedyn_app.dynamics.recording_conditions import likely_causes, measure_conditions
from facedyn_app.records import INVALID_REASONS, Conditions, Session, SessionInfo
from facedyn_app.settings import TrustSettings
from tests.sessions import resting_session

TRUST = TrustSettings()


def made(n: int = 100, turn_deg: float = 10.0, n_blurred: int = 0) -> Session:
    """A head 200 px high that turns evenly from -turn to +turn about the y axis."""
    rotation = np.zeros((n, 3), np.float32)
    rotation[:, 1] = np.radians(np.linspace(-turn_deg, turn_deg, n))
    reason = np.zeros(n, np.uint8)
    reason[:n_blurred] = INVALID_REASONS.index("blurred")
    rotation[reason > 0] = np.nan
    return resting_session(
        np.arange(n) / 25.0,
        valid=reason == 0,
        rotation=rotation,
        shape_chunks=np.zeros((4, 2), np.float32),
        shape_chunk_seconds=np.arange(4) + 0.5,
        focal_px=768.0,
        width=640,
        height=360,
        invalid_reason=reason,
    )


def usual(name: str, **changes: Any) -> Conditions:
    plain = Conditions(
        name=name,
        face_px=220.0,
        turned_deg=6.0,
        pose_range_deg=15.0,
        focal_widths=1.2,
        error_percent_face=0.6,
        valid_share=0.98,
        blurred_share=0.0,
        sharpness=0.4,
        brightness=0.5,
        light_change=0.1,
    )
    return replace(plain, **changes)


def test_conditions_of_a_session() -> None:
    found = measure_conditions("visit", made())
    assert found.face_px == 200.0
    assert found.turned_deg == pytest.approx(5.0, abs=0.2)
    assert found.pose_range_deg == pytest.approx(16.0, abs=0.1)
    assert found.focal_widths == pytest.approx(1.2)
    assert found.error_percent_face == pytest.approx(0.5)
    assert (found.valid_share, found.blurred_share) == (1.0, 0.0)


def test_blurred_frames_are_counted() -> None:
    found = measure_conditions("visit", made(n_blurred=25))
    assert (found.valid_share, found.blurred_share) == (0.75, 0.25)


def test_light_and_sharpness_are_those_of_the_frames_with_a_face() -> None:
    n = 100
    brightness = np.linspace(0.4, 0.6, n, dtype=np.float32)
    brightness[0] = np.nan
    sharpness = np.full(n, 0.3, np.float32)
    found = measure_conditions("visit", replace(made(), brightness=brightness, sharpness=sharpness))
    assert found.brightness == pytest.approx(0.501, abs=1e-3)
    assert found.light_change == pytest.approx(0.8 * 0.2 / 0.5, abs=0.01)
    assert found.sharpness == pytest.approx(0.3)


def test_what_is_not_known_is_no_number() -> None:
    nothing = made(n=10, n_blurred=10)
    found = measure_conditions(
        "visit", replace(nothing, info=SessionInfo("made"), invalid_reason=None)
    )
    assert all(math.isnan(v) for v in (found.face_px, found.turned_deg, found.focal_widths))
    assert math.isnan(found.blurred_share)
    assert all(math.isnan(v) for v in (found.sharpness, found.brightness, found.light_change))
    assert found.valid_share == 0.0
    assert likely_causes([found, usual("b")], TRUST) == [
        "In 'visit' the face could not be followed in 100 % of the frames (the other's: 2 % or "
        "less)."
    ]


def test_the_cause_that_stands_out_is_named() -> None:
    small = usual("visit 2", face_px=60.0)
    assert likely_causes([usual("visit 1"), small, usual("visit 3", face_px=210)], TRUST) == [
        "In 'visit 2' the face is 60 px high (the others': 210 px or more)."
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error_percent_face": 1.5}, "misses the landmarks by 1.50 %"),
        ({"valid_share": 0.6}, "could not be followed in 40 %"),
        ({"blurred_share": 0.3}, "30 % of the frames are blurred"),
        ({"sharpness": 0.1}, "is blurred: its sharpness is 0.10"),
        ({"brightness": 0.1}, "is dark: 10 % of white"),
        ({"light_change": 0.5}, "light on the face changes by 50 %"),
        ({"turned_deg": 30.0}, "mostly turned by 30 degrees"),
        ({"pose_range_deg": 3.0}, "turns through 3 degrees only"),
        ({"focal_widths": 3.0}, "focal length is 3.00 times"),
        ({"focal_widths": 0.5}, "focal length is 0.50 times"),
    ],
)
def test_every_condition_can_be_a_cause(change: dict[str, float], words: str) -> None:
    (cause,) = likely_causes([usual("a"), usual("b", **change), usual("c")], TRUST)
    assert cause.startswith("In 'b' ")
    assert words in cause
    assert likely_causes([usual("b", **change)] * 2, TRUST) == []


def test_no_cause_where_sessions_are_alike_or_alone() -> None:
    assert likely_causes([usual("a"), usual("b", face_px=150.0)], TRUST) == []
    assert likely_causes([usual("a", face_px=20.0)], TRUST) == []
    assert likely_causes([], TRUST) == []


def test_the_factor_is_the_users() -> None:
    pair = [usual("a"), usual("b", face_px=150.0)]
    (cause,) = likely_causes(pair, replace(TRUST, stands_out=1.4))
    assert cause == "In 'b' the face is 150 px high (the other's: 220 px or more)."
