"""`facedyn import` of patients' folders: visits, their dates, and all that is passed over."""

from __future__ import annotations

import json
import os
import shutil
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.importers import Layout, find_recordings
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.workflows.recording_content import content_of
from tests.library.conftest import _made_session
from tests.sessions import altered
from tests.video.clips import Kind, write_clip
from tests.video.test_stills import put

CONSENT = ("--consent", "simulated for this test")


def _put(path: Path, seed: int, **changes: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    session = _made_session(seed=seed, sha256=f"{seed:02d}" * 32)
    save_session(altered(session, **changes) if changes else session, path)


def _imported(run: Any, folder: Path, *more: str) -> dict[str, Any]:
    library = folder.parent / "library"
    done = run("import", folder, "--library", library, *CONSENT, *more, "--json")
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_visits_name_and_date_their_sessions(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    _put(folder / "anna" / "2024-03-05" / "take.npz", 1)
    _put(folder / "anna" / "12.04.2024 after" / "left" / "take.npz", 2)
    _put(folder / "anna" / "films" / "20240506" / "smile.npz", 3)
    _put(folder / "anna" / "films" / "20240506" / "rest.npz", 4)
    _put(folder / "bert" / "baseline" / "take.npz", 5)
    _put(folder / "bert" / "loose.npz", 6)
    assert _imported(run, folder)["n_added"] == 6
    with Library.open(tmp_path / "library") as library:
        found = {(one.speaker, one.name): one.recorded_at for one in library.sessions()}
    days = {key: when and when.astimezone().date().isoformat() for key, when in found.items()}
    assert days == {
        ("anna", "2024-03-05"): "2024-03-05",
        ("anna", "12.04.2024 after"): "2024-04-12",
        ("anna", "20240506 smile"): "2024-05-06",
        ("anna", "20240506 rest"): "2024-05-06",
        ("bert", "baseline"): None,
        ("bert", "loose"): None,
    }
    again = _imported(run, folder)
    assert (again["n_added"], again["n_already_there"]) == (0, 6)


def test_the_folders_day_goes_before_that_of_an_export(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    same_day = datetime(2024, 3, 5, 9, 30, tzinfo=UTC)
    _put(folder / "anna" / "2024-03-05" / "a.npz", 1, recorded_at=datetime(2025, 1, 7, tzinfo=UTC))
    _put(folder / "anna" / "05.03.2024" / "b.npz", 2, recorded_at=same_day)
    _imported(run, folder)
    with Library.open(tmp_path / "library") as library:
        entries = {one.name: one for one in library.sessions("anna")}
        told, kept = (library.load(entries[name]) for name in ("2024-03-05", "05.03.2024"))
    assert entries["2024-03-05"].recorded_at is not None
    assert entries["2024-03-05"].recorded_at.astimezone().date().isoformat() == "2024-03-05"
    assert told.info.notes == (
        "Dated 2024-03-05 by the folder of the visit; the file states 2025-01-07.",
    )
    assert (entries["05.03.2024"].recorded_at, kept.info.notes) == (same_day, ())


def test_everything_that_is_passed_over_is_named(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    visit = folder / "anna" / "2024-03-05"
    _put(visit / "take.npz", 1)
    (folder / "empty").mkdir()
    (visit / "notes.txt").write_text("smiled a lot")
    (visit / "letter.pdf").write_bytes(b"%PDF-1.4 nothing")
    (visit / ".hidden.mp4").write_bytes(b"x")
    (visit / "survey.csv").write_text("question,answer\n1,2\n")
    with wave.open(str(visit / "voice.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    os.mkfifo(visit / "pipe")
    (visit / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (visit / "round").symlink_to(folder)
    (visit / "zero.mp4").symlink_to("/dev/zero")
    (folder / "back").symlink_to(tmp_path)  # no speaker: what lies beside would be theirs
    write_clip(folder / "loose.mp4", Kind("mp4", "mpeg4"), 3)
    (folder / "README").write_text("about the study")
    facts = _imported(run, folder)
    assert facts["n_added"] == 1
    left_out = {str(Path(one["path"]).relative_to(folder)): one for one in facts["left_out"]}
    assert left_out.keys() == {"loose.mp4", "anna/2024-03-05/survey.csv"}
    assert "lies in no speaker's folder" in left_out["loose.mp4"]["reason"]
    passed = {str(Path(one["path"]).relative_to(folder)): one for one in facts["passed_over"]}
    said = {
        "empty": "holds no recording",
        "README": "no video that can be read",
        "anna/2024-03-05/notes.txt": "no video that can be read",
        "anna/2024-03-05/letter.pdf": "no video that can be read",
        "anna/2024-03-05/.hidden.mp4": "is hidden",
        "anna/2024-03-05/voice.wav": "holds no pictures, only sound",
        "anna/2024-03-05/pipe": "no ordinary file",
        "anna/2024-03-05/gone.mp4": "a link that leads nowhere",
        "anna/2024-03-05/round": "a link to a folder that it lies in",
        "anna/2024-03-05/zero.mp4": "no ordinary file",
        "back": "a link to a folder that it lies in",
    }
    assert passed.keys() == said.keys()
    for name, words in said.items():
        assert words in passed[name]["reason"]
        assert Path(name).name in passed[name]["reason"]
    done = run("import", folder, "--library", tmp_path / "library", *CONSENT)
    assert "  passed over: " in done.stdout
    assert "letter.pdf" in done.stdout


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind("vob", "mpeg2video"), "clip.vob"),
        (Kind("m2ts", "libx264", container="mpegts"), "clip.m2ts"),
        (Kind("flv", "flv"), "clip.flv"),
        (Kind("nut", "ffv1"), "clip.nut"),
        (Kind("gif", "gif", {}, "rgb8"), "clip.gif"),
        (Kind("mkv", "mpeg4", container="matroska"), "clip"),
        (Kind("mp4", "mpeg4", container="mp4"), "clip.mp4.download"),
        (Kind("mpg", "mpeg2video", container="mpeg"), "clip.mod"),
    ],
)
def test_every_container_that_opens_alone_is_taken(tmp_path: Path, kind: Kind, name: str) -> None:
    place = tmp_path / "patients" / "anna"
    place.mkdir(parents=True)
    write_clip(place / name, kind, 5)
    found = find_recordings(tmp_path / "patients", Layout.AUTO, content_of)
    assert [one.path.name for one in found.recordings] == [name]
    assert not found.left_out
    assert not found.passed_over


def test_loose_videos_alone_are_nobodys(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    folder.mkdir()
    write_clip(folder / "anna.mp4", Kind("mp4", "mpeg4"), 3)
    done = run("import", folder, "--library", tmp_path / "library", *CONSENT)
    assert done.exit_code == 3
    assert "anna.mp4' lies in no speaker's folder" in done.stderr
    assert "into a folder of the speaker's name." in done.stderr
    for number in range(4):
        write_clip(folder / f"bo{number}.mp4", Kind("mp4", "mpeg4"), 3)
    done = run("import", folder, "--library", tmp_path / "library", *CONSENT)
    assert done.stderr.count("lies in no speaker's folder") == 2
    assert "3 more cannot be used." in done.stderr


def test_what_may_not_be_entered_costs_its_neighbours_nothing(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "patients"
    for number, visit in enumerate(("a", "b", "c")):
        _put(folder / "anna" / visit / "take.npz", number)
    locked, listing = folder / "anna" / "b", Path.iterdir

    def iterdir(path: Path) -> object:  # root may enter every folder
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    facts = _imported(run, folder)
    assert facts["n_added"] == 2
    assert [one["path"] for one in facts["left_out"]] == [str(locked)]


def test_a_file_of_another_visit_is_added_beside_the_old_ones(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    _put(folder / "anna" / "2024-03-05" / "a.npz", 1)
    assert _imported(run, folder)["n_added"] == 1
    shutil.copytree(folder / "anna" / "2024-03-05", folder / "anna" / "copy")
    _put(folder / "anna" / "2024-04-05" / "b.npz", 2)
    assert _imported(run, folder)["n_added"] == 1


def test_folders_of_stills_are_recordings_and_single_pictures_are_named(tmp_path: Path) -> None:
    visit = tmp_path / "patients" / "anna" / "2024-03-05"
    for number in range(3):
        put(visit / f"img_{number}.png", number)
    (visit / "timestamps.txt").write_text("0 40 80")
    put(visit / "cover.jpg", 1)
    other = tmp_path / "patients" / "anna" / "2024-04-05"
    for number in range(3):
        put(other / f"photo_{number}.jpg", number)
    write_clip(other / "smile.mp4", Kind("mp4", "mpeg4"), 3)
    found = find_recordings(tmp_path / "patients", Layout.AUTO, content_of)
    assert [(one.path, one.name, str(one.day)) for one in found.recordings] == [
        (visit, "2024-03-05", "2024-03-05"),
        (other / "smile.mp4", "2024-04-05", "2024-04-05"),
    ]
    assert not found.left_out
    passed = {path.name: sentence for path, sentence in found.passed_over}
    pictures = {"cover.jpg", *(f"photo_{number}.jpg" for number in range(3))}
    assert passed.keys() == {"timestamps.txt", *pictures}
    assert all("is a picture, and in no folder of numbered stills" in passed[k] for k in pictures)


def test_a_folder_of_dated_visits_is_one_speakers(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "anna"
    _put(folder / "2024-03-05" / "take.npz", 1)
    _put(folder / "2024-04-05" / "take.npz", 2)
    _put(folder / "before.npz", 3)
    facts = _imported(run, folder)
    assert (facts["n_speakers"], facts["n_added"], facts["left_out"]) == (1, 3, [])
    with Library.open(tmp_path / "library") as library:
        names = [(one.speaker, one.name) for one in library.sessions()]
    assert sorted(names) == [("anna", "2024-03-05"), ("anna", "2024-04-05"), ("anna", "before")]
