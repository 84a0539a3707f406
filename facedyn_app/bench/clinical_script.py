"""Scripted motion of known blinks, excursions, palsy, synkinesis: truth of clinical measures.

All of it is simulated: nobody moved so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from facedyn_app.events import TASK, Event
from facedyn_app.records import FloatArray, Motion, Session, SessionInfo
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.signals import ease, pulse
from facedyn_app.topology import MIRRORED_TURN, mirrored_channels

RISE_S, HOLD_S, FALL_S = 0.5, 1.0, 0.5
TASK_S, GAP_S, REST_S = 2.6, 0.4, 2.0
CLOSE_S, SHUT_S, OPEN_S = 0.08, 0.04, 0.16
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "brow_raise": ("browInnerUp", "browOuterUp"),
    "smile": ("mouthSmile", "cheekSquint"),
    "pucker": ("mouthPucker",),
    "lower_lip": ("mouthLowerDown",),
    "eye_closure_tight": ("eyeBlink", "eyeSquint"),
}
SIZES: Mapping[str, float] = {"eyeSquint": 0.4, "cheekSquint": 0.2, "mouthLowerDown": 0.8}
USUAL_SIZE = 0.7
FULL = 0.88
"""Activation at which the open head's lids meet."""


@dataclass(frozen=True, slots=True)
class ScriptedBlink:
    """A blink: when it begins, and how far each eye closes, 0..1."""

    onset: float
    left: float = 1.0
    right: float = 1.0


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated face does, and what is wrong with it.

    Attributes:
        blinks: Blinks.
        tasks: Tasks, one after the other, after a rest.
        palsy: Share by which the left side's mouth and brow are weaker.
        synkinesis: Share by which the left eye closes with each movement of the mouth.
        size: Of all movements, 0..1.
        seconds: Length; 0 until the last task is over.
    """

    blinks: tuple[ScriptedBlink, ...] = ()
    tasks: tuple[str, ...] = ()
    palsy: float = 0.0
    synkinesis: float = 0.0
    size: float = USUAL_SIZE
    seconds: float = 0.0

    @property
    def events(self) -> tuple[Event, ...]:
        """Rest and tasks, as an annotator would mark them."""
        found = [Event(TASK, 0.0, REST_S, "rest")]
        for number, name in enumerate(self.tasks):
            start = REST_S + number * (TASK_S + GAP_S)
            found.append(Event(TASK, start, start + TASK_S, name))
        return tuple(found)

    @property
    def duration(self) -> float:
        """Length, s."""
        return max(self.seconds, self.events[-1].end + GAP_S)


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """Activations by channel over the frames."""

    seconds: FloatArray
    values: dict[str, FloatArray] = field(default_factory=dict)

    def add(self, channel: str, activation: FloatArray) -> None:
        before = self.values.get(channel, np.zeros(len(self.seconds)))
        most = np.maximum(before, activation)
        # both together as if each left a share of what the other leaves
        together = 1.0 - (1.0 - before) * (1.0 - activation)
        self.values[channel] = np.where(most < 1.0, together, most)


def act(
    script: Script,
    names: Sequence[str],
    fps: float,
    rng: np.random.Generator,
    full: float = FULL,
) -> SimulatedMotion:
    """The motion of a script.

    Args:
        script: What to do.
        names: Expression channels of the head, ARKit's.
        fps: Frames a second.
        rng: Of the head's sway.
        full: Activation at which the head's lids meet.
    """
    times = np.arange(round(script.duration * fps)) / fps
    face = _Face(times)
    for event in script.events[1:]:
        _perform(face, event, script, names, full)
    for blink in script.blinks:
        form = _lids(times, blink.onset)
        face.add("eyeBlinkLeft", blink.left * full * form)
        face.add("eyeBlinkRight", blink.right * full * form)
    expression = np.stack([face.values.get(name, np.zeros(len(times))) for name in names], axis=1)
    phase = rng.uniform(0.0, 2.0 * np.pi, 3)
    turn = np.sin(2.0 * np.pi * times[:, None] * (0.13, 0.09, 0.07) + phase) * (0.03, 0.05, 0.02)
    return SimulatedMotion(
        motion=Motion(
            seconds=times,
            valid=np.ones(len(times), np.bool_),
            names=tuple(names),
            expression=expression.astype(np.float32),
            jaw=np.zeros((len(times), 3), np.float32),
            rotation=turn.astype(np.float32),
            translation=np.zeros((len(times), 3), np.float32),
        ),
        gaze=np.zeros((len(times), 2), np.float32),
        speaker=0,
        session=0,
        seed=0,
        fps=fps,
    )


def _lids(times: FloatArray, onset: float) -> FloatArray:
    return pulse(times, onset, CLOSE_S, SHUT_S, OPEN_S)


def _perform(face: _Face, event: Event, script: Script, names: Sequence[str], full: float) -> None:
    form = pulse(face.seconds, event.start + 0.2, RISE_S, HOLD_S, FALL_S)
    mouth = event.name in ("smile", "pucker", "lower_lip")
    for action in ACTIONS[event.name]:
        size = SIZES.get(action, USUAL_SIZE) * script.size / USUAL_SIZE
        if action == "eyeBlink":
            size = full
        if action in names:
            face.add(action, size * form)
            continue
        weak = 0.0 if event.name == "eye_closure_tight" else script.palsy
        face.add(f"{action}Left", (1.0 - weak) * size * form)
        face.add(f"{action}Right", size * form)
    if mouth and script.synkinesis:
        face.add("eyeBlinkLeft", script.synkinesis * full * form)


def true_onset(blink: ScriptedBlink, share: float) -> float:
    """When a share of a scripted blink's closure is done, s."""
    times = np.linspace(0.0, 1.0, 1001)
    return blink.onset + CLOSE_S * float(np.interp(share, ease(times), times))


def mirrored_truth(session: Session) -> Session:
    """The true session of the mirror image of a recording, left and right as in that picture."""
    motion = session.motion
    turn = np.array(MIRRORED_TURN, np.float32)
    return replace(
        session,
        motion=replace(
            motion,
            expression=motion.expression[:, mirrored_channels(motion.names)],
            jaw=motion.jaw * turn,
            rotation=motion.rotation * turn,
        ),
        info=replace(session.info, mirrored=not session.mirrored),
    )


def session_of_truth(simulated: SimulatedMotion, shape: FloatArray, head_id: str) -> Session:
    """The session that a perfect fit would give."""
    n = len(simulated.motion.seconds)
    return Session(
        motion=simulated.motion,
        shape=shape.astype(np.float32),
        shape_chunks=np.zeros((0, len(shape)), np.float32),
        shape_chunk_seconds=np.zeros(0),
        error_px=np.ones(n, np.float32),
        face_px=np.full(n, 240.0, np.float32),
        info=SessionInfo(head_id=head_id, fps=simulated.fps, simulated=True),
    )
