"""The queue worked: by the act that filled it, by another one, after an interruption."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.library.forgetting import forget, plan_forget
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.library.work_rows import NewWork, WorkKind, WorkState
from facedyn_app.progress import Cancelled, Progress, ignore
from facedyn_app.records import ConsentTerms, Purpose
from facedyn_app.simulate.corpus import write_corpus
from facedyn_app.video import read_frames, write_video
from facedyn_app.workflows import work_reading
from facedyn_app.workflows.demo import demo_videos
from facedyn_app.workflows.import_ import ImportedCorpus, import_folder
from facedyn_app.workflows.library_settings import library_settings
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.recordings import numbered
from facedyn_app.workflows.work import (
    QueueAct,
    change_queue,
    list_queue,
    run_next,
    run_queue,
)
from facedyn_app.workflows.work_details import WorkDetails, read_details

CONSENT = "consent of all, for this test"
N = 12


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Session files of four simulated speakers, three each."""
    folder = tmp_path_factory.mktemp("people")
    write_corpus(folder, 4, 3, 6.0, save_session)
    return folder


def bring_in(
    folder: Path, library: Path, on_progress: Callable[[Progress], None] = ignore
) -> ImportedCorpus:
    statement, options = ImportStatement(CONSENT), FitOptions(None)
    return import_folder(folder, library, Layout.AUTO, statement, options, on_progress)


def check_whole(library: Path, n: int) -> None:
    """So many sessions are there, each once and with its file, and the queue has no other end."""
    with Library.open(library, create=False) as opened:
        entries = opened.sessions()
        assert len({(entry.speaker, entry.source_sha256) for entry in entries}) == n
        assert len(entries) == n
        names = {path.name for path in opened.sessions_folder.iterdir()}
        assert names == {entry.file_name for entry in entries}
        assert opened.work.counts()[WorkState.DONE] == n


def test_an_interrupted_import_waits_in_the_queue(people: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "importing" and progress.done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        bring_in(people, tmp_path / "l", stop)
    found = list_queue(tmp_path / "l")
    assert found.n(WorkState.DONE) == 4
    assert (found.n_free, found.n(WorkState.RUNNING)) == (N - 4, 0)
    told = run_queue(tmp_path / "l", ignore)
    assert (told.n_added, told.n_known, told.n_waiting, told.left_out) == (N - 4, 0, 0, ())
    check_whole(tmp_path / "l", N)
    again = bring_in(people, tmp_path / "l")
    assert (again.n_added, again.n_known) == (0, N)
    with Library.open(tmp_path / "l") as opened:
        assert {one.consent for one in opened.speakers()} == {CONSENT}


def test_what_is_done_is_not_read_again(people: Path, tmp_path: Path) -> None:
    bring_in(people, tmp_path / "l")
    stages: list[str] = []
    bring_in(people, tmp_path / "l", lambda progress: stages.append(progress.stage))
    assert "importing" not in stages


def test_a_part_at_a_time(people: Path, tmp_path: Path) -> None:
    with Library.open(tmp_path / "l") as opened:
        works = [
            NewWork(WorkKind.READ, path.parent.name, path) for path in sorted(people.rglob("*.npz"))
        ]
        details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
        opened.work.add(details, works[:7])
        opened.work.add(details, works[7:])
    assert run_next(tmp_path / "l", ignore).n_added == 7
    assert run_next(tmp_path / "l", ignore).n_added == 5
    assert run_next(tmp_path / "l", ignore).n_worked == 0
    check_whole(tmp_path / "l", N)


def test_what_cannot_be_read_has_failed_and_can_be_tried_again(
    people: Path, tmp_path: Path
) -> None:
    corpus, library = tmp_path / "c", tmp_path / "l"
    shutil.copytree(people, corpus)
    broken = corpus / "speaker00001" / "session01.npz"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:1000])
    found = bring_in(corpus, library)
    assert (found.n_added, len(found.left_out)) == (N - 1, 1)
    (item,) = (one for one in list_queue(library).items if one.state is WorkState.FAILED)
    assert item.what.path == broken
    assert str(broken) in item.reason
    assert run_queue(library, ignore).n_worked == 0
    broken.write_bytes(whole)
    assert change_queue(library, QueueAct.RETRY, [item.id]) == 1
    assert run_queue(library, ignore).n_added == 1
    check_whole(library, N)
    with pytest.raises(InputError, match="no item 99 "):
        change_queue(library, QueueAct.RETRY, [99])
    assert change_queue(library, QueueAct.CLEAR, speaker="speaker00001") == 3


