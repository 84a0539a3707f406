"""The index of a video: where its pictures and keyframes are, for random access."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from facedyn_app.records import IntArray
from facedyn_app.settings import VideoSettings
from facedyn_app.video.packets import Clock, packets, stamp_of
from facedyn_app.video.pictures import pictures
from facedyn_app.video.source import Source, open_video
from facedyn_app.video.timing import Rule, Timing

UNPLACED = -1
"""Stands for the place of a packet that is not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Where the pictures of a video are.

    Attributes:
        stamps: (T,) of the pictures, in the stream's ticks, ascending.
        keys: (K,) stamps of the keyframes, those among them that are not shown, ascending.
        places: (K,) where the keyframes' packets lie in the file, bytes.
        seekable: Whether decoding can begin at a keyframe; else from the start alone.
    """

    stamps: IntArray
    keys: IntArray
    places: IntArray
    seekable: bool

    @classmethod
    def from_start(cls, stamps: IntArray) -> Index:
        """The index of a video that can be decoded from its start alone."""
        nothing = np.zeros(0, np.int64)
        return cls(stamps, nothing, nothing, seekable=False)

    @classmethod
    def of(cls, path: Path, settings: VideoSettings, timing: Timing) -> Index:
        """Read a file once, without decoding where its packets tell its pictures."""
        with open_video(path, settings, lenient=timing.lenient) as source:
            if timing.rule is Rule.DECODED:
                stamps = [picture.stamp for picture in pictures(source, timing)]
                return cls.from_start(np.array(stamps, dtype=np.int64))
            return cls._of_packets(source, timing)

    @classmethod
    def _of_packets(cls, source: Source, timing: Timing) -> Index:
        stamps: list[int] = []
        keys: list[int] = []
        places: list[int] = []
        n_packets, clock = 0, Clock(source)
        for packet in packets(source, clock):
            n_packets += bool(packet.size)
            stamp = stamp_of(packet)
            if stamp is not None and stamp >= timing.first:
                stamps.append(stamp)
            if packet.is_keyframe and packet.size and packet.pts is not None:
                keys.append(packet.pts)
                places.append(_place(packet))
        if timing.rule is Rule.EVEN:
            return cls.from_start(np.arange(sum(map(timing.counts, range(n_packets)))))
        known, first = np.unique(np.array(keys, dtype=np.int64), return_index=True)
        seekable = bool(keys) and not clock.offset
        return cls(np.unique(stamps), known, np.array(places, dtype=np.int64)[first], seekable)

    def holds(self, packet: av.Packet) -> bool:
        """Whether a keyframe's packet that was sought has the stamp that it has from the start on.

        Where an index is damaged or missing, some containers count anew from where they are.
        """
        key = int(np.searchsorted(self.keys, packet.pts))
        if key == len(self.keys) or self.keys[key] != packet.pts:
            return False
        return int(self.places[key]) in (UNPLACED, _place(packet))


def _place(packet: av.Packet) -> int:
    return UNPLACED if packet.pos is None else int(packet.pos)
