"""Assets: the files that come with the program, checked to be what they should be.

`models/manifest.json` records sha256, licence and origin of every file in `models/`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.files import sha256_of

DEFAULT_HEAD = "open-head-2"
"""The head that comes with the program, and that is taken where none is named."""


def asset_folder(kind: str) -> Path:
    """Where `models` or `resources` lies: in a bundle, an installed wheel or a checkout.

    Args:
        kind: "models" or "resources".

    Raises:
        InputError: The folder is missing from this installation.
    """
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)
    places = [package / kind, package.parent / kind]
    if bundle:
        places.insert(0, Path(bundle) / kind)
    for place in places:
        if place.is_dir():
            return place
    raise InputError(
        f"The folder '{kind}' is missing from this installation of facedyn.",
        "Install the program again.",
    )


def model_names() -> tuple[str, ...]:
    """The files of `models/` that the manifest records, as `model_file` takes them.

    Raises:
        InputError: The folder is missing from this installation.
    """
    return tuple(_manifest(asset_folder("models")))


def model_file(name: str) -> Path:
    """A file of `models/`, its bytes checked against the manifest.

    Args:
        name: Path inside `models/`, with forward slashes.

    Raises:
        InputError: The file is missing, not in the manifest, or has other bytes.
    """
    folder = asset_folder("models")
    path = folder / name
    entry = _manifest(folder).get(name)
    hint = "Install the program again."
    if entry is None or not path.is_file():
        raise InputError(f"The file 'models/{name}' is missing from this installation.", hint)
    if sha256_of(path) != entry["sha256"]:
        raise InputError(
            f"The file 'models/{name}' is damaged: its sha256 is not the one recorded.", hint
        )
    return path


def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = json.loads(
        (folder / "manifest.json").read_text(encoding="utf-8")
    )
    return entries