def test_consent_is_asked_again_when_their_turn_comes(people: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    paths = sorted((people / "speaker00000").iterdir())
    with Library.open(library) as opened:
        statement = ImportStatement("", terms=None)
        details = WorkDetails(statement, FitOptions(None)).text()
        opened.work.add(details, [NewWork(WorkKind.READ, "Ada", path) for path in paths])
    told = run_queue(library, ignore)
    assert told.useless
    assert all("consent" in reason.lower() for _, reason in told.left_out)
    with Library.open(library) as opened:
        assert opened.speakers() == []


def test_a_person_forgotten_in_the_middle_does_not_come_back(people: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    first = sorted((people / "speaker00001").iterdir())[0]
    with Library.open(library) as opened:
        details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
        opened.work.add(details, [NewWork(WorkKind.READ, "speaker00001", first)])
    run_queue(library, ignore)
    done: list[int] = []

    def forget_them(progress: Progress) -> None:
        if progress.stage == "importing" and progress.done == 11 and not done:
            done.append(1)
            with Library.open(library) as other:
                forget(other, plan_forget(other, "speaker00001"))

    found = bring_in(people, library, forget_them)
    assert done
    with Library.open(library) as opened:
        names = {speaker.name for speaker in opened.speakers()}
        paths = " ".join(str(item.what.path) for item in opened.work.items())
    assert names == {"speaker00000", "speaker00002", "speaker00003"}
    assert "speaker00001" not in paths
    assert found.n_added == 9


def test_a_recording_by_itself_is_not_counted() -> None:
    stages: list[str] = []
    for n_paths in (1, 3):
        told = numbered(lambda one: stages.append(one.stage), Path("v/Ada.mp4"), 1, n_paths)
        told(Progress("fitting", 1))
    assert stages == ["Ada.mp4: fitting", "Ada.mp4, 1 of 3: fitting"]


def test_a_video_that_is_taken_off_the_queue_is_fitted_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_reading, "LOOK_S", 0.0)
    library, videos = tmp_path / "l", (tmp_path / "Ada.mp4", tmp_path / "Bo.mp4")
    for path, demo in zip(videos, demo_videos(), strict=False):
        images = (frame.image for frame in islice(read_frames(demo.path), 45))
        write_video(path, images, 30.0)
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(DEFAULT_HEAD)).text()
    with Library.open(library) as opened:
        works = [NewWork(WorkKind.FIT, path.stem, path) for path in videos]
        ids = opened.work.add(details, works).ids
    stages: list[str] = []

    def cancel_the_first(progress: Progress) -> None:
        if "following" in progress.stage and not any("following" in one for one in stages):
            change_queue(library, QueueAct.CANCEL, [ids[0]])
        stages.append(progress.stage)

    told = run_queue(library, cancel_the_first)
    assert (told.n_added, told.n_worked, told.left_out) == (1, 2, ())
    assert sum("Ada.mp4, 1 of 2: following" in stage for stage in stages) == 1
    assert sum("Bo.mp4, 2 of 2: following" in stage for stage in stages) > 1
    found = list_queue(library)
    assert (found.n(WorkState.CANCELLED), found.n(WorkState.DONE)) == (1, 1)
    with Library.open(library) as opened:
        assert [one.name for one in opened.speakers()] == ["Bo"]


