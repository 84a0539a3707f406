"""What a setting may be: stated once, beside its default, for files and the window alike."""

from __future__ import annotations

import inspect
import re
from dataclasses import Field, dataclass, field, fields
from typing import Any, Final, TypeVar

_KEY: Final = "limits"
_ITEM: Final = re.compile(r"^    (\w+): (.*)$")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a setting is called and may be.

    Attributes:
        words: Its name for people.
        low: The least it may be; None for what is no number.
        high: The most it may be.
        unit: Of the number; empty where it is a count or a plain number.
        group: Which settings it stands with; empty where there are few.
        choices: What it may be, where it is a word.
    """

    words: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    group: str = ""
    choices: tuple[str, ...] = ()

    @property
    def range_words(self) -> str:
        """The range for people, with its unit."""
        if self.low is None or self.high is None:
            return " or ".join(self.choices)
        return f"{number_words(self.low)} to {number_words(self.high)} {self.unit}".strip()


def number_words(value: float) -> str:
    """A number for people, never with an exponent."""
    return f"{value:,.0f}" if value >= 1e4 else f"{value:.7f}".rstrip("0").rstrip(".")


def setting(
    default: Value,
    words: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    group: str = "",
    choices: tuple[str, ...] = (),
) -> Value:
    """A field of a settings record with its limits, see `Limits`."""
    limits = Limits(words, low, high, unit, group, choices)
    return field(default=default, metadata={_KEY: limits})


def settings_of(kind: Any) -> tuple[Field[Any], ...]:
    """The settings in a record's class: its fields that have limits."""
    return tuple(item for item in fields(kind) if _KEY in item.metadata)


def limits_of(item: Field[Any]) -> Limits:
    """The limits of a setting."""
    limits: Limits = item.metadata[_KEY]
    return limits


def meanings(kind: Any) -> dict[str, str]:
    """What the docstring of a record's class says of each of its fields."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(kind) or "").partition("Attributes:\n")[2].splitlines():
        item = _ITEM.match(line)
        if item:
            name = item[1]
            found[name] = item[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


def fault(item: Field[Any], value: object) -> str:
    """What is wrong with a value for a setting, as "must be …"; empty where nothing is.

    Args:
        item: The setting.
        value: A value from outside, of any kind.
    """
    limits, default = limits_of(item), item.default
    if isinstance(default, tuple):
        return _tuple_fault(limits, default, value)
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "must be true or false"
    if isinstance(default, str):
        return "" if value in limits.choices else f"must be {limits.range_words}"
    whole = isinstance(default, int)
    kind = "a whole number" if whole else "a number"
    return "" if _is_within(limits, value, whole) else _must(limits, kind)


def _tuple_fault(limits: Limits, default: tuple[Any, ...], value: object) -> str:
    parts = value if isinstance(value, tuple | list) else ()
    if len(parts) == len(default) and all(_is_within(limits, part, False) for part in parts):
        return ""
    return _must(limits, f"{len(default)} numbers, each")


def _is_within(limits: Limits, value: object, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    low, high = limits.low, limits.high
    return low is not None and high is not None and low <= value <= high


def _must(limits: Limits, kind: str) -> str:
    return f"must be {kind} from {limits.range_words}"
