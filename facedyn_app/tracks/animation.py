"""Animated GLB files: weights of named morph targets, and the turns of jaw and eyes by name.

What this program writes comes back with its head's name; of others those are read whose morph
targets have ARKit's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import unreadable, unusable
from facedyn_app.files import open_plain
from facedyn_app.headmodel.channel_sets import ARKIT, ARKIT_NAMES
from facedyn_app.headmodel.gltf import MAGIC, GlbReader
from facedyn_app.headmodel.rotations import look_angles, quaternion_vectors, vector_matrices
from facedyn_app.records import FloatArray
from facedyn_app.tracks.rows import stated_times
from facedyn_app.tracks.track import Track

MOST_BYTES = 2**28
JAW, LEFT_EYE, RIGHT_EYE = "jaw", "left_eye", "right_eye"
LONGEST_ID = 200
_CORRECTIVE = "jawCorrective"


def is_animation(start: bytes) -> bool:
    """Whether a file that begins so is a GLB."""
    return start.startswith(MAGIC)


def read_animation(path: Path) -> tuple[Track, ...]:
    """The track of an animated GLB.

    Raises:
        InputError: It is damaged, or no face moves in it.
    """
    try:
        return (_track(path, _opened(path)),)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        told = str(error) if isinstance(error, ValueError) else "its animation is damaged"
        raise unusable(path, told) from error


def _opened(path: Path) -> GlbReader:
    try:
        with open_plain(path) as file:
            if file.seek(0, 2) > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
            file.seek(0)
            return GlbReader(file.read())
    except OSError as error:
        raise unreadable(path, error, "opened") from error


def _track(path: Path, file: GlbReader) -> Track:
    content = file.content
    animations = content.get("animations") or [{}]
    nodes = content.get("nodes", [])
    moved = _moved(animations[0], nodes)
    if "weights" not in moved:
        raise ValueError("no morph target moves in it")
    node, sampler = moved["weights"]
    names = _target_names(content, nodes[node])
    times = file.rows(sampler["input"])[:, 0].astype(np.float64)
    weights = file.rows(sampler["output"]).reshape(len(times), -1).astype(np.float64)
    if weights.shape[1] != len(names):
        raise ValueError("its morph targets have no names")
    channel_set, sha256 = _channel_set(content)
    wanted = [k for k, name in enumerate(names) if not name.startswith(_CORRECTIVE)]
    if channel_set == ARKIT:
        wanted = [k for k in wanted if names[k] in ARKIT_NAMES]
    if not wanted:
        raise ValueError("none of its morph targets has a name of ARKit's")
    turns = {
        name: _turns(file, moved[name][1], len(times))
        for name in (JAW, LEFT_EYE, RIGHT_EYE)
        if name in moved
    }
    gaze = None
    if {LEFT_EYE, RIGHT_EYE} <= set(turns):
        ahead = [vector_matrices(turns[name])[:, :, 2] for name in (LEFT_EYE, RIGHT_EYE)]
        gaze = look_angles(np.stack(ahead, axis=1))
    return Track(
        program=str(content.get("asset", {}).get("generator", "a glTF animation"))[:LONGEST_ID],
        channel_set=channel_set,
        seconds=stated_times(path, times).seconds,
        names=tuple(names[k] for k in wanted),
        values=weights[:, wanted],
        reason=np.zeros(len(times), dtype=np.uint8),
        jaw=turns.get(JAW),
        gaze=gaze,
        head_sha256=sha256,
        simulated=content.get("asset", {}).get("extras", {}).get("simulated") is True,
    )


def _moved(animation: Mapping[str, Any], nodes: list[Any]) -> dict[str, tuple[int, Any]]:
    """What is animated: "weights", and joints by their names; node and sampler of each."""
    moved: dict[str, tuple[int, Any]] = {}
    for channel in animation.get("channels", []):
        sampler = animation["samplers"][channel["sampler"]]
        if sampler.get("interpolation", "LINEAR") == "CUBICSPLINE":
            raise ValueError("its animation is of cubic splines, which are not read")
        node, what = int(channel["target"]["node"]), channel["target"]["path"]
        name = "weights" if what == "weights" else str(nodes[node].get("name", ""))
        if what in ("weights", "rotation"):
            moved.setdefault(name, (node, sampler))
    return moved


def _target_names(content: Mapping[str, Any], node: Mapping[str, Any]) -> list[str]:
    mesh = content["meshes"][node["mesh"]]
    named = mesh.get("extras", {}).get("targetNames", [])
    return [str(name) for name in named]


def _channel_set(content: Mapping[str, Any]) -> tuple[str, str | None]:
    """What the channels are called, and the sha256 of their head, as this program's files say."""
    extras = content.get("asset", {}).get("extras", {})
    head_id, sha256 = extras.get("head_id"), extras.get("head_sha256")
    if not isinstance(head_id, str) or not 0 < len(head_id) <= LONGEST_ID:
        return ARKIT, None
    return head_id, sha256 if isinstance(sha256, str) else None


def _turns(file: GlbReader, sampler: Mapping[str, Any], n_times: int) -> FloatArray:
    """(T, 3) rotation vectors of a joint."""
    quaternions = file.rows(sampler["output"])
    if quaternions.shape != (n_times, 4):
        raise ValueError("its joints have other keys than its morph targets")
    return quaternion_vectors(quaternions.astype(np.float64))
