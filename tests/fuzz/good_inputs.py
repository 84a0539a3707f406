"""Good inputs of every kind that the program reads, small ones, to be damaged."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.headmodel.channel_sets import ARKIT_NAMES
from facedyn_app.headmodel.files.io import save_head
from facedyn_app.headmodel.files.known_heads import KnownHeads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.recognizer.files import default_recognizer, save_recognizer
from facedyn_app.records import Session
from facedyn_app.reports.animation import write_animation
from facedyn_app.settings import Settings
from facedyn_app.settings_file import write_settings
from tests.headmodel.flame_files import flame_arrays, python2_pickle
from tests.sessions import altered
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table

T = 60
MakeSession = Callable[..., Session]


def make_good(folder: Path, head: HeadModel, make_session: MakeSession) -> dict[str, list[Path]]:
    """Good inputs by the kind of reader that takes them."""
    folder.mkdir(parents=True)
    session = folder / "session.npz"
    save_session(_seeing(make_session()), session)
    return {
        "session": [session],
        "track": _tracks(folder, head, make_session),
        "head": _heads(folder, head),
        "recognizer": [_recognizer(folder)],
        "library": [_library(folder, make_session)],
        "settings": [_settings(folder)],
        "known_heads": [_known_heads(folder, head)],
        "import": [_corpus(folder, make_session)],
        "candor": [_candor(folder)],
    }


def _seeing(session: Session) -> Session:
    """A session with all that not every session says of its frames."""
    n = len(session.motion.seconds)
    return altered(
        session,
        gaze=np.zeros((n, 2, 2), np.float32),
        invalid_reason=np.where(session.motion.valid, 0, 1).astype(np.uint8),
        repeated=np.zeros(n, bool),
        confidence=np.ones(n, np.float32),
        sharpness=np.ones(n, np.float32),
    )


def _tracks(folder: Path, head: HeadModel, make_session: MakeSession) -> list[Path]:
    rng = np.random.default_rng(0)
    values = rng.uniform(size=(T, 52))
    pyfeat = ["frame", "FaceRectX", "FaceScore", "AU01", "AU12", "Pitch", "Roll", "Yaw", "Identity"]
    paths = [
        write_table(folder / "openface.csv", OPENFACE_NAMES, openface_rows(T)),
        write_table(
            folder / "pyfeat.csv",
            pyfeat,
            [[k, 3.0, 0.9, 0.1 * (k % 7), 0.5, 1, 2, 3, "Person_0"] for k in range(T)],
        ),
        write_table(
            folder / "livelink.csv",
            ["Timecode", "BlendshapeCount", *ARKIT_NAMES],
            [[f"10:00:{k // 30:02d}:{k % 30:02d}.100", 52, *values[k]] for k in range(T)],
        ),
        write_table(
            folder / "scores.csv",
            ["timestamp_ms", *ARKIT_NAMES],
            [[33 * k, *values[k]] for k in range(T)],
        ),
    ]
    rows: list[dict[str, Any]] = [
        {"timestamp_ms": 33 * k, "blendshapes": dict(zip(ARKIT_NAMES, values[k], strict=True))}
        for k in range(T)
    ]
    lines, listed = folder / "scores.jsonl", folder / "scores.json"
    lines.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    listed.write_text(json.dumps(rows), encoding="utf-8")
    parameters = {
        "expr": rng.normal(size=(T, 50)),
        "shape": rng.normal(size=100),
        "rotation": 0.1 * rng.normal(size=(T, 3)),
        "jaw_pose": 0.1 * rng.normal(size=(T, 3)),
        "translation": rng.normal(size=(T, 3)),
    }
    flame, pickled = folder / "flame.npz", folder / "flame.pkl"
    np.savez(flame, allow_pickle=False, **parameters)
    pickled.write_bytes(pickle.dumps({name: one.copy() for name, one in parameters.items()}, 2))
    moving = folder / "moving.glb"
    session = make_session()
    motion = replace(session.motion, names=head.expression_names)
    info = replace(session.info, head_id=head.head_id)
    drawn = replace(session, motion=motion, info=info, shape=np.zeros(head.n_shape, np.float32))
    write_animation(drawn, head, moving)
    return [*paths, lines, listed, flame, pickled, moving]


def _heads(folder: Path, head: HeadModel) -> list[Path]:
    own, flame, pickled = (folder / name for name in ("head.npz", "flamehead.npz", "flamehead.pkl"))
    save_head(head, own)
    arrays = flame_arrays(head)
    np.savez(flame, allow_pickle=False, **arrays)
    pickled.write_bytes(python2_pickle(arrays))
    return [own, flame, pickled]


def _recognizer(folder: Path) -> Path:
    save_recognizer(default_recognizer(), folder / "recognizer")
    return folder / "recognizer"


def _library(folder: Path, make_session: MakeSession) -> Path:
    with Library.open(folder / "library") as library:
        for k, name in enumerate(["Ada", "Ben", "Ada"]):
            library.enrol(name, make_session(seed=k, sha256=f"{k:02d}" * 32), "given")
        library.set_setting("recognizer", "")
    return folder / "library"


def _settings(folder: Path) -> Path:
    path = folder / "settings.json"
    default = Settings()
    write_settings(replace(default, features=replace(default.features, hop_s=2.5)), path)
    return path


def _known_heads(folder: Path, head: HeadModel) -> Path:
    place = folder / "config"
    place.mkdir()
    KnownHeads(place).remember(replace(head, sha256="ab" * 32), folder / "head.npz")
    return place / "heads.json"


def _corpus(folder: Path, make_session: MakeSession) -> Path:
    for k, name in enumerate(("anna", "bert", "cleo")):
        place = folder / "corpus" / name
        place.mkdir(parents=True)
        save_session(make_session(seed=k, sha256=f"{k + 10:02d}" * 32), place / "one.npz")
    return folder / "corpus"


def _candor(folder: Path) -> Path:
    place = folder / "candor" / "talk" / "processed"
    place.mkdir(parents=True)
    (place / "channel_map.json").write_text('{"L": "a", "R": "b"}', encoding="utf-8")
    for name in "ab":
        (place / f"{name}.mp4").write_bytes(b"no video")
    return folder / "candor"
