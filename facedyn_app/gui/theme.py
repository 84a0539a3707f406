"""Appearance of the window: Qt Fusion, one restrained palette in light and dark, an 8 px grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

GRID: Final = 8

# Okabe and Ito (2008), "Color Universal Design": told apart by colour-blind people too.
# Yellow vanishes on white and dark blue on black, so each background has its own five.
SERIES_ON_LIGHT: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
SERIES_ON_DARK: Final = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00")


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours that panels paint with, as "#rrggbb".

    Attributes:
        window: Behind everything.
        base: Behind lists, tables and plots.
        text: Words and numbers.
        muted: Words that matter less; at least 4.5:1 against `base`.
        line: Separators, grids, empty bars.
        accent: What is selected or moves.
        good: Verdict "good".
        caution: Verdict "caution".
        bad: Verdict "do not use", errors.
        stage: Behind video and head.
        series: Lines in a plot, in this order.
    """

    window: str
    base: str
    text: str
    muted: str
    line: str
    accent: str
    good: str
    caution: str
    bad: str
    stage: str
    series: tuple[str, ...]


LIGHT: Final = Colours(
    window="#f2f3f4",
    base="#ffffff",
    text="#1b1f24",
    muted="#57606a",
    line="#d0d7de",
    accent="#0b5fae",
    good="#006d50",
    caution="#8a5a00",
    bad="#b03a00",
    stage="#e4e7ea",
    series=SERIES_ON_LIGHT,
)
DARK: Final = Colours(
    window="#1e2226",
    base="#15181b",
    text="#e6e9ec",
    muted="#9aa4ae",
    line="#3a4149",
    accent="#56b4e9",
    good="#3ecfa3",
    caution="#f0b64a",
    bad="#ff8a5c",
    stage="#0f1113",
    series=SERIES_ON_DARK,
)


def colours_of(widget: QWidget) -> Colours:
    """The colours that suit the palette a widget has now."""
    return DARK if widget.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def palette_of(colours: Colours) -> QPalette:
    """A Qt palette with these colours, its disabled state included."""
    role = QPalette.ColorRole
    palette = QPalette(QColor(colours.window), QColor(colours.window))
    plain = {
        role.WindowText: colours.text,
        role.Base: colours.base,
        role.AlternateBase: colours.window,
        role.Text: colours.text,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.PlaceholderText: colours.muted,
        role.ToolTipBase: colours.base,
        role.ToolTipText: colours.text,
        role.Link: colours.accent,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.base,
    }
    for key, colour in plain.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(colours.muted))
    return palette


def apply_theme(app: QApplication, scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown) -> None:
    """Give the program its look.

    Args:
        app: The application.
        scheme: Light or dark; `Unknown` follows the system, which is light when it says nothing.
    """
    app.setStyle("Fusion")
    wanted = app.styleHints().colorScheme() if scheme is Qt.ColorScheme.Unknown else scheme
    app.setPalette(palette_of(DARK if wanted is Qt.ColorScheme.Dark else LIGHT))


def tabular_font(base: QFont) -> QFont:
    """A font whose figures all have the same width, so that numbers stand in columns."""
    font = QFont(base)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def verdict_colour(colours: Colours, verdict: str) -> str:
    """The colour of a quality verdict; it always stands beside the word, never alone."""
    known = {"good": colours.good, "caution": colours.caution, "do not use": colours.bad}
    return known.get(verdict, colours.muted)
