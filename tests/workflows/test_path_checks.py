import os
from pathlib import Path

import pytest

from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.path_checks import check_input_file, check_output_file, check_output_folder, naming
from facedyn_app.workflows.recordings import names_apart


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    older = tmp_path / "older.npz"
    older.write_bytes(b"older")
    check_output_file(tmp_path / "new.npz", inputs=(tmp_path / "not there",))
    check_output_file(older, inputs=(tmp_path / "not there",))
    assert [path.name for path in tmp_path.iterdir()] == ["older.npz"]
    assert older.read_bytes() == b"older"


@pytest.mark.parametrize("name", ["missing/s.npz", "file/s.npz", "", "n" * 300])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / name
    with pytest.raises(OutputError) as caught:
        check_output_file(path)
    assert str(path) in caught.value.sentence
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_an_input_is_not_overwritten_under_another_spelling(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    video.write_bytes(b"video")
    with pytest.raises(OutputError, match=r"video\.mp4"):
        check_output_file(tmp_path / "." / ".." / tmp_path.name / "video.mp4", inputs=(video,))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no ordinary file"):
        check_output_file(pipe)
    assert pipe.is_fifo()


def test_a_folder_may_still_have_to_be_made(tmp_path: Path) -> None:
    check_output_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_to_write_in(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file"):
        check_output_folder(tmp_path / "file" / "library")


def test_a_name_that_no_system_takes_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nnn"):
        check_input_file(tmp_path / ("n" * 300), "video")


def test_an_error_names_its_file_once() -> None:
    path = Path("visits/visit-1.mp4")
    with pytest.raises(TooLittleError) as nameless, naming(path):
        raise TooLittleError("It is too short.", "Take a longer one.")
    assert nameless.value.sentence == f"'{path}': It is too short."
    assert nameless.value.hint == "Take a longer one."
    with pytest.raises(InputError) as named, naming(path):
        raise InputError("The video 'visit-1.mp4' breaks off.")
    assert named.value.sentence == "The video 'visit-1.mp4' breaks off."


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path(name) for name in ("p1/v1/s.npz", "p1/v2/s.npz", "p2/v1/s.npz", "t.npz", "t.npz")]
    names = ["p1/v1/s.npz", "v2/s.npz", "p2/v1/s.npz", "t.npz", "t.npz"]
    assert names_apart(paths) == [str(Path(name)) for name in names]
    assert names_apart([Path("here/s.npz"), Path("here/t.npz")]) == ["s.npz", "t.npz"]
    assert names_apart([]) == []
