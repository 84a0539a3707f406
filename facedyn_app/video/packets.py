"""The packets of a film, and the pictures that they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import av
from av.codec.codec import Capabilities

from facedyn_app.video.source import Source

RESET_SECONDS: Final = 0.5
"""By which a clock must run back, from packet to packet, to have been set anew."""
AHEAD_SECONDS: Final = 6 * 3600.0
"""By which it must run ahead; FFmpeg takes a clock of 33 bits that is set back for one that has run
over, and adds 26.5 h."""
MOST_THREADS: Final = 64
"""That decode at once; FFmpeg starts at most 16 by itself."""
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
        except IndexError:
            continue  # of a stream that begins in the middle, which PyAV has not heard of
        else:
            return


class Clock:
    """Lets the stamps of packets go on where they are set anew, as between the parts of DVDs.

    Attributes:
        offset: By how much they have been set back so far in all, ticks.
    """

    def __init__(self, source: Source) -> None:
        base = source.stream.time_base
        self._reset = int(RESET_SECONDS / base) if base else 0
        self._ahead = int(AHEAD_SECONDS / base) if base else 0
        self.offset = 0
        self._last: int | None = None

    def set_on(self, packet: av.Packet) -> None:
        """Move a packet's stamps on by what the clock has been set back so far."""
        if packet.dts is None:
            if self.offset and packet.pts is not None:
                packet.pts += self.offset
            return
        now = packet.dts + self.offset
        if self._last is not None and not -self._reset <= now - self._last <= self._ahead:
            # the parts follow each other: by one picture's time, or by a tick
            self.offset += self._last + max(1, packet.duration or 0) - now
        if self.offset:
            packet.dts += self.offset
            if packet.pts is not None:
                packet.pts += self.offset
        self._last = packet.dts


def counted(source: Source) -> Iterator[av.Packet]:
    """The packets from the file's beginning, stamped with their number in this order, from 0."""
    number = 0
    for packet in packets(source):
        if packet.size:
            packet.pts = number
            number += 1
        yield packet


def stamp_of(packet: av.Packet) -> int | None:
    """The stamp of the picture that a packet promises; None where it promises none."""
    return None if packet.is_discard or not packet.size else packet.pts


class Decoder:
    """Decodes the packets of a film one after the other, and tells which of them are damaged.

    Attributes:
        damaged: Stamps of packets that the file or the decoder says to be damaged.
    """

    def __init__(self) -> None:
        self.damaged: set[int | None] = set()
        self._recent: deque[int | None] = deque(maxlen=MOST_THREADS)
        self._n_failures = 0

    def decode(self, packet: av.Packet) -> tuple[list[av.VideoFrame], bool]:
        """The pictures that a packet completes, and whether no fault was found."""
        codec = packet.stream.codec_context
        if packet.is_keyframe and self._n_failures > 2 * _n_at_once(codec):
            codec.flush_buffers()  # threads may pass a fault on to each other for ever
            self._recent.clear()
            self._n_failures = 0
        self._recent.append(packet.pts)
        if packet.is_corrupt:
            self.damaged.add(packet.pts)
        try:
            frames = list(packet.decode())
        except av.FFmpegError:
            self._n_failures += 1
            self._blame(packet)
            return [], False
        self._n_failures = 0
        return frames, True

    def _blame(self, packet: av.Packet) -> None:
        """Find the packet of a fault: where n are decoded at once, it is told n - 1 packets later.

        Decoders that have threads of their own do not let it be known, nor is it at the end.
        """
        codec = packet.stream.codec_context
        late = _n_at_once(codec)
        known = not codec.codec.capabilities & Capabilities.auto_threads
        if packet.size and known and late <= len(self._recent):
            self.damaged.add(self._recent[-late])


def _n_at_once(codec: av.VideoCodecContext) -> int:
    """Packets that are decoded at once."""
    frames = codec.codec.capabilities & Capabilities.frame_threads
    return max(1, int(codec.thread_count)) if frames else 1


def ascending(
    given: Iterable[av.Packet], on_packet: Callable[[av.Packet], None] = lambda _: None
) -> Iterator[tuple[int, av.VideoFrame | None]]:
    """Stamps and pictures of packets, as they are decoded; None for a damaged picture.

    Decoders hand out pictures in the order in which they are shown: one whose stamp is not between
    those of its neighbours has a damaged stamp, and is passed over.

    Args:
        given: The packets.
        on_packet: Called with each before its pictures come.
    """
    held: tuple[int, av.VideoFrame | None] | None = None
    last: int | None = None
    decoder = Decoder()
    for packet in given:
        on_packet(packet)
        for frame in decoder.decode(packet)[0]:
            stamp = frame.pts
            if stamp is None or (last is not None and stamp <= last):
                continue
            if held is not None and held[0] < stamp:
                yield held
                last = held[0]
            if held is None or held[0] != stamp:
                bad = frame.is_corrupt or stamp in decoder.damaged
                held = stamp, None if bad else frame
    if held is not None:
        yield held
