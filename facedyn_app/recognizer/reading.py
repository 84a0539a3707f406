"""Checked reading of a recognizer's files: damage is named, nothing is executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import torch
from safetensors import torch as safe_torch

from facedyn_app.errors import InputError
from facedyn_app.limits import SettingError, checked_settings, settings_of
from facedyn_app.settings import FeatureSettings, NetworkSettings

LARGEST_NUMBER = 1e9
"""No coefficient of a recognizer comes near this."""

Record = TypeVar("Record", FeatureSettings, NetworkSettings)


def damaged(path: Path, reason: str) -> InputError:
    """The error for a file that is no sound part of a recognizer, and why."""
    return InputError(
        f"'{path}' cannot be read as part of a recognizer: {reason}.",
        "Train the recognizer again, or install the program again if it came with it.",
    )


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        InputError: There is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise damaged(path, "there is no such file") from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, "it is no JSON") from error
    if not isinstance(content, dict):
        raise damaged(path, "it is no JSON object")
    return content


def read_settings(kind: type[Record], values: object, path: Path) -> Record:
    """A settings record from JSON: every field there, and what it may be.

    A choice (true or false) that is not there is one that the writer did not have: the default.

    Raises:
        InputError: A field is missing or cannot be what it is.
    """
    if not isinstance(values, dict):
        raise damaged(path, f"the values of {kind.__name__} are missing")
    told = {
        item.name: value
        for item in settings_of(kind)
        if (value := values.get(item.name)) is not None or not isinstance(item.default, bool)
    }
    try:
        return kind(**checked_settings(kind, told))
    except SettingError as error:
        raise damaged(path, str(error)) from error


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a safetensors file, finite.

    Raises:
        InputError: The file is missing, damaged, or holds what is not finite.
    """
    try:
        tensors: dict[str, torch.Tensor] = safe_torch.load_file(path)
    except FileNotFoundError as error:
        raise damaged(path, "there is no such file") from error
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise damaged(path, "it is no safetensors file, or not whole") from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise damaged(path, "it holds numbers that are not finite")
    return tensors
