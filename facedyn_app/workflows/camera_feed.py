"""Feed of a live camera between the threads that read, fit and show it; its timing."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from facedyn_app.records import ByteArray, FloatArray, Frame, PartialFit
from facedyn_app.video import SourceChoice, VideoRecorder

TIMING_SECONDS: Final = 2.0
MOST_UNTAKEN: Final = 256
"""Fits that the window has not taken yet, more than it ever needs."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraUpdate:
    """The newest of a camera for the window.

    Attributes:
        image: (H, W, 3) uint8 RGB, the newest picture that has been fitted; before the first fit
            the newest one there is.
        points: (L, 2) its landmarks, px; None before the first fit.
        captured: When the picture came, by `time.perf_counter`, s.
        parts: The motion of the frames fitted since the last update.
        names: Names of the expression coefficients; empty before the first fit.
        n_shown: Frames fitted so far.
        n_passed: Frames that a newer one has overtaken, since the first fit.
    """

    image: ByteArray
    points: FloatArray | None
    captured: float
    parts: tuple[PartialFit, ...]
    names: tuple[str, ...]
    n_shown: int
    n_passed: int


class CameraFeed:
    """Joins three threads: one reads the camera, one fits, the window shows.

    No queue grows: the fit takes the newest frame, the window the newest fit.

    Attributes:
        choices: The sources that there are, once they have been listed.
        simulated: Whether the open one shows what is rendered.
        over: Whether no more frames come.
    """

    def __init__(self) -> None:
        self.choices: tuple[SourceChoice, ...] = ()
        self.simulated = False
        self.over = False
        self._changed = threading.Condition()
        self._began: float | None = None
        self._newest: Frame | None = None
        self._waiting = False
        self._came: deque[float] = deque(maxlen=64)
        self._fitted: Frame | None = None
        self._first_fitted = 0
        self._points: FloatArray | None = None
        self._parts: deque[PartialFit] = deque(maxlen=MOST_UNTAKEN)
        self._names: tuple[str, ...] = ()
        self._n_shown = 0
        self._fresh = False
        self._recorder: VideoRecorder | None = None

    @property
    def fps(self) -> float:
        """Frames a second that the camera has sent lately; 0 while unknown."""
        with self._changed:
            came = list(self._came)
        return (len(came) - 1) / (came[-1] - came[0]) if len(came) > 1 else 0.0

    def put(self, image: ByteArray) -> None:
        """Take the camera's next picture; one that nobody has fitted yet is passed over."""
        now = time.perf_counter()
        with self._changed:
            self._began = now if self._began is None else self._began
            index = 0 if self._newest is None else self._newest.index + 1
            frame = self._newest = Frame(index, now - self._began, image)
            self._came.append(now)
            self._waiting = True
            self._fresh = self._fresh or self._fitted is None
            recorder = self._recorder
            self._changed.notify_all()
        if recorder is not None:
            recorder.add(frame)

    def end(self) -> None:
        """No more pictures come, and none are recorded any more."""
        with self._changed:
            self.over = True
            self._changed.notify_all()
        self.record(None)

    def newest(self, patience: float) -> Frame | None:
        """Wait for a frame that has not been fitted: the newest one.

        Args:
            patience: For how long, s; None is given after that, or when no more come.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.over, patience)
            if self.over or not self._waiting:
                return None
            self._waiting = False
            return self._newest

    def tell(self, frame: Frame, fit: PartialFit, names: tuple[str, ...]) -> None:
        """Say what has been found in a frame."""
        with self._changed:
            if self._fitted is None:
                self._first_fitted = frame.index
            self._fitted, self._points, self._names = frame, fit.points, names
            self._parts.append(fit)
            self._n_shown += 1
            self._fresh = True

    def take(self) -> CameraUpdate | None:
        """What is new since the last time; None where nothing is."""
        with self._changed:
            frame = self._fitted or self._newest
            if not self._fresh or frame is None or self._began is None:
                return None
            self._fresh = False
            parts = tuple(self._parts)
            self._parts.clear()
            reached = frame.index - self._first_fitted + 1
            passed = max(0, reached - self._n_shown) if self._n_shown else 0
            return CameraUpdate(
                image=frame.image,
                points=self._points,
                captured=self._began + frame.seconds,
                parts=parts,
                names=self._names,
                n_shown=self._n_shown,
                n_passed=passed,
            )

    def record(self, recorder: VideoRecorder | None) -> None:
        """Hand every picture from now on to a recorder as well; None ends that."""
        with self._changed:
            before, self._recorder = self._recorder, recorder
        if before is not None:
            before.end()


class LiveTiming:
    """Frame rate and delay of the live picture."""

    def __init__(self) -> None:
        self._updates: deque[tuple[float, int, float]] = deque()

    def add(self, update: CameraUpdate, now: float) -> None:
        """Take an update that is shown now, by `time.perf_counter`, s."""
        self._updates.append((now, update.n_shown, now - update.captured))
        while now - self._updates[0][0] > TIMING_SECONDS:
            self._updates.popleft()

    def text(self, update: CameraUpdate) -> str:
        """Frame rate, how far behind, and what was passed over; empty before the first fit."""
        if not update.n_shown:
            return ""
        (first, n_first, _), (last, n_last, _) = self._updates[0], self._updates[-1]
        behind = 1000 * float(np.median([late for _, _, late in self._updates]))
        came = update.n_shown + update.n_passed
        parts = [f"{behind:.0f} ms behind the camera"]
        if last - first > TIMING_SECONDS / 4:
            parts.insert(0, f"{(n_last - n_first) / (last - first):.0f} frames/s")
        return " · ".join([*parts, f"{update.n_passed} of {came} frames passed over"])
