"""Which of the faces of a video is shown: a list with a picture of each."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QWidget

from facedyn_app.gui.frame_loader import image_to_qimage
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.theme import GRID

PICTURE_PX: Final = 6 * GRID


class FaceChooser(QComboBox):
    """The faces of the shown recording's video; hidden where there are not several.

    It stands at the face that is shown: one that is picked has yet to be fitted.

    Attributes:
        face_picked: int: number of the face that the user wants to see.
    """

    face_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setAccessibleName("Face")
        self.setToolTip("Faces of this video: which one is fitted and shown")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._pick)
        self._shown = -1
        self.hide()

    def show_recording(self, recording: Recording | None) -> None:
        """List the faces of a recording's video, the shown one chosen."""
        self.clear()
        faces = () if recording is None else recording.faces
        for face in faces:
            picture = QPixmap.fromImage(image_to_qimage(face.thumbnail))
            words = f"face {face.number} · seen {face.seconds:.1f} s"
            self.addItem(QIcon(picture), words, face.number)
        self._shown = -1 if recording is None else self.findData(recording.face)
        self.setCurrentIndex(self._shown)
        self.setVisible(len(faces) > 1)

    @Slot(int)
    def _pick(self, place: int) -> None:
        if place != self._shown:
            number = self.itemData(place)
            self.setCurrentIndex(self._shown)
            self.face_picked.emit(number)
