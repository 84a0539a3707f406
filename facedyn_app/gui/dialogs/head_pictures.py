"""Pictures of a head in a window of their own, which stays beside the main one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import (
    QGraphicsScene,
    QGraphicsView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.frame_loader import image_to_qimage
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.workflows.heads import HeadPictures
from facedyn_app.records import ByteArray

ZOOM = 1.25


class PictureView(QGraphicsView):
    """A picture that fills the width until the wheel is turned with Ctrl; dragging moves it.

    Args:
        picture: (H, W, 3) uint8 RGB.
    """

    def __init__(self, picture: ByteArray, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self._item = self._scene.addPixmap(QPixmap.fromImage(image_to_qimage(picture)))
        self._item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._zoomed = False
        self.setScene(self._scene)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setToolTip("Ctrl and the wheel make it larger or smaller; drag to move")

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture, px."""
        pixmap = self._item.pixmap()
        return pixmap.width(), pixmap.height()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom with Ctrl, else scroll."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._zoomed = True
        factor = ZOOM if event.angleDelta().y() > 0 else 1 / ZOOM
        self.scale(factor, factor)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fill the width at first."""
        super().showEvent(event)
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Fill the width as long as nobody has zoomed."""
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        if not self._zoomed:
            room = self.width() - self.verticalScrollBar().sizeHint().width() - 2
            factor = max(0.05, room / self._item.boundingRect().width())
            self.resetTransform()
            self.scale(factor, factor)


class PictureWindow(FittedDialog):
    """What a head can do and where its landmarks sit, a tab each.

    Args:
        pictures: The pictures.
        parent: The main window.
    """

    def __init__(self, pictures: HeadPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Head: {pictures.head_id} - facedyn")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(120 * GRID, 90 * GRID)
        self.tabs = QTabWidget()
        for text, picture in (
            ("What it can do", pictures.sheet),
            ("Where its landmarks sit", pictures.landmarks),
        ):
            self.tabs.addTab(PictureView(picture), text)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.addWidget(self.tabs)
