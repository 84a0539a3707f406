"""Checked reading of a recognizer's files: damage is named, nothing is executed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import torch
from safetensors import torch as safe_torch

from facedyn_app.errors import InputError
from facedyn_app.folder_files import PLAIN, FolderFiles
from facedyn_app.limits import SettingError, checked_settings, settings_of
from facedyn_app.settings import FeatureSettings, NetworkSettings

LARGEST_NUMBER = 1e9
"""No coefficient of a recognizer comes near this."""
CHECKSUMS = "sha256"
"""In `config.json` the sha256 of each file, of itself without these."""
MOST_JSON_BYTES, MOST_TENSOR_BYTES = 2**24, 2**29
TYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int64", "bool")
"""Types of torch that a recognizer's tensors may have."""

# the types of safetensors that torch lacks are keys that safetensors' own table has not
NO_TENSORS = (
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    AttributeError,
    safetensors.SafetensorError,
)

Record = TypeVar("Record", FeatureSettings, NetworkSettings)


def damaged(path: Path, reason: str) -> InputError:
    """The error for a file that is no sound part of a recognizer, and why."""
    return InputError(
        f"'{path}' cannot be read as part of a recognizer: {reason}.",
        "Train the recognizer again, or install the program again if it came with it.",
    )


def read_json(path: Path, files: FolderFiles = PLAIN) -> dict[str, Any]:
    """The JSON object in a file.

    Args:
        path: The file.
        files: What it is read with.

    Raises:
        InputError: There is none.
    """
    try:
        content = json.loads(
            files.read(path, MOST_JSON_BYTES), parse_float=_finite, parse_constant=_finite
        )
    except FileNotFoundError as error:
        raise damaged(path, "there is no such file") from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, "it is no JSON") from error
    if not isinstance(content, dict):
        raise damaged(path, "it is no JSON object")
    return content


def _finite(words: str) -> float:
    """A number that can be written again.

    Raises:
        ValueError: It is not finite, or beyond all numbers of a computer.
    """
    value = float(words)
    if not math.isfinite(value):
        raise ValueError(words)
    return value


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


def read_tensors(path: Path, files: FolderFiles = PLAIN) -> dict[str, torch.Tensor]:
    """All tensors of a safetensors file, finite.

    Args:
        path: The file.
        files: What it is read with.

    Raises:
        InputError: The file is missing, damaged, or holds what is not finite.
    """
    try:
        tensors: dict[str, torch.Tensor] = safe_torch.load(files.read(path, MOST_TENSOR_BYTES))
    except FileNotFoundError as error:
        raise damaged(path, "there is no such file") from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    except NO_TENSORS as error:
        raise damaged(path, "it is no safetensors file, or not whole") from error
    strange = {str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()} - {*TYPES}
    if strange:
        raise damaged(path, f"it holds numbers of the type {min(strange)}")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise damaged(path, "it holds numbers that are not finite")
    return tensors


def sha256_of_config(config: Mapping[str, Any]) -> str:
    """The sha256 of all that a config says but the checksums, however it is laid out."""
    told = {key: value for key, value in config.items() if key != CHECKSUMS}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode("ascii")).hexdigest()


def check_sums(
    config: Mapping[str, Any], paths: Mapping[str, Path], own: str, files: FolderFiles = PLAIN
) -> None:
    """Make sure that the files are those that were written; folders of earlier programs say none.

    Args:
        config: The content of the file that has the checksums.
        paths: The files.
        own: The name of that file.
        files: What they are read with.

    Raises:
        InputError: One has other bytes, or the checksums are none.
    """
    stated = config.get(CHECKSUMS)
    if stated is None:
        return
    if not isinstance(stated, dict):
        raise damaged(paths[own], f"'{CHECKSUMS}' is no list of checksums")
    for name, path in paths.items():
        try:
            found = sha256_of_config(config) if name == own else _sha256_of(files, path)
        except OSError as error:
            raise damaged(path, error.strerror or str(error)) from error
        if stated.get(name) != found:
            raise damaged(path, "its sha256 is not the one recorded, so it has changed")


def _sha256_of(files: FolderFiles, path: Path) -> str:
    return hashlib.sha256(files.read(path, MOST_TENSOR_BYTES)).hexdigest()
