"""The settings file: what a user has changed, kept between starts as JSON, no program in it.

Format "facedyn-settings" version 1: for each stage the settings that differ from their defaults.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file, read_plain
from facedyn_app.limits import SettingError, checked_settings, limits_of, settings_of
from facedyn_app.settings import Settings

FILE: Final = "settings.json"
FORMAT, VERSION = "facedyn-settings", 1
MOST_BYTES: Final = 2**20


def read_settings(path: Path) -> Settings:
    """The settings in a file; the defaults where there is none, and for all it does not name.

    Raises:
        InputError: The file is damaged, of a newer program, or holds what a setting cannot be.
    """
    try:
        content = _content(path)
    except FileNotFoundError:
        return Settings()
    stages: dict[str, Any] = {}
    for stage in fields(Settings):
        kind = type(getattr(Settings(), stage.name))
        values = content.get(stage.name, {})
        if not isinstance(values, dict):
            raise _unusable(path, f"'{stage.name}' is no JSON object")
        try:
            stages[stage.name] = kind(**checked_settings(kind, values))
        except SettingError as error:
            words = limits_of(error.item).words
            raise _unusable(path, f"'{words}' ({error.item.name}) {error.reason}") from error
    settings = Settings(**stages)
    for one in (settings.network, settings.trust, settings.clinical):
        conflict = one.conflict()
        if conflict is not None:
            raise _unusable(path, f"'{conflict[0]}' {conflict[1]}")
    return settings


def write_settings(settings: Settings, path: Path) -> None:
    """Keep settings.

    Raises:
        OutputError: The file cannot be written.
    """
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION, **changed(settings)}
    with suppress(OSError):  # what goes wrong here is said when the file cannot be written
        path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def changed(settings: Settings) -> dict[str, dict[str, Any]]:
    """The settings that differ from their defaults, by stage and name."""
    found: dict[str, dict[str, Any]] = {}
    for stage in fields(Settings):
        record = getattr(settings, stage.name)
        for item in settings_of(record):
            value = getattr(record, item.name)
            if value != item.default:
                found.setdefault(stage.name, {})[item.name] = value
    return found


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_plain(path, MOST_BYTES))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(path, "it is no JSON file that can be read") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _unusable(path, f"its format is not '{FORMAT}'")
    if content.get("version") != VERSION:
        raise InputError(
            f"The settings '{path}' were written by a newer program.",
            "Install a newer version of facedyn; until then the defaults hold.",
        )
    return content


def _unusable(path: Path, reason: str) -> InputError:
    return InputError(
        f"The settings '{path}' cannot be used: {reason}.",
        "The defaults hold; Edit > Settings… writes the file anew.",
    )
