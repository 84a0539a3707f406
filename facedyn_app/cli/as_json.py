"""Answers for scripts: plain JSON, in which a number that is not one is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from pathlib import PurePath


def json_line(facts: Mapping[str, object]) -> str:
    """One JSON object on one line, ASCII alone, so that every terminal and pipe can carry it."""
    return json.dumps(plain(facts), ensure_ascii=True, allow_nan=False)


def plain(value: object) -> object:
    """A value as JSON can hold it.

    Records become objects, arrays lists, paths texts, NaN and infinity null.

    Raises:
        TypeError: The value is of a kind that has no such form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy's arrays and scalars, without importing numpy
        return plain(value.tolist())
    if isinstance(value, PurePath):
        return str(value)
    return _plain_container(value)


def _plain_container(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Sequence | Set):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
