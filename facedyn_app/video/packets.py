"""The packets of a film, and the pictures that they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av

from facedyn_app.video.source import Source

RESET_SECONDS: Final = 0.5
"""By which a clock must run back, from packet to packet, to have been set anew."""
MOST_FAILURES: Final = 50
"""Failures to read in a row after which a file is taken to have ended."""


def packets(source: Source, clock: Clock | None = None) -> Iterator[av.Packet]:
    """The packets from where the file stands, the last one empty, their clock never set back.

    What cannot be read is passed over.
    """
    clock = clock or Clock(source)
    for packet in _readable(source):
        clock.set_on(packet)
        yield packet


def _readable(source: Source) -> Iterator[av.Packet]:
    n_failures = 0
    while n_failures < MOST_FAILURES:
        try:
            for packet in source.container.demux(source.stream):
                n_failures = 0
                yield packet
        except av.FFmpegError:
            n_failures += 1
        else:
            return


class Clock:
    """Lets the stamps of packets go on where they are set back, as between the parts of DVDs.

    Attributes:
        offset: By how much they have been set back so far, ticks.
    """

    def __init__(self, source: Source) -> None:
        base = source.stream.time_base
        self._reset = int(RESET_SECONDS / base) if base else 0
        self.offset = 0
        self._last: int | None = None

    def set_on(self, packet: av.Packet) -> None:
        """Move a packet's stamps on by what the clock has been set back so far."""
        if packet.dts is None:
            if self.offset and packet.pts is not None:
                packet.pts += self.offset
            return
        now = packet.dts + self.offset
        if self._last is not None and now < self._last - self._reset:
            # the parts follow each other: by one picture's time, or by a tick
            self.offset += self._last + max(1, packet.duration or 0) - now
        if self.offset:
            packet.dts += self.offset
            if packet.pts is not None:
                packet.pts += self.offset
        self._last = packet.dts


def stamp_of(packet: av.Packet) -> int | None:
    """The stamp of the picture that a packet promises; None where it promises none."""
    return None if packet.is_discard or not packet.size else packet.pts


def decode(packet: av.Packet) -> tuple[list[av.VideoFrame], bool]:
    """The pictures that a packet completes, and whether it is sound."""
    try:
        return list(packet.decode()), True
    except av.FFmpegError:
        return [], False
