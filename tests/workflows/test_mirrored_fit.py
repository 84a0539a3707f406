"""Fit of a recording's mirror image: made as the recording was, whatever the settings say now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.progress import ignore
from facedyn_app.settings import Settings
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.heads import ready_head
from facedyn_app.workflows.mirrored_fit import fit_mirror_image
from facedyn_app.workflows.records import Recording


def test_the_landmarks_of_the_mirror_image_are_made_as_those_of_the_recording(
    shared: Path,
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    usual = Settings()
    followed = replace(usual, landmarks=replace(usual.landmarks, optical_flow=True))
    single = replace(usual, landmarks=replace(usual.landmarks, mirrored_mean=False))
    for made, now in ((followed, usual), (usual, followed), (single, usual)):
        session = analyse_video(video, ready_head("open-head-2"), made).session
        quality = assess_quality(session, made.trust)
        mirrored = fit_mirror_image(Recording("k", "t", session, quality, video), now, ignore)
        assert mirrored.mirrored is True
        assert mirrored.info.settings == session.info.settings
