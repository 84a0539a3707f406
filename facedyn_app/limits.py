"""Settings and their limits: stated once, beside the default, for files and the window alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Final, Generic, TypeVar

from facedyn_app.formatting import plain_number

_KEY: Final = "limits"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a setting is called, means and may be.

    Attributes:
        words: Its name for people.
        low: The least it may be; None for what is no number.
        high: The most it may be.
        unit: Of the number; empty where it is a count or a plain number.
        group: Which settings it stands with; empty where there are few.
        choices: What it may be, where it is a word.
        meaning: What it is, a sentence or more for people.
    """

    words: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    group: str = ""
    choices: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def range_words(self) -> str:
        """The range for people, with its unit."""
        if self.low is None or self.high is None:
            return " or ".join(self.choices)
        return f"{plain_number(self.low)} to {plain_number(self.high)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """A setting that still has to be said the meaning of."""

    default: Value
    limits: Limits

    def means(self, meaning: str) -> Value:
        """The field of a settings record.

        Args:
            meaning: What the setting is, a sentence or more for people.
        """
        limits = replace(self.limits, meaning=meaning)
        return field(default=self.default, metadata={_KEY: limits})


def setting(
    default: Value,
    words: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    group: str = "",
    choices: tuple[str, ...] = (),
) -> Setting[Value]:
    """A setting with its limits, see `Limits`; `means` makes it a field."""
    return Setting(default, Limits(words, low, high, unit, group, choices))


def settings_of(kind: Any) -> tuple[Field[Any], ...]:
    """The settings in a record's class: its fields that have limits."""
    return tuple(item for item in fields(kind) if _KEY in item.metadata)


def limits_of(item: Field[Any]) -> Limits:
    """The limits of a setting."""
    limits: Limits = item.metadata[_KEY]
    return limits


class SettingError(ValueError):
    """A value is none that a setting may have.

    Attributes:
        item: The setting.
        reason: What is wrong, "must be …".
    """

    def __init__(self, item: Field[Any], reason: str) -> None:
        super().__init__(f"'{item.name}' {reason}")
        self.item, self.reason = item, reason


def checked_settings(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a record's class among values from JSON; other values are left out.

    Raises:
        SettingError: One is not what it may be.
    """
    checked = {}
    for item in settings_of(kind):
        if item.name not in values:
            continue
        value = values[item.name]
        reason = fault(item, value)
        if reason:
            raise SettingError(item, reason)
        checked[item.name] = tuple(value) if isinstance(value, list) else value
    return checked


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
