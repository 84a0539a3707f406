"""Numbering and timing of a video's pictures: by what it is done, found in the first of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import islice
from typing import Any, Final

import av
import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.video.packets import decode, packets, stamp_of
from facedyn_app.video.source import Source, open_video

ASSUMED_FPS: Final = 25.0
LEAST_FPS, MOST_FPS = 0.1, 1000.0
"""Rates beyond which one that a file states is not believed."""
MOST_OFF: Final = 3.0
"""Factor between a stated rate and that of the stamps from which the stamps are believed."""
PROBED_PICTURES: Final = 32
LEAST_PROBED: Final = 16
PROBED_PIXELS: Final = 40_000_000
MOST_SOME: Final = 0.1
"""Share of the first pictures whose stamps may be missing or run backwards by damage."""


class Rule(StrEnum):
    """By what the pictures of a file are numbered and timed."""

    STAMPS = "stamps"
    """Numbered by the stamps of the packets, timed by them."""
    DECODED = "decoded"
    """Numbered as they are decoded, timed by their own stamps: some packets hold no picture."""
    EVEN = "even"
    """Numbered as they are decoded, in even steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """How the pictures of a video get their numbers and times, found in its first pictures.

    Attributes:
        rule: By what.
        first: Stamp of the first picture that can be decoded, in the stream's ticks.
        tick: Length of a tick, s.
        fps: Frames per second, mean.
        assumed: Whether the rate is a guess.
        even: Whether the times are even steps, whatever the stamps say.
    """

    rule: Rule
    first: int
    tick: Fraction
    fps: float
    assumed: bool
    even: bool

    def seconds(self, number: Any, stamp: Any) -> Any:
        """Times of pictures from the first, s, by their numbers and stamps."""
        return number / self.fps if self.even else (stamp - self.first) * float(self.tick)


def as_asked(fps: float) -> str:
    """The sentence on a rate that was asked for."""
    return f"Even steps at {fps:g} frames/s, as asked for."


def timing_of(source: Source) -> tuple[Timing, av.VideoFrame]:
    """How the pictures of a video get their numbers and times, and its first picture.

    Args:
        source: The video at its beginning; it is not there any more afterwards.

    Raises:
        InputError: No picture can be decoded, or they are larger than is allowed.
    """
    stamps: set[int] = set()
    own: list[int | None] = []
    n_bad, most = 0, PROBED_PICTURES
    first: av.VideoFrame | None = None
    for packet in packets(source):
        stamp = stamp_of(packet)
        if stamp is not None:
            stamps.add(stamp)
        frames, sound = decode(packet)
        n_bad += not sound
        if frames and first is None:
            first = frames[0]
            source.geometry(first)  # too large a one is refused before more are decoded
            fitting = PROBED_PIXELS // max(1, first.width * first.height)
            most = min(PROBED_PICTURES, max(LEAST_PROBED, fitting))
        own += [frame.pts for frame in frames]
        if len(own) >= most:
            break
    if first is None:
        raise InputError(
            f"The video '{source.path}' holds no picture that can be read.",
            "Copy or export the video again.",
        )
    return _timing(source, stamps, own, n_bad), first


def _timing(source: Source, stamps: set[int], own: list[int | None], n_bad: int) -> Timing:
    """The timing that the first pictures tell.

    Args:
        source: The video.
        stamps: What its packets promise.
        own: Stamps of the pictures that came.
        n_bad: Packets that could not be decoded.
    """
    rule = _rule(source, stamps, own, n_bad)
    tick = Fraction(source.stream.time_base or 1)
    known = [stamp for stamp in own if stamp is not None and rule is not Rule.EVEN]
    fps, assumed = _rate(source, known, tick)
    even = rule is Rule.EVEN or source.settings.fps > 0
    return Timing(rule, known[0] if known else 0, tick, fps, assumed, even)


def _rule(source: Source, stamps: set[int], own: list[int | None], n_bad: int) -> Rule:
    if not source.is_timed:
        return Rule.EVEN
    known = [stamp for stamp in own if stamp is not None]
    n_off = len(own) - len(known) + int((np.diff(known) <= 0).sum())
    if n_off > (MOST_SOME * len(own) if n_bad else 0):
        return Rule.EVEN
    shown = set(known)
    between = {stamp for stamp in stamps if known and known[0] < stamp < known[-1]}
    if not shown <= stamps or (not n_bad and between - shown):
        return Rule.DECODED
    return Rule.STAMPS


def _rate(source: Source, stamps: list[int], tick: Fraction) -> tuple[float, bool]:
    """Frames per second, and whether they are a guess."""
    if source.settings.fps > 0:
        return source.settings.fps, False
    stated = _stated_rate(source)
    seen = 0.0
    if len(stamps) > 1 and stamps[-1] > stamps[0]:
        seen = float((len(stamps) - 1) / ((stamps[-1] - stamps[0]) * tick))
    if stated and (not seen or 1 / MOST_OFF <= stated / seen <= MOST_OFF):
        return stated, False
    if LEAST_FPS <= seen <= MOST_FPS:
        return seen, False
    return ASSUMED_FPS, True


def _stated_rate(source: Source) -> float:
    """Frames per second as the file states them; 0 where it does not, or none to be believed."""
    own = [source.stream.average_rate, source.stream.guessed_rate]
    rates = own if source.is_timed else [_coded_rate(source)]  # its own are FFmpeg's guess there
    stated = (float(rate) for rate in rates if rate)
    return next((rate for rate in stated if LEAST_FPS <= rate <= MOST_FPS), 0.0)


def _coded_rate(source: Source) -> Fraction | None:
    """The rate that a stream without a container states in its own headers."""
    codec = av.CodecContext.create(source.stream.codec_context.name, "r")
    codec.thread_count = 1
    with open_video(source.path, source.settings) as again:
        for packet in islice(packets(again), PROBED_PICTURES):
            with suppress(av.FFmpegError):
                if packet.size and codec.decode(packet):
                    break
    return codec.framerate or None
