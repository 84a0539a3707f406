"""Columns of the library's tables that check what they hold: SQLite keeps anything anywhere."""

from __future__ import annotations

import base64
import math
import os
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Dialect, Float, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from facedyn_app.dynamics.same_take import LONGEST_S, RATE, SIGNATURE

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Years that can be shown under every time zone; no recording is of another one."""
LARGEST_NUMBER = 2**53
LONGEST_SIGNATURE = 2 * SIGNATURE * round(LONGEST_S * RATE)
"""Letters that the signature of a take may have, more than any has."""
_FLAGS = (0, 1)


def can_be_shown(time: str) -> bool:
    """Whether a text is a time in ISO 8601, of a year that every time zone has."""
    try:
        return FIRST_YEAR <= datetime.fromisoformat(time).year <= LAST_YEAR
    except ValueError:
        return False


class DamagedError(ValueError):
    """A table or a value that this program has not written; says what it is."""


class _Sound(TypeDecorator[Any]):
    """A column whose values are checked on reading; an empty cell stays empty."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    words = ""

    def is_sound(self, value: Any) -> bool:
        """Whether a value is one of this column."""
        raise NotImplementedError

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value, once it is one of this column.

        Raises:
            DamagedError: It is none.
        """
        if value is not None and not self.is_sound(value):
            raise DamagedError(f"a row holds {str(value)[:40]!r} in place of {self.words}")
        return value


class SoundText(_Sound):
    """A text."""

    cache_ok = True
    words = "a text"

    def is_sound(self, value: Any) -> bool:
        """Whether it is a text that can be the name of a file."""
        return isinstance(value, str) and "\0" not in value


class SoundPath(SoundText):
    """A path, kept as a text; one whose bytes are no UTF-8, as bytes."""

    cache_ok = True
    words = "a path"

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As the database keeps it."""
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return os.fsencode(value)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The path as Python has it.

        Raises:
            DamagedError: It is none.
        """
        named = os.fsdecode(value) if isinstance(value, bytes) else value
        return super().process_result_value(named, dialect)


class SoundTime(_Sound):
    """A time in ISO 8601, kept as a text."""

    cache_ok = True
    words = "a time"

    def is_sound(self, value: Any) -> bool:
        """Whether it is a time that can be shown."""
        return isinstance(value, str) and can_be_shown(value)


class UncertainTime(SoundTime):
    """A time that nobody has to know: one that cannot be is not known."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The time, or None."""
        return value if value is not None and self.is_sound(value) else None


class UncertainSignature(_Sound):
    """The signature of a take, numbers -1..1, kept as a byte each in base 64; none if damaged."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As the database keeps it."""
        return base64.b64encode(np.round(value * 127.0).astype(np.int8).tobytes()).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The numbers, (N, SIGNATURE); or None."""
        try:
            if len(value) > LONGEST_SIGNATURE:
                return None
            kept = np.frombuffer(base64.b64decode(value, validate=True), np.int8)
            return kept.reshape(-1, SIGNATURE) / np.float32(127.0)
        except (TypeError, ValueError):
            return None


class SoundWhole(_Sound):
    """A count or a number of a row."""

    cache_ok = True
    impl = BigInteger
    words = "a whole number"

    def is_sound(self, value: Any) -> bool:
        """Whether it is a whole number that is not negative."""
        return isinstance(value, int) and 0 <= value <= LARGEST_NUMBER


class SoundReal(_Sound):
    """A duration."""

    cache_ok = True
    impl = Float
    words = "a number"

    def is_sound(self, value: Any) -> bool:
        """Whether it is a finite number."""
        return isinstance(value, int | float) and math.isfinite(value)


class SoundFlag(_Sound):
    """True or false."""

    cache_ok = True
    impl = BigInteger
    words = "a truth value"

    def is_sound(self, value: Any) -> bool:
        """Whether it is one."""
        return isinstance(value, int) and value in _FLAGS

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The truth value.

        Raises:
            DamagedError: It is none.
        """
        checked = super().process_result_value(value, dialect)
        return None if checked is None else bool(checked)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As the database keeps it."""
        return None if value is None else int(value)
