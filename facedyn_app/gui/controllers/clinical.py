"""Clinical measures of the shown recording: their window, the measuring, the export."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.sheets import Judged
from facedyn_app.gui.dialogs.clinical import ClinicalWindow
from facedyn_app.gui.dialogs.file_place import ask_place
from facedyn_app.gui.dialogs.form import plain_name
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import PanelStatus, error_status
from facedyn_app.records import Session
from facedyn_app.reports.clinical_files import ClinicalFormat
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.workflows.audit import export_words, record_use, recorded
from facedyn_app.workflows.events import keep_marked
from facedyn_app.workflows.measure import (
    MeasureOptions,
    measure_recording,
    write_measured,
)
from facedyn_app.workflows.mirrored_fit import fit_mirror_image, mirror_among
from facedyn_app.workflows.records import Recording


class ClinicalController(QObject):
    """One window of clinical measures at most; it follows the recording that is shown.

    Args:
        window: Where the user asks for it.
        state: What is shown.
        fits: Queue of the fits, the mirror image's among them.

    Attributes:
        queue: Has the measuring done beside all other work.
        window: The window of the measures; None while it is closed.
        skin_requested: Fit the shown recording once more, its skin followed.
    """

    skin_requested = Signal()

    def __init__(self, window: MainWindow, state: AppState, fits: JobQueue) -> None:
        super().__init__(window)
        self.queue = JobQueue(self)
        self.window: ClinicalWindow | None = None
        self._main, self._state, self._fits = window, state, fits
        self._shown: Recording | None = None
        self._job: Job | None = None
        self._fit: Job | None = None
        self._mirrors: dict[str, Session] = {}
        window.measures_requested.connect(self.open)
        window.closing.connect(self.shut_down)
        state.recording_changed.connect(self._follow)
        state.recordings_changed.connect(self._prune)
        state.settings_changed.connect(self._measure)

    @Slot()
    def shut_down(self) -> None:
        """Close the window, stop the work and wait for it."""
        if self.window is not None:
            self.window.close()
        self.queue.shut_down()

    @Slot()
    def open(self) -> None:
        """Show the measures of the shown recording."""
        if self.window is None:
            window = self.window = ClinicalWindow(self._main)
            window.ipd_changed.connect(self._measure)
            window.export_requested.connect(self.ask_table)
            window.mirror_requested.connect(self.fit_mirror)
            window.skin_requested.connect(self.skin_requested)
            window.work.cancel_requested.connect(self._stop_fit)
            window.sheets.judged.connect(self._judge)
            window.moment_picked.connect(self._show_moment)
            window.finished.connect(self._forget)
            self._shown = None
            self._follow(self._state.recording)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    @Slot()
    def ask_table(self) -> None:
        """Ask where to write a table of what is shown, and write it."""
        if self.window is None or self.window.measured is None:
            return
        name = f"{plain_name(self.window.measured.name)}-measures"
        path = ask_place(self.window, "Export measures", name, ClinicalFormat, self._say)
        if path is not None:
            self.write_table(path)

    def write_table(self, path: Path) -> None:
        """Write a table of what is shown; its ending says the format."""
        if self.window is None or self.window.measured is None:
            return
        options = MeasureOptions(self.window.ipd.mm, self.window.rows)
        kept_in = None if self._shown is None else self._shown.kept_in
        self.queue.submit(
            recorded,
            partial(record_use, kept_in, "export", f"measures {export_words(path)}"),
            partial(write_measured, [self.window.measured], (), path, options),
            title=f"Write {path.name}",
            on_result=self._say_written,
            on_error=lambda error: self._say(str(error)),
        )

    @Slot(object)
    def _follow(self, recording: Recording | None) -> None:
        """Measure another recording, or the same one with other frames or events."""
        before, self._shown = self._shown, recording
        if self.window is None:
            return
        if recording is None:
            self._drop()
            self.window.show_nothing()
        elif before is None or not _same_measures(before.session, recording.session):
            self._measure()

    @Slot()
    def _measure(self) -> None:
        recording = self._state.recording
        if self.window is None or recording is None:
            return
        self._drop()
        self.window.show_status(PanelStatus("working", f"Measuring {recording.label} …"))
        others = [one.session for one in self._state.recordings if one is not recording]
        own = self._mirrors.get(recording.key)
        mirrored = mirror_among(recording.session, [*([own] if own else []), *others])
        at_hand = recording.video is not None
        self.window.offer_fits(
            mirror=at_hand and mirrored is None and self._fit is None,
            skin=at_hand and not recording.session.optical_flow,
        )
        measure = partial(
            measure_recording,
            recording.title,
            recording.session,
            MeasureOptions(self.window.ipd.mm),
            self._state.settings.clinical,
            mirrored=mirrored,
        )
        self._job = self.queue.submit(
            measure,
            title=f"Clinical measures of {recording.title}",
            on_result=partial(self._take, recording, self._state.settings.clinical),
            on_error=self._fail,
        )

    @Slot()
    def fit_mirror(self) -> None:
        """Fit the mirror image of the shown recording, among the other fits."""
        recording = self._state.recording
        if self.window is None or recording is None or self._fit is not None:
            return
        title = f"Mirror image of {recording.title}"
        self._fit = self._fits.submit(
            fit_mirror_image,
            recording,
            self._state.settings,
            title=title,
            on_result=partial(self._take_mirror, recording),
            on_error=self._fail_fit,
            on_progress=self._show_fit,
            on_cancel=partial(self._end_fit, f"{title}: stopped"),
        )
        self.window.mirror.setEnabled(False)
        self.window.said.clear()
        self.window.work.show_started(title)
        self.window.work.show()

    @Slot()
    def _stop_fit(self) -> None:
        if self._fit is not None and self.window is not None:
            self.window.work.show_cancelling()
            self._fits.cancel(self._fit)

    def _show_fit(self, batch: Batch) -> None:
        if self.window is not None:
            self.window.work.show_progress(batch[-1])

    def _take_mirror(self, recording: Recording, mirrored: Session) -> None:
        self._mirrors[recording.key] = mirrored
        self._end_fit("")
        self._prune()

    def _fail_fit(self, error: Exception) -> None:
        status = error_status(error)
        self._end_fit(f"{status.sentence} {status.hint}".strip())

    def _end_fit(self, text: str) -> None:
        """The fit has ended; what is shown is measured with it where it is of that."""
        self._fit = None
        if self.window is None:
            self._state.show_message(text)
            return
        self.window.work.hide()
        self.window.said.setText(text)
        self._measure()

    @Slot()
    def _prune(self) -> None:
        """Let go of what is of recordings that are closed."""
        keys = {one.key for one in self._state.recordings}
        self._mirrors = {key: one for key, one in self._mirrors.items() if key in keys}

    def _drop(self) -> None:
        """What is under way is of another recording or scale."""
        job, self._job = self._job, None
        if job is not None:
            job.drop()
            self.queue.cancel(job)

    def _take(
        self, recording: Recording, settings: ClinicalSettings, measured: MeasuredSession
    ) -> None:
        if self.window is not None:
            self.window.show_measured(measured, recording.quality, settings)

    def _fail(self, error: Exception) -> None:
        if self.window is not None:
            self.window.show_status(error_status(error, self._measure))

    def _say(self, text: str) -> None:
        self._state.show_message(text)
        if self.window is not None:
            self.window.said.setText(text)

    def _say_written(self, files: tuple[Path, ...]) -> None:
        self._say(f"Written: {', '.join(str(file) for file in files)}")

    @Slot(str, dict)
    def _judge(self, sheet: str, judged: Judged) -> None:
        """Keep what was judged: with the open recording, and where its session is kept."""
        recording = self._shown
        if recording is None:
            return
        self._state.judge_recording(recording.key, sheet, judged)
        recording = self._state.find_recording(recording.key)
        if recording is None or self.window is None:
            return
        if recording.kept_in is None:
            self._say("The sheet is not kept until the recording is enrolled or exported.")
            return
        self.queue.submit(
            keep_marked,
            recording.kept_in,
            recording.session,
            title="Keep the sheet",
            on_result=lambda _: self._say("The sheet is kept with the session."),
            on_error=lambda error: self._say(f"The sheet is not kept: {error}"),
        )

    @Slot(float)
    def _show_moment(self, seconds: float) -> None:
        timeline = self._state.timeline
        if timeline is not None:
            self._state.want_frame(timeline.frame_at(seconds))

    @Slot()
    def _forget(self) -> None:
        self.window = None
        self._drop()


def _same_measures(one: Session, other: Session) -> bool:
    """Whether the same would be measured: a sheet that was filled in changes nothing."""
    return one is other or (one.motion is other.motion and one.events == other.events)
