"""Training under way: how far it is, its loss, and its accuracy on held-out sessions."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from facedyn_app.gui.formatting import markup_name, percent
from facedyn_app.gui.status import error_status
from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.gui.training_run import TrainingRun
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.recognizer.baselines import CONTROLS
from facedyn_app.recognizer.history import TrainingState, Validation

REDRAW_MS: Final = 250


class TrainingPage(QWidget):
    """Shows a training and lets it be ended.

    Attributes:
        end_requested: End it with the best so far.
        stop_requested: Stop for now.
        activate_requested: Let the new recognizer answer.
        again_requested: Ask for another training.
    """

    end_requested = Signal()
    stop_requested = Signal()
    activate_requested = Signal()
    again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training: TrainingRun | None = None
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.title.setFont(tabular_font(self.font()))
        self.title.setWordWrap(True)
        self.facts = make_note()
        self.facts.setFont(tabular_font(self.font()))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(2 * GRID)
        self._graphics: Any = pg.GraphicsLayoutWidget()
        self._loss = self._graphics.addPlot(row=0, col=0, enableMenu=False)
        self._top1 = self._graphics.addPlot(row=0, col=1, enableMenu=False)
        self.loss_curve = self._loss.plot()
        self.window_curve = self._top1.plot()
        self.session_curve = self._top1.plot()
        self.control_curves = {name: self._top1.plot() for name in CONTROLS}
        self.note = make_note()
        self.end = _button("Stop, keep the best so far", self.end_requested)
        self.stop = _button("Stop for now", self.stop_requested)
        self.stop.setToolTip("Keeps what is needed to go on another time; makes no recognizer yet")
        self.activate = _button("Make active", self.activate_requested)
        self.activate.setToolTip("Who is it? is answered by this recognizer from then on")
        self.again = _button("Train another…", self.again_requested)
        self._drawn_looks: tuple[Validation, ...] = ()
        self._late = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._late.timeout.connect(self._draw)
        self._lay_out()
        self._apply_theme()

    def _lay_out(self) -> None:
        for plot, text, unit in ((self._loss, "loss", ""), (self._top1, "held-out top-1", "%")):
            plot.hideButtons()
            plot.setMouseEnabled(x=False, y=False)
            plot.ctrlMenu.setParent(self)  # else it would be a window of its own
            plot.ctrlMenu.hide()
            plot.setLabel("left", f"{text} ({unit})" if unit else text)
            plot.setLabel("bottom", "step")
            plot.showGrid(x=True, y=True, alpha=0.15)
            for side in ("left", "bottom"):
                plot.getAxis(side).enableAutoSIPrefix(False)
        self._top1.setYRange(0, 100, padding=0.02)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.end, self.stop, self.again, self.activate):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.bar)
        column.addWidget(self.facts)
        column.addWidget(self._graphics, 1)
        column.addWidget(self.note)
        column.addLayout(buttons)

    def show_training(self, training: TrainingRun, result: str) -> None:
        """Show how a training stands; the curves follow at most four times a second.

        Args:
            training: The training.
            result: What is known of its recognizer once there is one.
        """
        self._training = training
        self.end.setVisible(training.running)
        self.end.setEnabled(training.phase == "running" and training.state is not None)
        self.stop.setVisible(training.running)
        self.stop.setEnabled(training.phase == "running")
        self.activate.setVisible(training.phase == "done")
        self.again.setVisible(not training.running)
        self.bar.setVisible(training.running)
        share = training.progress.share
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(round(1000 * (share or 0.0)))
        self.title.setText(_title(training, result))
        self.facts.setText(_facts(training.state))
        self.note.setText(_looks_note(training))
        if not self._late.isActive():
            self._late.start()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._apply_theme()

    def _draw(self) -> None:
        training = self._training
        if training is None:
            return
        self.loss_curve.setData(training.curve.steps, training.curve.losses)
        validations = training.state.validations if training.state is not None else ()
        if validations == self._drawn_looks:
            return
        self._drawn_looks = validations
        steps = [look.step for look in validations]
        self.window_curve.setData(steps, [100.0 * look.top1_window for look in validations])
        self.session_curve.setData(steps, [100.0 * look.top1_session for look in validations])
        for name, curve in self.control_curves.items():
            known = [look for look in validations if name in look.controls]
            values = [100.0 * look.controls[name] for look in known]
            curve.setData([look.step for look in known], values)

    def _apply_theme(self) -> None:
        colours = colours_of(self)
        self._graphics.setBackground(colours.base)
        for plot in (self._loss, self._top1):
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(colours.line)
                plot.getAxis(side).setTextPen(colours.text)
        self.loss_curve.setPen(pg.mkPen(colours.series[0], width=1))
        for curve, number in ((self.window_curve, 0), (self.session_curve, 1)):
            curve.setPen(pg.mkPen(colours.series[number], width=2))
            curve.setSymbol("o")
            curve.setSymbolSize(5)
            curve.setSymbolBrush(colours.series[number])
            curve.setSymbolPen(None)
        controls = dict(zip(self.control_curves, colours.series[2:], strict=False))
        for name, colour in controls.items():
            self.control_curves[name].setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))
        rows = (
            dict(zip(("windows", "sessions"), colours.series, strict=False)),
            {name.replace("_", " "): colour for name, colour in controls.items()},
        )
        text = "<br>".join(_marks(row) for row in rows)
        self._top1.setTitle(f'<span style="color:{colours.text}">{text}</span>')
        self._loss.setTitle(f'<span style="color:{colours.text}">training</span>')


def _marks(named: Mapping[str, str]) -> str:
    """Names with the colours of their curves, as HTML."""
    squares = [
        f'<span style="color:{colour}">&#9632;</span> {name}' for name, colour in named.items()
    ]
    return " &nbsp; ".join(squares)


def _button(text: str, pressed: Any) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(pressed)
    return button


def _title(training: TrainingRun, result: str) -> str:
    name = markup_name(training.order.name)
    if training.phase == "done":
        return f"<b>“{name}” is trained.</b> {escape(result, quote=False)}"
    if training.phase == "stopped":
        return (
            f"<b>The training of “{name}” was stopped.</b> It goes on where it was when it is "
            "started again under this name with the same sessions and settings."
        )
    if training.phase == "failed" and training.error is not None:
        sentence = escape(error_status(training.error).sentence, quote=False)
        return f"<b>“{name}” was not trained.</b> {sentence}"
    return escape(training.text, quote=False)


def _facts(state: TrainingState | None) -> str:
    if state is None:
        return ""
    parts = [f"step {state.step} of {state.planned}", f"loss {state.loss:.3f}"]
    if state.validations:
        best = min(state.validations, key=lambda look: look.regret)
        parts.append(
            f"held-out top-1 {percent(state.validations[-1].top1_window)} of windows, "
            f"best {percent(best.top1_window)} at step {best.step}"
        )
    return " · ".join(parts)


def _looks_note(training: TrainingRun) -> str:
    if training.state is not None and training.state.validations:
        return (
            "Held-out speakers do not train; the weights that recognise them best are kept. "
            "Dashed: their windows with the order of frames, all but the mean, or the positions "
            "taken away, or with the mean put back; it is motion that is learnt where the first "
            "two stay low."
        )
    plan = training.order.settings.train
    return f"The held-out speakers, if there are any, are looked at every {plan.check_steps} steps."
