"""What is no head is refused: one sentence that names the file, nothing executed."""

import os
import tracemalloc
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel
from tests.headmodel.bad_heads import BAD, CALLED, CANARY, INSTRUCTIONS, make_bad

SLACK_BYTES = 40_000_000


def made(name: str, folder: Path, head: HeadModel) -> Path:
    if name == "a pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    if name == "a device" and not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    path = make_bad(name, folder, head)
    if name == "unreadable" and os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    return path


@pytest.mark.parametrize("name", BAD)
def test_a_bad_head_is_refused_by_name(tiny_head: HeadModel, tmp_path: Path, name: str) -> None:
    path = made(name, tmp_path, tiny_head)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(InputError) as caught:
        load_head(path)
    sentence = caught.value.sentence
    assert f"'{path}'" in sentence
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < len(str(path)) + 300
    assert not (tmp_path / CANARY).exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("called", CALLED)
def test_what_a_file_wants_called_is_named(
    tiny_head: HeadModel, tmp_path: Path, called: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_head(make_bad(f"calls {called}", tmp_path, tiny_head))
    assert f"'{called}' is not something that a FLAME file needs" in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("old instance", "'os.system' is not something"),
        ("call by name on the stack", "'os.system' is not something"),
        ("dotted name on the stack", "'numpy.ndarray.tofile' is not something"),
        ("persistent id", "PERSID"),
        ("extension 1", "EXT1"),
        ("name with colours", r"'os\x1b[31m.system'"),
        ("too many instructions", "more than 200000 parts"),
        ("a whole GiB", "larger than 512 MiB"),
        ("without its end", "cut off"),
        ("without shapedirs (pickle)", "it has no 'shapedirs'"),
        ("without weights (npz)", "it has no 'weights'"),
        ("posedirs too narrow (npz)", "'posedirs' has the shape (62, 3, 35)"),
        ("weights infinite (pickle)", "'weights' has values that are not numbers"),
        ("J_regressor of objects (pickle)", "'J_regressor' holds Python objects"),
        ("J_regressor of objects (npz)", "'J_regressor.npy' holds Python objects"),
        ("f past the vertices (pickle)", "'f' points past the mesh"),
        ("joints in a ring (npz)", "'kintree_table' is not a tree"),
        ("joints that are no means (pickle)", "the rows of its 'J_regressor' do not sum to 1"),
        ("millimetres (npz)", "metres"),
        ("mirrored (pickle)", "axes"),
        ("150 directions (npz)", "(62, 3, 150) where (62, 3, 400) is needed"),
        ("sparse of great shape", "whose index does not ascend"),
        ("sparse with places outside", "outside"),
        ("array of great shape", "a shape that no array of a head has"),
        ("array of wrong length", "holds 8 bytes, which are no float64 array of shape (4, 3)"),
        ("array of objects", "holds Python objects, which are never read"),
        ("variable without values", "without its values"),
        ("npz that unpacks to 4 GiB", "unpack to 4.0 GiB"),
        ("empty", "it is empty"),
        ("text", "no head file of any kind"),
        ("a zip without arrays", "none of the arrays of a head"),
        ("a folder", "folder without the files of ICT-FaceKit"),
        ("a pipe", "no ordinary file"),
        ("a device", "no ordinary file"),
        ("a link in a loop", "cannot be opened"),
    ],
)
def test_the_sentence_says_what_is_wrong(
    tiny_head: HeadModel, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_head(made(name, tmp_path, tiny_head))
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in INSTRUCTIONS if name.startswith(("great", "memo"))),
        "array of great shape",
        "array of overflowing shape",
        "sparse of great shape",
        "npz with a header of great shape",
        "npz that unpacks to 4 GiB",
    ],
)
def test_nothing_is_set_aside_on_the_files_word(
    tiny_head: HeadModel, tmp_path: Path, name: str
) -> None:
    path = make_bad(name, tmp_path, tiny_head)
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            load_head(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < SLACK_BYTES


def test_there_are_many_cases() -> None:
    assert len(BAD) > 200
