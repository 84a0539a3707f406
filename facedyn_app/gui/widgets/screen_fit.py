"""Windows and dialogs that fit their screen, and pages that scroll where it is small."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QWidget,
)

from facedyn_app.gui.theme import GRID


def fit_to_screen(window: QWidget) -> None:
    """Make a window no larger than the room on its screen, and put it there.

    One that lies on no screen, such as a monitor that is gone, comes to the primary one.
    """
    if window.isMaximized() or window.isFullScreen():
        return
    screen = QGuiApplication.screenAt(window.geometry().center())
    room = (screen or QGuiApplication.primaryScreen()).availableGeometry()
    frame, inside = window.frameGeometry(), window.geometry()
    # before the desktop has drawn the frame nothing is known of its height
    title = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    around = QSize(frame.width() - inside.width(), max(frame.height() - inside.height(), title))
    size = window.size().boundedTo(room.size() - around)
    if window.minimumWidth() > size.width():
        window.setMinimumWidth(size.width())
    if window.minimumHeight() > size.height():
        window.setMinimumHeight(size.height())
    window.resize(size)
    outer = QRect(frame.topLeft(), size + around)
    if not room.contains(outer):
        window.move(
            max(room.left(), min(outer.left(), room.right() + 1 - outer.width())),
            max(room.top(), min(outer.top(), room.bottom() + 1 - outer.height())),
        )


class FittedDialog(QDialog):
    """A dialog that is never larger than its screen."""

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fit the screen."""
        super().showEvent(event)
        fit_to_screen(self)


def no_default_button(window: QDialog) -> None:
    """Let Return in a field of a window press none of its buttons."""
    for button in window.findChildren(QPushButton):
        button.setAutoDefault(False)


class ScrolledPage(QScrollArea):
    """A page that wants its whole height and scrolls where there is less.

    What is added to it later, such as the sentence on an error, makes the window higher as far as
    the screen lets it.

    Args:
        page: What is on it.
        low: Its least height, in steps of the grid.
    """

    def __init__(self, page: QWidget, low: int = 10, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page, self._low = page, low
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setWidget(page)
        page.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        page.installEventFilter(self)

    def sizeHint(self) -> QSize:  # noqa: N802
        """The page's own size."""
        hint = self._page.sizeHint()
        return QSize(hint.width(), max(hint.height(), self._needed(self.width())))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The page's least width, and some lines of it."""
        least = self._page.minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(least.width() + bar, min(self._low * GRID, least.height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow the page's wishes."""
        done = super().eventFilter(watched, event)
        if event.type() == QEvent.Type.LayoutRequest and watched is self._page:
            self.updateGeometry()
            self._grow()
        return done

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Show as much as the screen lets."""
        super().showEvent(event)
        self._grow()

    def _needed(self, width: int) -> int:
        return max(self._page.minimumSizeHint().height(), self._page.heightForWidth(width))

    def _grow(self) -> None:
        window = self.window()
        missing = self._needed(self.viewport().width()) - self.viewport().height()
        if missing > 0 and isinstance(window, FittedDialog) and window.isVisible():
            window.resize(window.width(), window.height() + missing)
            fit_to_screen(window)
