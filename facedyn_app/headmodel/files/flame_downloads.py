"""FLAME's downloads that are no head themselves: the zip, the unpacked folder, the textures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from facedyn_app.errors import InputError
from facedyn_app.npz import zip_names

MOST_NAMED: Final = 3
_HEAD_NAME = re.compile(
    r"((generic|female|male)_model|flame_?(20\d\d|neutral|female|male)[\w ]*)\.(pkl|npz)",
    re.IGNORECASE,
)
_TEXTURES = ({"tex_dir"}, {"MU", "PC"})
"""Arrays that only FLAME's texture space and its albedo model have."""


def flame_heads_in(path: Path) -> tuple[str, ...]:
    """The FLAME heads that are packed in a zip or lie in a folder, by their names."""
    try:
        if path.is_dir():
            return _heads(one.name for one in path.iterdir())
        return _heads(zip_names(path)) if path.suffix.lower() == ".zip" else ()
    except (InputError, OSError, ValueError):  # said where it is read
        return ()


def is_flame_texture(arrays: frozenset[str]) -> bool:
    """Whether an npz with these arrays has the colours of FLAME's skin."""
    return any(needed <= arrays for needed in _TEXTURES)


def texture_refused(path: Path) -> InputError:
    """What to say where a texture is chosen as a head."""
    beside = flame_heads_in(path.parent)
    named = (
        f"{_either(beside)} beside it" if beside else "the FLAME model, such as generic_model.pkl"
    )
    return InputError(
        f"The head file '{path}' cannot be used: it is FLAME's texture, the skin's colours without "
        "the shape.",
        f"Choose {named}.",
    )


def download_refused(path: Path, heads: tuple[str, ...]) -> InputError:
    """What to say where a zip or folder that FLAME comes as is chosen as a head."""
    what = "the unpacked folder of FLAME" if path.is_dir() else "a zip with FLAME in it"
    todo = "Choose" if path.is_dir() else "Unpack it, and choose"
    return InputError(
        f"The head file '{path}' cannot be used: it is {what}, not the head itself.",
        f"{todo} {_either(heads)} in it.",
    )


def _heads(names: Iterable[str]) -> tuple[str, ...]:
    found = [name for name in names if _HEAD_NAME.fullmatch(PurePosixPath(name).name)]
    # the one for everybody first
    return tuple(sorted(found, key=lambda name: ("generic" not in name.lower(), name)))


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(f"'{name}'" for name in names[:MOST_NAMED])