def test_killed_at_chosen_points_nothing_is_lost_or_twice(people: Path, tmp_path: Path) -> None:
    """Killed in the middle of each step between two statements, drawn by a seed, then gone on."""
    rng = np.random.default_rng(21)
    library = tmp_path / "l"
    for _ in range(6):
        shutil.rmtree(library, ignore_errors=True)
        n_kills = 0
        while n_kills < 3 and _killed(people, library, int(rng.integers(5, 120))):
            n_kills += 1
            with Library.open(library, create=False) as opened:
                assert opened.work.counts()[WorkState.RUNNING] == 0
                sessions = {entry.source_sha256 for entry in opened.sessions()}
                assert len(sessions) == len(opened.sessions())
                assert opened.work.counts()[WorkState.DONE] == len(sessions)
        bring_in(people, library)
        check_whole(library, N)


def _killed(people: Path, library: Path, after: int) -> bool:
    """Whether an import that is killed before its n-th statement was killed before its end."""
    number = os.fork()
    if not number:
        from sqlalchemy import Engine, event

        n = 0

        def count(*_anything: object) -> None:
            nonlocal n
            n += 1
            if n == after:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", count)
        bring_in(people, library)
        os._exit(0)
    return os.waitpid(number, 0)[1] != 0


def test_details_come_back_as_they_were() -> None:
    terms = ConsentTerms(frozenset({Purpose.RESEARCH, Purpose.TRAINING}), None, "Müller")
    details = WorkDetails(
        ImportStatement("given", near=True, terms=terms),
        FitOptions("open-head-2", fps=25.0, stream=1, file_names=False),
        faces=True,
    )
    assert read_details(details.text()) == details
    plain = WorkDetails(ImportStatement("given"), FitOptions(None))
    assert read_details(plain.text()) == plain


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("options", "device", "tpu"),
        ("options", "fps", True),
        ("options", "fps", 1e9),
        ("options", "face", -1),
        ("options", "max_faces", 99),
        ("options", "engine", "theirs"),
        ("options", "head", 7),
        ("options", "rm", "-rf"),
        ("statement", "consent", None),
        ("statement", "near", "yes"),
        ("statement", "terms", {"purposes": ["sale"], "until": None, "given_by": ""}),
        ("statement", "terms", {"purposes": [], "until": "soon", "given_by": ""}),
    ],
)
def test_details_of_a_stranger_are_refused(part: str, name: str, value: object) -> None:
    told = json.loads(WorkDetails(ImportStatement("given"), FitOptions(None)).text())
    told[part][name] = value
    with pytest.raises(InputError, match="cannot be read"):
        read_details(json.dumps(told))


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"statement": 1}', "[" * 100_000])
def test_what_are_no_details_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_details(text)


def test_a_stranger_s_item_fails_and_the_others_go_on(people: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    path = sorted(people.rglob("*.npz"))[0]
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
    with Library.open(library) as opened:
        opened.work.add("nonsense", [NewWork(WorkKind.READ, "Bo", path)])
        opened.work.add(details, [NewWork(WorkKind.READ, "Ada", path)])
    told = run_queue(library, ignore)
    assert (told.n_added, len(told.left_out)) == (1, 1)
    with Library.open(library) as opened:
        assert [one.name for one in opened.speakers()] == ["Ada"]


def test_done_items_go_where_names_of_files_are_kept_no_more(people: Path, tmp_path: Path) -> None:
    bring_in(people, tmp_path / "l")
    assert list_queue(tmp_path / "l").n(WorkState.DONE) == N
    library_settings(tmp_path / "l", file_names=False)
    assert list_queue(tmp_path / "l").items == ()


def test_paths_are_not_shown_where_names_of_files_are_not_kept(
    people: Path, tmp_path: Path
) -> None:
    library = tmp_path / "l"
    missing = tmp_path / "Ada Lovelace.npz"
    with Library.open(library) as opened:
        opened.set_setting("file_names", "no")
        details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
        opened.work.add(details, [NewWork(WorkKind.READ, "P1", missing, "Ada Lovelace")])
    run_queue(library, ignore)
    (item,) = list_queue(library).items
    assert item.state is WorkState.FAILED
    assert "Lovelace" not in f"{item.what} {item.reason}"
    bring_in(people, library)
    assert [one.state for one in list_queue(library).items] == [WorkState.FAILED]
