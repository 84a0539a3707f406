"""Reports as HTML: what they say, that names do no harm, and that every figure is in the page."""

import base64
import math
import re
from dataclasses import replace
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.dynamics.motion_range import measure_motion_range
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.records import INVALID_REASONS, DriftReport, NoDrift, Session, SourceFile
from facedyn_app.reports.corpus_page import Member, corpus_page
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.session_page import session_page
from facedyn_app.reports.speaker_page import Visit, speaker_page
from facedyn_app.settings import TrustSettings
from facedyn_app.simulate.corpus import simulate_sessions
from tests.sessions import altered

TRUST = TrustSettings()
NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
NO_DRIFT = NoDrift("Bo", "No session is long enough.")
EVIL = "<script>alert(1)</script> $\\frac"
SECONDS = 12.0


@pytest.fixture(scope="module")
def sessions() -> tuple[Session, ...]:
    """Three sessions of one simulated speaker."""
    return tuple(simulate_sessions(0, 3, SECONDS))


def about(speaker: str = "", consent: str = "") -> Provenance:
    return Provenance("facedyn 9.9", NOW, speaker, consent)


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    decoded = [np.frombuffer(base64.b64decode(data), np.uint8) for data in found]
    return [np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)) for data in decoded]


def visit(name: str, session: Session, month: int) -> Visit:
    day = datetime(2026, month, 1, tzinfo=UTC)
    words = f"{day:%Y-%m-%d}"
    quality = assess_quality(session, TRUST)
    return Visit(name, words, True, "facedyn 9.9", quality, measure_motion_range(session))


def drift_of(sessions: tuple[Session, ...]) -> DriftReport:
    shapes = [(f"visit {k}", session.shape_chunks) for k, session in enumerate(sessions, start=1)]
    return measure_drift("Ada", shapes, np.random.default_rng(0))


def test_a_session_is_told_with_all_that_made_it(sessions: tuple[Session, ...]) -> None:
    session = altered(
        sessions[0],
        source=SourceFile("visit.mp4", "ab" * 32),
        settings={"fit": {"max_yaw_deg": 60.0}},
        program="facedyn 0.0",
    )
    page = session_page("visit.npz", session, TRUST, about("Ada", "Ada herself, 2026"))
    for words in (
        "Session visit.npz (simulated)",
        "not a medical device",
        f"Measurement: {assess_quality(session, TRUST).verdict}.",
        "Ada herself, 2026",
        "visit.mp4",
        "ab" * 32,
        session.head_id,
        "fit.max_yaw_deg",
        "60.0",
        "facedyn 0.0",
        "trust.max_dnr",
        "2026-03-04 05:06",
        f"of {len(session.motion.seconds)}",
    ):
        assert words in page, words
    assert [picture.std() > 10 for picture in pictures(page)] == [True, True]


