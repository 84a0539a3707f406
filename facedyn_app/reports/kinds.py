"""Kinds of exports by name; light to import, so that the command line's help is quick."""

from __future__ import annotations

from enum import StrEnum


class MeshKind(StrEnum):
    """What of a session a mesh shows.

    EXPRESSION: mean shape, moved by expression and jaw alone: motion without the person's face.
    FULL: shape, expression, jaw and the head's pose.
    NEUTRAL: the person's shape alone, at rest; one for the whole session.
    """

    EXPRESSION = "expression"
    FULL = "full"
    NEUTRAL = "neutral"


class MeshFormat(StrEnum):
    """A mesh file's format, which is its ending without the dot."""

    OBJ = "obj"
    PLY = "ply"
    GLB = "glb"


class TableFormat(StrEnum):
    """A table's format, which is its file's ending without the dot."""

    CSV = "csv"
    PARQUET = "parquet"
    NPZ = "npz"


class ExportLayout(StrEnum):
    """Whose form of a session's motion a file has.

    LIVELINK: Live Link Face's table of ARKit's blendshapes.
    FLAME: FLAME parameters under VHAP's names, an npz.
    GLB: one animated mesh, glTF.
    BIDS: a whole library in the Brain Imaging Data Structure, with its motion extension.
    TRACKS: a whole library's motion as a store that recognizers are trained from.
    """

    LIVELINK = "livelink"
    FLAME = "flame"
    GLB = "glb"
    BIDS = "bids"
    TRACKS = "tracks"


class FilmFormat(StrEnum):
    """A film's format, which is its file's ending without the dot."""

    MP4 = "mp4"
    MKV = "mkv"
    WEBM = "webm"
