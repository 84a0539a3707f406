"""Field of the inter-pupillary distance, which sets the scale of all millimetres."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from facedyn_app.dynamics.clinical.scale import ADULT_IPD_MM, IPD_RANGE_MM


class PupilDistance(QDoubleSpinBox):
    """The distance, or the adult mean at its low end.

    Attributes:
        entered: The user has entered another one.
    """

    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        low, high = IPD_RANGE_MM
        self.setDecimals(1)
        self.setSingleStep(0.5)
        self.setRange(low - 0.5, high)
        self.setSuffix(" mm")
        self.setSpecialValueText(f"adult mean, {ADULT_IPD_MM:g} mm")
        self.setValue(self.minimum())
        self.setAccessibleName("Inter-pupillary distance, mm")
        self.setToolTip(
            f"Distance of the person's pupils, {low:g} to {high:g} mm, measured with a ruler; it "
            "sets the scale of all millimetres. Down to the end for the adult mean"
        )
        self._told = self.mm
        self.editingFinished.connect(self._tell)

    @property
    def mm(self) -> float | None:
        """The distance entered, mm; None for the adult mean."""
        return None if self.value() <= self.minimum() else self.value()

    def _tell(self) -> None:
        if self.mm != self._told:
            self._told = self.mm
            self.entered.emit()