def test_faults_of_a_session_are_told(sessions: tuple[Session, ...]) -> None:
    session = sessions[0]
    n = len(session.motion.seconds)
    reason = np.zeros(n, np.uint8)
    reason[: n // 2] = INVALID_REASONS.index("blurred")
    times = session.motion.seconds.copy()
    times[20:] += 2.0
    changes = {"seconds": times, "valid": reason == 0, "invalid_reason": reason}
    repeated = np.arange(n) < 7
    page = session_page("v", altered(session, **changes, repeated=repeated), TRUST, about())
    assert f"{n // 2} blurred" in page
    assert "2.0 s at 0.8 s" in page
    assert "<td>50</td>" in page  # frames of 40 ms that are missing in 2 s
    assert "7 (2.3 %)" in page
    assert "none recorded with this session" in page


def test_names_and_notes_do_nothing_in_a_page(sessions: tuple[Session, ...]) -> None:
    named = altered(
        sessions[0],
        source=SourceFile(EVIL, None),
        program=EVIL,
        names=(EVIL, *sessions[0].motion.names[1:]),
    )
    expression = named.motion.expression.copy()
    expression[:, 0] *= 100.0  # so that it is among those drawn
    loud = altered(named, expression=expression)
    made = visit(EVIL, loud, 1)
    pages = [
        session_page(EVIL, loud, TRUST, about(EVIL, EVIL)),
        speaker_page([made], NO_DRIFT, TRUST, about(EVIL, EVIL)),
        corpus_page(EVIL, [Member(EVIL, EVIL, True, (made.quality,), NO_DRIFT)], TRUST, about()),
    ]
    for page in pages:
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_a_session_without_a_valid_frame_has_a_report(sessions: tuple[Session, ...]) -> None:
    n = len(sessions[0].motion.seconds)
    page = session_page(
        "v", altered(sessions[0], valid=np.zeros(n, bool), face_px=np.zeros(n)), TRUST, about()
    )
    assert "No frame shows a face that could be followed." in page
    assert "not known" in page
    assert len(pictures(page)) == 2


def test_a_speaker_is_told_by_date(sessions: tuple[Session, ...]) -> None:
    visits = [visit(f"visit {k}", one, k) for k, one in enumerate(sessions, start=1)]
    drift = drift_of(sessions)
    page = speaker_page(visits, drift, TRUST, about("Ada", "Ada herself, 2026"))
    places = [page.index(f'<td class="name">2026-0{k}-01</td>') for k in (1, 2, 3)]
    assert places == sorted(places)
    assert drift.dnr_corrected is not None
    for words in (
        "Speaker Ada (simulated)",
        "Ada herself, 2026",
        f"corrected DNR {drift.dnr_corrected:.2f}, 90 % interval",
        f"<td>{visits[0].ranges.jaw_deg:.1f}</td>",
        "asymmetry",
        f"({visits[0].ranges.asymmetry('mouthSmile'):+.2f})",
        "facedyn 9.9",
    ):
        assert words in page, words
    assert len(pictures(page)) == 2


def test_one_session_has_no_ratio_and_says_so(sessions: tuple[Session, ...]) -> None:
    page = speaker_page(
        [visit("visit 1", sessions[0], 1)], drift_of(sessions[:1]), TRUST, about("Ada")
    )
    assert "Needs two sessions" in page
    assert len(pictures(page)) == 1


def test_a_head_without_pairs_has_the_jaw_alone(sessions: tuple[Session, ...]) -> None:
    names = tuple(f"channel {k}" for k in range(len(sessions[0].motion.names)))
    plain = altered(sessions[0], names=names)
    page = speaker_page([visit("visit 1", plain, 1)], NO_DRIFT, TRUST, about("Ada"))
    assert "Shape: unknown." in page
    assert "No session is long enough." in page
    assert "both sides" not in page
    assert "<th>date</th><th>jaw, degrees</th></tr>" in page
    assert len(pictures(page)) == 1


def test_a_library_is_told_speaker_by_speaker(sessions: tuple[Session, ...]) -> None:
    good = assess_quality(sessions[0], TRUST)
    poor = replace(good, n_valid=0, verdict="do not use", error_percent_face=math.nan)
    members = [
        Member("Ada", "Ada, 2026", True, (good, good), drift_of(sessions), (), 2 * ("made so",)),
        Member("Bo", "", True, (poor,), NO_DRIFT, ("visit.npz cannot be read.",)),
    ]
    page = corpus_page("study", members, TRUST, about())
    for words in (
        "Library study (simulated)",
        "recorded for 1 of 2",
        '<td class="name">Bo (simulated)</td><td>1</td>',
        "<td>unknown</td><td>-</td><td>-</td><td>none</td>",
        "1 do not use",
        '<td class="name">2 sessions</td><td>made so</td>',
        "trust.max_dnr",
        "Bo: No session is long enough.",
        "visit.npz cannot be read.",
    ):
        assert words in page, words
    assert len(pictures(page)) == 2


def test_values_that_are_nearly_the_same_are_drawn(sessions: tuple[Session, ...]) -> None:
    quality = assess_quality(sessions[0], TRUST)
    near = replace(quality, face_px=np.nextafter(quality.face_px, 1e9))
    members = [Member("Ada", "", True, (quality, near), drift_of(sessions))]
    assert len(pictures(corpus_page("study", members, TRUST, about()))) == 2
