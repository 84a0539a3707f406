"""The films of a file: which of its streams are some, and which of them is the main one."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Final

import av
from av.stream import Disposition

_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
LOOKED_THROUGH: Final = 200
"""Packets of a file in which a stream of one picture is told from one that moves."""


def films_in(container: av.container.InputContainer) -> list[av.VideoStream]:
    """The films of a file, in their order.

    Cover art, thumbnails and stills are no films; a still alone in its file is one of a picture.
    """
    all_streams = container.streams.video
    pictures = [one for one in all_streams if not one.disposition & Disposition.attached_pic]
    return [one for one in all_streams if not one.disposition & _NO_FILM] or pictures


def main_film(container: av.container.InputContainer) -> int:
    """Number of the main film of a file: one that moves, marked so by the file, then the largest.

    A picture that no mark tells from a film, such as a cover, is one that no other follows.

    Args:
        container: The file at its beginning; it is not there any more afterwards.
    """
    films = films_in(container)
    if len(films) < 2:
        return 0
    seen: Counter[int] = Counter()
    with suppress(av.FFmpegError, IndexError):
        for packet in container.demux(films):
            seen[packet.stream_index] += bool(packet.size)
            if seen.total() >= LOOKED_THROUGH:
                break

    def rank(stream: av.VideoStream) -> tuple[bool, bool, int]:
        codec = stream.codec_context
        moves = seen[stream.index] != 1
        return moves, bool(stream.disposition & Disposition.default), codec.width * codec.height

    return films.index(max(films, key=rank))
