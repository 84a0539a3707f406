"""Shape drift of a speaker over their sessions, and the conditions that may move it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class SessionDrift:
    """The shape drift of one session of a speaker.

    Attributes:
        name: The session.
        n_chunks: Chunks of shape, one a second.
        n_effective: Independent chunks, from the autocorrelation time.
        noise: Root of the trace of the within-session covariance, standard deviations.
        distance: Distance of the session's mean shape from the mean of the speaker's other
            sessions, standard deviations; None with one session.
        dnr: `distance` over the speaker's noise; None with one session.
        dnr_interval: 90 % block-bootstrap interval of `dnr`; None with one session.
        split_half_drift: Distance of the two halves' means, standard deviations.
    """

    name: str
    n_chunks: int
    n_effective: float
    noise: float
    distance: float | None
    dnr: float | None
    dnr_interval: tuple[float, float] | None
    split_half_drift: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """What may move the shape that is estimated from a session; NaN where it is not known.

    Attributes:
        name: The session.
        face_px: Median face height, px.
        turned_deg: Median turn of the head away from the camera, degrees.
        pose_range_deg: Span of the middle 80 % of the head's turn, about the axis about which it
            turns most, degrees.
        focal_widths: Focal length over the picture's longer side.
        error_percent_face: Mean landmark error of the valid frames, percent of face height.
        valid_share: Valid frames, 0..1.
        blurred_share: Frames left out since they are blurred, 0..1.
        sharpness: Median fine detail of the face over its contrast.
        brightness: Median brightness of the face, 0 black to 1 white.
        light_change: Span of the middle 80 % of its brightness, over the median.
        excluded_share: Frames that the user has excluded, 0..1; none of them counts above.
    """

    name: str
    face_px: float
    turned_deg: float
    pose_range_deg: float
    focal_widths: float
    error_percent_face: float
    valid_share: float
    blurred_share: float
    sharpness: float
    brightness: float
    light_change: float
    excluded_share: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class DriftReport:
    """The drift-to-noise ratio of one speaker over their sessions.

    Attributes:
        speaker: The speaker.
        sessions: One entry a session with two chunks of shape or more, in the order given.
        noise: Root of the mean within-session variance, standard deviations.
        drift: Mean distance between session means; None with one session.
        dnr: `drift / noise`; None with one session.
        drift_corrected: As `drift`, the wandering of the means themselves taken off.
        dnr_corrected: `drift_corrected` over the noise of long sessions; None with one session.
        dnr_corrected_interval: Its 90 % interval; None with one session.
        note: What limits it, such as "needs two sessions"; may be empty.
        conditions: Under which each session was recorded, in the order given.
    """

    speaker: str
    sessions: tuple[SessionDrift, ...]
    noise: float
    drift: float | None
    dnr: float | None
    drift_corrected: float | None
    dnr_corrected: float | None
    dnr_corrected_interval: tuple[float, float] | None
    note: str
    conditions: tuple[Conditions, ...] = ()


@dataclass(frozen=True, slots=True)
class NoDrift:
    """A speaker whose drift cannot be measured.

    Attributes:
        speaker: The speaker.
        reason: Why not, a sentence.
    """

    speaker: str
    reason: str
