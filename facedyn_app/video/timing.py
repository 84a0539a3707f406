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
from facedyn_app.video.packets import Decoder, counted, packets, stamp_of
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

MOST_MISSING: Final = 0.25
"""Share of the first pictures that are still to come when later ones have: more are none."""


class Rule(StrEnum):
    """By what the pictures of a file are numbered and timed."""

    STAMPS = "stamps"
    """Numbered by the stamps of the packets, timed by them."""
    DECODED = "decoded"
    """Numbered as they are decoded, timed by their own stamps: some packets hold no picture."""
    EVEN = "even"
    """As many as there are packets, numbered as they are decoded, in even steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """How the pictures of a video get their numbers and times, found in its first pictures.

    Attributes:
        rule: By what.
        first: Stamp of the first picture that can be decoded, in the stream's ticks; the number of
            its packet where the pictures are numbered by packets (`Rule.EVEN`).
        tick: Length of a tick, s.
        fps: Frames per second, mean.
        assumed: Whether the rate is a guess.
        even: Whether the times are even steps, whatever the stamps say.
        lenient: Whether pictures are taken in which the decoder has found faults.
        n_leading: Packets that follow the first picture's at once and hold none (`Rule.EVEN`).
    """

    rule: Rule
    first: int
    tick: Fraction
    fps: float
    assumed: bool
    even: bool
    lenient: bool = False
    n_leading: int = 0

    def counts(self, number: int) -> bool:
        """Whether a packet, by its number in the file, has a place among the pictures."""
        return number == self.first or number > self.first + self.n_leading

    def seconds(self, number: Any, stamp: Any) -> Any:
        """Times of pictures from the first, s, by their numbers and stamps."""
        return number / self.fps if self.even else (stamp - self.first) * float(self.tick)


def as_asked(fps: float) -> str:
    """The sentence on a rate that was asked for."""
    return f"Even steps at {fps:g} frames/s, as asked for."


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """What the first pictures of a video tell.

    Attributes:
        first: The first of them.
        stamps: What their packets promise.
        own: Stamps of the pictures that came.
        n_bad: Packets that could not be decoded.
    """

    first: av.VideoFrame | None
    stamps: set[int]
    own: list[int | None]
    n_bad: int

    @property
    def n_off(self) -> int:
        """Pictures whose stamps are missing or do not ascend."""
        known = [stamp for stamp in self.own if stamp is not None]
        return len(self.own) - len(known) + int((np.diff(known) <= 0).sum())


def timing_of(source: Source) -> tuple[Timing, av.VideoFrame]:
    """How the pictures of a video get their numbers and times, and its first picture.

    Where decoders find faults in many of the first pictures, but draw all of them, the faults are
    taken to be in how the file was written, and are forgiven in all of it.

    Args:
        source: The video at its beginning; it is not there any more afterwards.

    Raises:
        InputError: No picture can be decoded, or they are larger than is allowed.
    """
    probe, lenient = _probed(source), False
    if probe.n_bad > MOST_SOME * len(probe.own):
        with open_video(source.path, source.settings, lenient=True) as again:
            forgiving = _probed(again)
        if forgiving.first is not None and (not forgiving.n_bad or probe.first is None):
            probe, lenient = forgiving, True
    if probe.first is None:
        raise InputError(
            f"The video '{source.path}' holds no picture that can be read.",
            "Copy or export the video again.",
        )
    return _timing(source, probe, lenient=lenient), probe.first


def _probed(source: Source) -> _Probe:
    stamps: set[int] = set()
    own: list[int | None] = []
    n_bad, most = 0, PROBED_PICTURES
    first: av.VideoFrame | None = None
    decoder = Decoder()
    for packet in packets(source):
        stamp = stamp_of(packet)
        if stamp is not None:
            stamps.add(stamp)
        frames, sound = decoder.decode(packet)
        n_bad += not sound
        if frames and first is None:
            first = frames[0]
            source.geometry(first)  # too large a one is refused before more are decoded
            fitting = PROBED_PIXELS // max(1, first.width * first.height)
            most = min(PROBED_PICTURES, max(LEAST_PROBED, fitting))
        own += [frame.pts for frame in frames]
        if len(own) >= most:
            break
    return _Probe(first, stamps, own, n_bad)


def _timing(source: Source, probe: _Probe, *, lenient: bool) -> Timing:
    rule = _rule(source, probe)
    tick = Fraction(source.stream.time_base or 1)
    known = [stamp for stamp in probe.own if stamp is not None and rule is not Rule.EVEN]
    fps, assumed = _rate(source, known, tick)
    even = rule is Rule.EVEN or assumed or source.settings.fps > 0
    first, n_leading = known[0] if known else 0, 0
    if rule is Rule.EVEN:
        with open_video(source.path, source.settings, lenient=lenient) as again:
            counts = _first_counts(again, len(probe.own))
        if counts is None:
            rule = Rule.DECODED
        else:
            first, n_leading = counts
    return Timing(rule, first, tick, fps, assumed, even, lenient, n_leading)


def _rule(source: Source, probe: _Probe) -> Rule:
    n_allowed = MOST_SOME * len(probe.own) if probe.n_bad or source.is_broadcast else 0
    if not source.is_timed or probe.n_off > n_allowed:
        return Rule.EVEN
    shown = {stamp for stamp in probe.own if stamp is not None}
    between = {stamp for stamp in probe.stamps if shown and min(shown) < stamp < max(shown)}
    if not shown <= probe.stamps or (not probe.n_bad and between - shown):
        return Rule.DECODED
    return Rule.STAMPS


def _first_counts(source: Source, most: int) -> tuple[int, int] | None:
    """Number of the first packet with a picture, and how many with none follow it at once.

    Those lead up to a picture and cannot be decoded without what came before it.

    Returns:
        None where packets and pictures are not one to one, though none of them is damaged.
    """
    came: list[int | None] = []
    decoder, sound = Decoder(), True
    for packet in counted(source):
        frames, one_sound = decoder.decode(packet)
        came += [frame.pts for frame in frames]
        sound = sound and one_sound
        if len(came) >= most:
            break
    numbers = {number for number in came if number is not None}
    if not numbers or (sound and len(numbers) < len(came)):
        return None
    first = came[0] if came[0] is not None else min(numbers)
    following = min((number for number in numbers if number > first), default=first + 1)
    n_missing = max(numbers) - following + 1 - sum(number >= following for number in numbers)
    if sound and n_missing > MOST_MISSING * len(came):
        return None
    return first, following - first - 1


def _rate(source: Source, stamps: list[int], tick: Fraction) -> tuple[float, bool]:
    """Frames per second, and whether they are a guess."""
    if source.settings.fps > 0:
        return source.settings.fps, False
    stated = _stated_rate(source)
    steps = np.diff(stamps) if len(stamps) > 1 else np.zeros(0)
    typical = (float(np.mean(steps)), float(np.median(steps))) if len(steps) else ()
    seen = [1 / (step * float(tick)) for step in typical if step > 0]
    if stated and (not seen or any(1 / MOST_OFF <= stated / one <= MOST_OFF for one in seen)):
        return stated, False
    believed = (one for one in seen if LEAST_FPS <= one <= MOST_FPS)
    return next(((one, False) for one in believed), (ASSUMED_FPS, True))


def _stated_rate(source: Source) -> float:
    """Frames per second as the file states them; 0 where it does not, or none to be believed."""
    own, guessed = source.stream.average_rate, source.stream.guessed_rate
    tick = source.stream.time_base
    if guessed and tick and guessed * tick == 1:  # where FFmpeg knows nothing, it says a tick
        guessed = own
    rates = [own, guessed] if source.is_timed else [_coded_rate(source)]  # the others are guesses
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
