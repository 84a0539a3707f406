"""Training and recognizers in the window: their dialogs, and the button that shows one at work."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QPushButton

from facedyn_app.gui.library_flows import LibraryFlows
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.theme import tabular_font
from facedyn_app.gui.training.dialog import TrainDialog
from facedyn_app.gui.training.flows import TrainFlows
from facedyn_app.gui.training.recognizers import RecognizerFlows
from facedyn_app.gui.training.recognizers_dialog import RecognizersDialog


class TrainingDesk(QObject):
    """Opens what there is to see of a training, which goes on without it.

    Args:
        window: The window.
        library: The library that is open.
        recognizers: Its recognizers.

    Attributes:
        flows: The training.
        dialog: The dialog, while it is open.
        badge: Says in the status bar how far a training is, and opens the dialog.
    """

    def __init__(
        self, window: MainWindow, library: LibraryFlows, recognizers: RecognizerFlows
    ) -> None:
        super().__init__()
        self.flows = TrainFlows()
        self.dialog: TrainDialog | None = None
        self._window, self._library, self._recognizers = window, library, recognizers
        self.badge = QPushButton()
        self.badge.setFlat(True)
        self.badge.setFont(tabular_font(self.badge.font()))
        self.badge.setToolTip("Show the training")
        self.badge.setVisible(False)
        self.badge.clicked.connect(self.show_dialog)
        window.statusBar().addPermanentWidget(self.badge)
        window.train_requested.connect(self.show_dialog)
        window.recognizers_requested.connect(self.show_recognizers)
        window.closing.connect(self.flows.shut_down)
        self.flows.changed.connect(self._show_badge)
        self.flows.trained.connect(recognizers.refresh)

    @Slot()
    def show_dialog(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = TrainDialog(
                self.flows,
                self._recognizers,
                self._library.queue,
                self._library.listing.folder,
                lambda: self._window.state.settings,
                self._window,
            )
            self.dialog.closed.connect(self._forget_dialog)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._show_badge()

    @Slot()
    def show_recognizers(self) -> None:
        """Open the list of recognizers."""
        RecognizersDialog(self._recognizers, self._window).show()

    @Slot()
    def _forget_dialog(self) -> None:
        self.dialog = None
        self._show_badge()

    @Slot()
    def _show_badge(self) -> None:
        training = self.flows.training
        seen = self.dialog is not None
        self.badge.setVisible(training is not None and (training.running or not seen))
        if training is not None:
            ends = {"done": "is trained", "stopped": "stopped", "failed": "was not trained"}
            words = f"“{training.order.name}” {ends.get(training.phase, '')}"
            self.badge.setText(training.words if training.running else words)
