"""`facedyn import`: made corpora in both layouts, going on, and what cannot be imported."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session, save_session

CONSENT = ("--consent", "made up for this test, 3 May 2025")


def imported(run: Any, folder: Path, library: Path, *more: str) -> dict[str, Any]:
    done = run("import", folder, "--library", library, *CONSENT, *more, "--json")
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_corpus_comes_in_whole_and_stays_simulated(
    run: Any, corpus: Path, tmp_path: Path
) -> None:
    facts = imported(run, corpus, tmp_path / "library")
    assert facts["layout"] == "folders"
    assert (facts["n_speakers"], facts["n_added"], facts["n_simulated"]) == (3, 9, 9)
    with Library.open(tmp_path / "library", create=False) as library:
        assert [s.name for s in library.speakers()] == [f"speaker0000{k}" for k in range(3)]
        assert {s.consent for s in library.speakers()} == {CONSENT[1]}
        entries = library.sessions("speaker00001")
        assert [e.name for e in entries] == ["session00", "session01", "session02"]
        assert all(e.simulated and e.enrolled for e in entries)
        kept = library.load(entries[1])
    original = load_session(corpus / "speaker00001" / "session01.npz")
    np.testing.assert_array_equal(kept.motion.expression, original.motion.expression)


def test_a_second_import_takes_only_what_is_new(run: Any, corpus: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(corpus / "speaker00000", part / "speaker00000")
    assert imported(run, part, tmp_path / "library")["n_added"] == 3
    facts = imported(run, corpus, tmp_path / "library")
    assert (facts["n_added"], facts["n_already_there"]) == (6, 3)
    again = run("import", corpus, "--library", tmp_path / "library")
    assert again.exit_code == 0, "consent is on record"
    assert "9 were there already" in again.stdout


def test_without_consent_nothing_is_imported(run: Any, corpus: Path, tmp_path: Path) -> None:
    done = run("import", corpus, "--library", tmp_path / "library")
    assert done.exit_code == 3
    assert "No consent is given for 'speaker00000'" in done.stderr
    with Library.open(tmp_path / "library") as library:
        assert not library.speakers()
        assert not library.sessions()


def test_a_broken_recording_is_named_and_passed_over(
    run: Any, corpus: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(corpus / "speaker00000", mine / "ada")
    (mine / "ada" / "session01.npz").write_bytes(b"no such thing")
    (mine / "ada" / "notes.txt").write_text("not a recording")
    (mine / "ada" / "talk.mp4").write_bytes(b"no video")
    facts = imported(run, mine, tmp_path / "library")
    assert facts["n_added"] == 2
    left_out = {Path(one["path"]).name for one in facts["left_out"]}
    assert left_out == {"session01.npz", "talk.mp4"}
    assert len(facts["warnings"]) == 2


def test_a_folder_without_recordings_is_said(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty" / "ada").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "bad" / "ada").mkdir(parents=True)
    (tmp_path / "bad" / "ada" / "one.npz").write_bytes(b"no")
    for folder, sentence in (
        ("empty", "no recordings"),
        ("file", "is no folder"),
        ("missing", "is no folder"),
        ("bad", "Not one of the 1 recordings"),
    ):
        done = run("import", tmp_path / folder, "--library", tmp_path / "library", *CONSENT)
        assert done.exit_code == 3
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def made_candor(folder: Path, video: Path, conversations: dict[str, tuple[str, str]]) -> None:
    for name, (left, right) in conversations.items():
        processed = folder / name / "processed"
        processed.mkdir(parents=True)
        (processed / "channel_map.json").write_text(json.dumps({"L": left, "R": right}))
        for number, file in enumerate((left, right, name)):
            # a few bytes after the end tell the copies apart and harm no player
            content = video.read_bytes() + f"{name}{number}".encode()
            (processed / f"{file}.mp4").write_bytes(content)


def test_candor_needs_a_stated_permission(run: Any, moving_video: Path, tmp_path: Path) -> None:
    made_candor(tmp_path / "candor", moving_video, {"c1": ("u1", "u2")})
    for layout in ("auto", "candor"):
        done = run(
            *("import", tmp_path / "candor", "--library", tmp_path / "library", *CONSENT),
            *("--layout", layout),
        )
        assert done.exit_code == 3
        assert "forbids making biometric identifiers" in done.stderr
        assert "--permission" in done.stderr
    assert not (tmp_path / "library").exists()


def test_candors_conversations_are_found_by_their_channel_maps(
    moving_video: Path, tmp_path: Path
) -> None:
    from facedyn_app.library.importers import Layout, find_recordings
    from facedyn_app.workflows.recording_content import content_of

    made_candor(tmp_path, moving_video, {"c1": ("u1", "u2"), "c2": ("u2", "u3")})
    (tmp_path / "c3" / "processed").mkdir(parents=True)
    (tmp_path / "c3" / "processed" / "channel_map.json").write_text('{"L": "../../x", "R": "y"}')
    (tmp_path / "c4" / "processed").mkdir(parents=True)
    (tmp_path / "c4" / "processed" / "channel_map.json").write_text('{"L": "gone", "R": "u1"}')
    found = find_recordings(tmp_path, Layout.AUTO, content_of)
    assert found.layout is Layout.CANDOR
    assert [(one.speaker, one.name) for one in found.recordings] == [
        ("u1", "c1"),
        ("u2", "c1"),
        ("u2", "c2"),
        ("u3", "c2"),
    ]
    assert all(one.path.name == f"{one.speaker}.mp4" for one in found.recordings)
    assert len(found.left_out) == 2


def test_a_stated_permission_is_kept(run: Any, corpus: Path, tmp_path: Path) -> None:
    session = load_session(corpus / "speaker00000" / "session00.npz")
    (tmp_path / "c" / "ada").mkdir(parents=True)
    save_session(session, tmp_path / "c" / "ada" / "talk.npz")
    imported(run, tmp_path / "c", tmp_path / "library", "--permission", "from the board, 2025")
    with Library.open(tmp_path / "library", create=False) as library:
        assert library.sessions("ada")[0].name == "talk"
        assert any("from the board" in line.what for line in library.audit.lines())


def test_the_corpus_of_others_comes_in(run: Any, shared: Path, tmp_path: Path) -> None:
    """The simulated corpus beside the checkout writes its own files in the session format."""
    import subprocess
    import sys

    made = tmp_path / "made"
    subprocess.run(
        [
            *(sys.executable, shared / "simcorpus" / "simcorpus.py", made),
            *("--speakers", "2", "--sessions", "2", "--seconds", "6"),
        ],
        check=True,
    )
    facts = imported(run, made, tmp_path / "library")
    assert (facts["n_added"], facts["n_simulated"]) == (4, 4)


@pytest.mark.slow
def test_videos_of_candors_size_come_in(run: Any, shared: Path, tmp_path: Path) -> None:
    video = shared / "data" / "videos" / "talk_a.mp4"
    made_candor(tmp_path / "candor", video, {"c1": ("u1", "u2")})
    facts = imported(run, tmp_path / "candor", tmp_path / "library", "--permission", "a test's own")
    assert (facts["layout"], facts["n_added"]) == ("candor", 2)
    with Library.open(tmp_path / "library", create=False) as library:
        assert [e.name for e in library.sessions()] == ["c1", "c1"]
