"""Record of a session: a fit with what it is of and what it was made with."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from facedyn_app import PROGRAM
from facedyn_app.files import file_name
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import StoredTrack
from facedyn_app.records import (
    INVALID_REASONS,
    NAMELESS,
    HeadFit,
    Session,
    SessionInfo,
    SourceFile,
)
from facedyn_app.settings import Settings
from facedyn_app.workflows.records import FollowedVideo

DAMAGED = INVALID_REASONS.index("damaged picture")


def faces_note(video: FollowedVideo, face: int, settings: Settings) -> str:
    """How many faces are seen, and which is taken, a sentence; empty where it is the only one."""
    least = settings.trust.min_seen_seconds
    n_seen = sum(one.seconds >= least or one.number == face for one in video.tracks.faces())
    if n_seen < 2:
        return ""
    longest = ", the one seen longest" if face == video.tracks.number_of() else ""
    return (
        f"{n_seen} faces are seen in it for {least:g} s or longer; face {face}{longest} is taken."
    )


def make_session(
    video: FollowedVideo,
    face: int,
    head: HeadModel,
    landmarks: StoredTrack,
    fit: HeadFit,
    settings: Settings,
) -> Session:
    """A fit with all that says what it is of and what it was made with."""
    reason = fit.invalid_reason
    if reason is not None:
        reason = np.where(landmarks.damaged, DAMAGED, reason).astype(np.uint8)
    return Session(
        motion=fit.motion,
        shape=fit.shape,
        shape_chunks=fit.shape_chunks,
        shape_chunk_seconds=fit.shape_chunk_seconds,
        error_px=fit.error_px,
        face_px=fit.face_px,
        info=_session_info(video, face, head, fit, settings),
        invalid_reason=reason,
        confidence=np.nan_to_num(landmarks.certainty).clip(0.0, 1.0).astype(np.float32),
        sharpness=landmarks.sharpness,
        brightness=landmarks.brightness,
        left_eye_contrast=landmarks.left_eye_contrast,
        right_eye_contrast=landmarks.right_eye_contrast,
        light_ratio=landmarks.light_ratio,
        repeated=landmarks.repeated,
        shape_certainty=fit.shape_certainty,
    )


def _session_info(
    video: FollowedVideo, face: int, head: HeadModel, fit: HeadFit, settings: Settings
) -> SessionInfo:
    name = file_name(video.info.path.absolute()) if settings.privacy.file_names else NAMELESS
    return SessionInfo(
        head_id=head.head_id,
        head_sha256=head.sha256,
        source=SourceFile(name, video.sha256),
        face=face,
        fps=video.info.fps,
        width=video.info.width,
        height=video.info.height,
        focal_px=fit.focal_px,
        focal_log_sd=fit.focal_log_sd,
        converged=fit.converged,
        settings=fit_settings_record(settings),
        program=PROGRAM,
        simulated=video.info.simulated,
        recorded_at=video.info.recorded_at,
        mirrored=video.info.mirrored or None,
        stream=video.info.stream,
        fps_assumed=video.info.fps_assumed or None,
        notes=video.info.notes,
    )


def fit_settings_record(settings: Settings) -> dict[str, Any]:
    """The settings that decide a session's numbers, as its file keeps them (JSON)."""
    landmarks = asdict(settings.landmarks) | {"mirrored_mean": settings.landmarks.takes_mean}
    made = {"landmarks": landmarks, "fit": asdict(settings.fit_of_landmarks)}
    return dict(json.loads(json.dumps(made)))
