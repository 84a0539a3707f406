"""Channel sets of sessions that were fitted with no head: ARKit's blendshapes, FLAME's parameters.

Other programs' measurements have channels and no head file. What they are called is kept in a
session's `head_id`: `openface-2`, `arkit-52`, `flame-300-50@SHA256`, the last with the sha256 of
the FLAME file that the user has named. A head can draw a set whose channels it has.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import MismatchError
from facedyn_app.headmodel.model import HeadModel, check_head_of
from facedyn_app.records import FloatArray, Session

ARKIT = "arkit-52"
ARKIT_NAMES = (
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawRight",
    "jawLeft",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthRight",
    "mouthLeft",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
"""ARKit's 52 blendshapes in the order of the Live Link Face table."""

LIVE_LINK_POSE = ("HeadYaw", "HeadPitch", "HeadRoll")
LIVE_LINK_EYES = (
    "LeftEyeYaw",
    "LeftEyePitch",
    "LeftEyeRoll",
    "RightEyeYaw",
    "RightEyePitch",
    "RightEyeRoll",
)
POSE_AXES, POSE_SIGNS = "YXZ", (-1.0, 1.0, 1.0)
"""Live Link Face's head angles, rad: turns about these axes of the head frame, with these signs.
That an eye's yaw is positive to the subject's right and its pitch downwards was measured against
the eyeLook channels of the same capture (correlation 0.99); the head's are taken to be alike."""

JAW_FACTS = {"jawOpen": "jaw_open", "jawLeft": "jaw_left", "jawRight": "jaw_right"}
"""The blendshapes that are turns of the jaw, and where a head's `meta` says which turn 1 is."""

LOOK_TURNS = {
    "eyeLookUpLeft": (0, 1, 1.0),
    "eyeLookUpRight": (1, 1, 1.0),
    "eyeLookDownLeft": (0, 1, -1.0),
    "eyeLookDownRight": (1, 1, -1.0),
    "eyeLookOutLeft": (0, 0, 1.0),
    "eyeLookInLeft": (0, 0, -1.0),
    "eyeLookInRight": (1, 0, 1.0),
    "eyeLookOutRight": (1, 0, -1.0),
}
"""Which turn each look is: eye (0 the subject's left), coordinate (0 to the left, 1 up), sign."""

TURN_PER_LOOK = (0.62, 0.48)
"""Turn of an eye at a look of 1, rad, to the side and up; measured: the slope of the eyes' angles
against the looks in 31 s of one iPhone's capture, correlation 0.99."""

_FLAME = re.compile(r"flame-(\d+)-(\d+)(?:@([0-9a-f]{64}))?")


def flame_set(n_shape: int, n_expression: int, sha256: str | None) -> str:
    """The name of FLAME parameters: numbers of shapes and expressions, sha256 of the FLAME file."""
    named = f"@{sha256}" if sha256 else ""
    return f"flame-{n_shape}-{n_expression}{named}"


def is_flame_set(head_id: str) -> bool:
    """Whether it is the name of FLAME parameters."""
    return _FLAME.fullmatch(head_id) is not None


def flame_file_of(head_id: str) -> str | None:
    """The sha256 of the FLAME file in the name of FLAME parameters; None where there is none."""
    found = _FLAME.fullmatch(head_id)
    return found[3] if found else None


def gaze_of_looks(values: FloatArray, names: tuple[str, ...]) -> FloatArray | None:
    """(T, 2, 2) turns of the eyes to the subject's left and up, rad, from ARKit's eyeLook.

    Args:
        values: (T, E) blendshapes, 0..1.
        names: The E names; None is returned where one of the eight looks is missing.
    """
    if not set(LOOK_TURNS) <= set(names):
        return None
    gaze = np.zeros((len(values), 2, 2))
    for name, (eye, coordinate, sign) in LOOK_TURNS.items():
        look = values[:, names.index(name)]
        gaze[:, eye, coordinate] += sign * TURN_PER_LOOK[coordinate] * look
    return gaze


def looks_of_gaze(gaze: FloatArray) -> dict[str, FloatArray]:
    """The eight looks, each (T,) and 0..1, of (T, 2, 2) turns of the eyes, rad; see above."""
    return {
        name: np.clip(sign * gaze[:, eye, coordinate] / TURN_PER_LOOK[coordinate], 0.0, 1.0)
        for name, (eye, coordinate, sign) in LOOK_TURNS.items()
    }


def drawing_head_of(session: Session) -> str:
    """Which head, by id, draws a session: its own, or one that has its channels.

    Raises:
        MismatchError: There is no head for its channels, or its FLAME file is not named.
    """
    head_id = session.head_id
    if head_id == ARKIT:
        return DEFAULT_HEAD
    if is_flame_set(head_id) and flame_file_of(head_id) is None:
        raise MismatchError(
            f"The session has FLAME parameters ('{head_id}') and names no FLAME file.",
            "Convert it again with --head FILE: the FLAME file that its program used.",
        )
    if session.info.other_program is not None and session.info.head_sha256 is None:
        raise MismatchError(
            f"No head has the channels of '{head_id}'.",
            "The session can be trained on, matched and measured; it is not drawn.",
        )
    return head_id


def as_drawn(session: Session, head: HeadModel) -> Session:
    """A session as coefficients of a head that can draw it; its own head's as they are.

    Of FLAME parameters the head's expressions are taken, by name, so that what FLAME has not (lids)
    is left out. ARKit's blendshapes go by their names to a head that has them, `jawOpen`,
    `jawLeft` and `jawRight` to its jaw joint; what the head has not (tongueOut) is left out.

    Raises:
        MismatchError: The head has not the session's channels; the sentence names both.
    """
    if session.head_id == ARKIT and set(JAW_FACTS.values()) <= set(head.meta):
        jaw = _jaw_turns(session, head)
        return _renamed(session, head, jaw)
    sha256 = flame_file_of(session.head_id)
    if sha256 is not None and sha256 == head.sha256:
        return _renamed(session, head, session.motion.jaw)
    check_head_of(session, head)
    return session


def _jaw_turns(session: Session, head: HeadModel) -> FloatArray:
    """(T, 3) rotation vectors of the jaw; turns this small add up."""
    jaw = np.array(session.motion.jaw, dtype=np.float32)
    for name, fact in JAW_FACTS.items():
        if name in session.motion.names:
            amount = session.motion.expression[:, session.motion.names.index(name)]
            jaw += amount[:, None] * np.asarray(head.meta[fact], dtype=np.float32)
    return jaw


def _renamed(session: Session, head: HeadModel, jaw: FloatArray) -> Session:
    """The session with the head's own expressions, 0 where it has none, and the head's name."""
    where = {name: column for column, name in enumerate(session.motion.names)}
    drawn = np.zeros((len(session.motion.seconds), head.n_expression), dtype=np.float32)
    for column, name in enumerate(head.expression_names):
        if name in where:
            drawn[:, column] = session.motion.expression[:, where[name]]
    drawn[~session.motion.valid] = np.nan
    info = replace(session.info, head_id=head.head_id, head_sha256=head.sha256)
    motion = replace(session.motion, names=head.expression_names, expression=drawn, jaw=jaw)
    return replace(session, motion=motion, info=info)
