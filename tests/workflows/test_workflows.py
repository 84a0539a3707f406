"""The whole way on real recordings, and on a rendered one whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.library.library import Library
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.recognizer.files import default_recognizer
from facedyn_app.records import INVALID_REASONS, Match, PartialFit, Quality, SameSpeaker
from facedyn_app.settings import PrivacySettings, Settings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.rendering import make_scene, render_motion
from facedyn_app.video import SIMULATED, write_video
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.comparison import read_enrolled
from facedyn_app.workflows.identify import identify
from facedyn_app.workflows.verify import same_or_not
from tests.sessions import altered


def test_a_real_recording_is_fitted_well(shared: Path) -> None:
    head = load_head("open-head-2")
    analysis = analyse_video(shared / "data/videos/pyfeat_20s.mp4", head, Settings(), device="cpu")
    session, fit = analysis.session, analysis.fit
    error_percent = 100 * np.mean(fit.error_px[fit.motion.valid] / fit.face_px[fit.motion.valid])
    assert len(fit.motion.seconds) == 472
    # a hand is before the mouth in about a third of the frames; nothing else is wrong with any
    assert 0.65 < fit.motion.valid.mean() < 0.75
    assert fit.invalid_reason is not None
    assert {INVALID_REASONS[code] for code in fit.invalid_reason[~fit.motion.valid]} == {"occluded"}
    assert error_percent <= 0.8
    assert not session.simulated
    assert session.info.source_name == "pyfeat_20s.mp4"
    # the landmarker's own scores, which are part of the fit, from people, not from painted heads
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        mine = session.motion.expression[fit.motion.valid, session.motion.names.index(name)]
        theirs = analysis.landmarks.whole().scores[fit.motion.valid, BLENDSHAPE_NAMES.index(name)]
        assert np.corrcoef(mine, theirs)[0, 1] > 0.9


def test_a_rendered_face_gives_back_its_motion(tmp_path: Path) -> None:
    head = load_head("open-head-2")
    simulated = simulate_motion(0, 0, 4.0, seed=9, names=head.expression_names)
    scene = make_scene(head, 0, 0, seed=9)
    path = tmp_path / "made.mp4"
    write_video(path, render_motion(head, simulated, scene), simulated.fps, comment=SIMULATED)
    seen: list[Progress] = []
    private = Settings(privacy=PrivacySettings(file_names=False))
    analysis = analyse_video(path, head, private, device="cpu", live=True, on_progress=seen.append)
    session = analysis.session
    assert session.simulated
    assert session.info.source_name == "recording"
    assert len(session.info.source_sha256 or "") == 64
    assert session.motion.valid.mean() > 0.95
    names, valid = session.motion.names, session.motion.valid
    blink = names.index("eyeBlinkLeft")
    assert (
        np.corrcoef(
            session.motion.expression[valid, blink], simulated.motion.expression[valid, blink]
        )[0, 1]
        > 0.8
    )
    assert np.corrcoef(session.motion.jaw[valid, 0], simulated.motion.jaw[valid, 0])[0, 1] > 0.8
    turn = session.motion.rotation[valid] - (scene.rotation + simulated.motion.rotation[valid])
    assert np.degrees(np.abs(turn - np.median(turn, axis=0))).mean() < 2.0
    partial = [p.partial for p in seen if isinstance(p.partial, PartialFit)]
    assert sum(len(part.motion.seconds) for part in partial) == len(session.motion.seconds)
    assert all(part.image is not None and part.image.shape == (400, 400, 3) for part in partial)


def test_a_recognizer_of_simulated_speakers_is_not_calibrated_for_people(tmp_path: Path) -> None:
    recognizer = default_recognizer()
    made = [session for number in (0, 1) for session in simulate_sessions(number, 2, 15.0, seed=31)]
    with Library.open(tmp_path / "library") as library:
        for name, session in (("one", made[0]), ("two", made[2])):
            library.enrol(name, session, "made speakers need none")
        private = Settings(privacy=PrivacySettings(embeddings=False))
        simulated = identify(made[1], read_enrolled(library, recognizer, private))
        assert not library.embeddings_folder.exists()
        filmed = altered(made[1], simulated=False)
        of_a_person = identify(filmed, read_enrolled(library, recognizer, Settings()))
        assert any(library.embeddings_folder.iterdir())
        lines = [entry.action for entry in library.audit.lines()]
    assert simulated.caution == ""
    assert "not on people" in of_a_person.caution
    assert simulated.calibrated
    assert not of_a_person.calibrated
    assert [m.score for m in simulated.matches] == [m.score for m in of_a_person.matches]
    assert lines.count("identify") == 2


def test_a_video_without_a_face_is_a_sentence(moving_video: Path) -> None:
    with pytest.raises(InputError, match="No face was found in the video") as caught:
        analyse_video(moving_video, load_head("open-head-2"), Settings(), device="cpu")
    assert moving_video.name in caught.value.sentence


def test_the_caller_can_stop_an_analysis(moving_video: Path) -> None:
    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        analyse_video(moving_video, load_head("open-head-2"), Settings(), on_progress=stop)


@pytest.mark.parametrize(
    ("rate", "probability", "caution", "verdict", "answer"),
    [
        (0.01, 0.97, "", "good", SameSpeaker.SAME),
        (0.5, 0.02, "", "good", SameSpeaker.OTHER),
        (0.2, 0.6, "", "good", SameSpeaker.OPEN),
        (0.01, 0.97, "Not calibrated.", "good", SameSpeaker.OPEN),
        (0.01, 0.97, "", "do not use", SameSpeaker.OPEN),
    ],
)
def test_what_is_the_same_speaker(
    rate: float, probability: float, caution: str, verdict: str, answer: SameSpeaker
) -> None:
    match = Match("Ada", 0.5, probability, np.array([0.5]))
    quality = Quality(300, 297, 12.0, 0.5, 240.0, verdict, ())
    assert same_or_not(match, quality, caution, rate, 0.05)[0] is answer
