"""Long names in little room: elided in the middle, whole in the tip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionHeader,
    QStylePainter,
    QWidget,
)

from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.theme import GRID

LEAST_NAME_PX: Final = 16 * GRID
MOST_NAME_PX: Final = 36 * GRID
BESIDE_NAME_PX: Final = GRID // 2
"""Left free beside the name that is chosen."""
SEPARATOR: Final = " · "
"""Between a date, which is never elided, and a name."""


def elided(name: str, metrics: QFontMetrics, room: int) -> str:
    """As much of a name as there is room for, px; the beginning and the end of it."""
    if metrics.horizontalAdvance(name) <= room:  # to the px; Qt elides what is a part of one longer
        return name
    date, separator, rest = name.partition(SEPARATOR)
    lead = date + separator if separator else ""
    left = room - metrics.horizontalAdvance(lead)
    if not separator or left < metrics.horizontalAdvance("…"):
        lead, rest, left = "", name, room
    return lead + metrics.elidedText(rest, Qt.TextElideMode.ElideMiddle, left)


class NameLabel(QLabel):
    """A name on one line, in whatever width there is."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(name)

    def setText(self, text: str) -> None:  # noqa: N802
        """Show another name."""
        super().setText(text)
        self.setToolTip(tip_text(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A few letters."""
        return QSize(LEAST_NAME_PX, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint as much of the name as there is room for."""
        room = self.contentsRect()
        text = elided(self.text(), self.fontMetrics(), room.width())
        self.style().drawItemText(
            QPainter(self),
            room,
            self.alignment(),
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )


class NameChoice(QComboBox):
    """A choice among names; as wide as the longest where there is room, its list in any case.

    Args:
        name: What is chosen, for a screen reader.
        tip: What the choice is for.
    """

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self._tip = tip
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.currentTextChanged.connect(self._show_tip)
        self._show_tip("")

    def _show_tip(self, text: str) -> None:
        self.setToolTip("\n".join(filter(None, [self._tip, tip_text(text)])))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As its names, as far as that is of any use."""
        wanted = super().sizeHint()
        return QSize(min(wanted.width() + BESIDE_NAME_PX, MOST_NAME_PX), wanted.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A few letters."""
        wanted = self.sizeHint()
        return QSize(min(wanted.width(), LEAST_NAME_PX), wanted.height())

    def showPopup(self) -> None:  # noqa: N802
        """Open the list, as wide as its names."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        most = self.screen().availableSize().width()
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + bar, most))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the chosen name elided."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        room = field.width() - BESIDE_NAME_PX
        option.currentText = elided(self.currentText(), self.fontMetrics(), room)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class NameHeader(QHeaderView):
    """Heads of columns of which some are names."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(True)

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, section: int) -> None:  # noqa: N802
        """Elide what is drawn of a head; copied is all of it."""
        super().initStyleOptionForIndex(option, section)
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMargin, None, self)
        room = self.sectionSize(section) - 2 * margin
        option.text = elided(option.text, self.fontMetrics(), room)
