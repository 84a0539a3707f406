"""The pictures of a video, each with its number and its time, by one rule for fit and player.

Every packet that is to be shown promises a picture at its presentation stamp. Decoders hand out
pictures in order of their stamps, so that a stamp that is passed over belongs to a picture that
could not be decoded: it keeps its number and its time. Where a file holds no stamps, or those that
it holds do not ascend with its pictures, the pictures are numbered as they are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Final

import av

from facedyn_app.video.packets import Decoder, ascending, counted, packets, stamp_of
from facedyn_app.video.source import Source
from facedyn_app.video.timing import Rule, Timing

MOST_SPOILT_SECONDS: Final = 10.0
"""For which damage spreads where no keyframe ends it."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture of a video.

    Attributes:
        number: From 0.
        seconds: From the first, s.
        stamp: In the stream's ticks; its number where there are none.
        frame: As decoded; None where it could not be.
    """

    number: int
    seconds: float
    stamp: int
    frame: av.VideoFrame | None


def pictures(source: Source, timing: Timing) -> Iterator[Picture]:
    """The pictures of a video in order, from the first that can be decoded.

    Those that follow a damaged one, up to the next keyframe, are damaged by it: they are changes
    of a picture that is not there.

    Args:
        source: The video at its beginning.
        timing: Its timing.
    """
    damage = Damage()
    for picture in _numbered(source, timing):
        frame = picture.frame
        if frame is None:
            damage.begin(picture.seconds)
        elif damage.spoils(frame, picture.seconds):
            yield replace(picture, frame=None)
            continue
        yield picture


class Damage:
    """How far the damage of a picture spreads over those that are decoded after it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self, seconds: float) -> None:
        """Take note of a picture, at a time from the first, that could not be decoded."""
        if self._since is None:
            self._since = seconds

    def spoils(self, frame: av.VideoFrame, seconds: float) -> bool:
        """Whether a decoded picture is damaged by an earlier one; a keyframe ends the damage."""
        if self._since is None:
            return False
        if not frame.key_frame and seconds < self._since + MOST_SPOILT_SECONDS:
            return True
        self._since = None
        return False


def _numbered(source: Source, timing: Timing) -> Iterator[Picture]:
    if timing.rule is Rule.STAMPS:
        for number, (stamp, frame) in enumerate(_by_stamps(source, timing.first)):
            yield Picture(number, timing.seconds(number, stamp), stamp, frame)
        return
    if timing.rule is Rule.EVEN:
        for number, frame in enumerate(_by_count(source, timing)):
            yield Picture(number, timing.seconds(number, number), number, frame)
        return
    step = max(1, round(1 / (timing.fps * timing.tick)))
    last = timing.first - step
    for number, frame in enumerate(_as_decoded(source)):
        own = None if frame is None else frame.pts
        last = own if own is not None and own > last else last + step
        yield Picture(number, timing.seconds(number, last), last, frame)


def _by_stamps(source: Source, first: int) -> Iterator[tuple[int, av.VideoFrame | None]]:
    """Stamps from the first on, each with its picture; None where that could not be decoded."""
    promised = _Promised(first)
    for stamp, frame in ascending(packets(source), lambda one: promised.add(stamp_of(one))):
        yield from ((lost, None) for lost in promised.until(stamp))
        if promised.take(stamp):
            yield stamp, frame
    yield from ((lost, None) for lost in promised.until(None))


class _Promised:
    """The stamps of pictures that decoding has not come to yet.

    Args:
        first: Stamp of the first picture.
    """

    def __init__(self, first: int) -> None:
        self._waiting: list[int] = []
        self._last = first - 1

    def add(self, stamp: int | None) -> None:
        """Take in what a packet promises."""
        if stamp is not None and stamp > self._last:
            heappush(self._waiting, stamp)

    def until(self, stamp: int | None) -> Iterator[int]:
        """Pass on to a stamp, or over all there are: the stamps before it, which are lost."""
        while self._waiting and (stamp is None or self._waiting[0] < stamp):
            lost = heappop(self._waiting)
            if lost > self._last:  # a stamp may have been promised twice
                self._last = lost
                yield lost

    def take(self, stamp: int) -> bool:
        """Whether a picture has a stamp that was promised, and is not behind its place."""
        if stamp <= self._last or not self._waiting or self._waiting[0] != stamp:
            return False
        self._last = heappop(self._waiting)
        return True


def _by_count(source: Source, timing: Timing) -> Iterator[av.VideoFrame | None]:
    """As many pictures as there are packets, in the order of decoding; None for the lost ones.

    All packets before a keyframe's are of pictures before it: those that are missing when it comes
    are lost, and stand before it, since what follows a lost picture is damaged by it.
    """
    waiting: set[int] = set()
    begun = broken = False
    decoder = Decoder()
    for packet in counted(source):
        if packet.size and timing.counts(packet.pts):
            waiting.add(packet.pts)
        frames, sound = decoder.decode(packet)
        broken = broken or (begun and not sound)
        for frame in frames:
            begun = True
            if frame.key_frame:
                lost = {number for number in waiting if number < frame.pts}
                waiting -= lost
                yield from (None for _ in lost)
                broken = False
            if frame.pts in waiting:
                waiting.remove(frame.pts)
                bad = broken or frame.is_corrupt or frame.pts in decoder.damaged
                yield None if bad else frame
                broken = False
    yield from (None for _ in waiting)


def _as_decoded(source: Source) -> Iterator[av.VideoFrame | None]:
    """Pictures as they are decoded, from the first one; None for a packet that cannot be."""
    begun, decoder = False, Decoder()
    for packet in packets(source):
        frames, sound = decoder.decode(packet)
        begun = begun or bool(frames)
        yield from frames
        if begun and not sound:
            yield None
