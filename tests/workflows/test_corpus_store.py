"""A corpus' folder: what is done stays done, torn lines, other makings, merges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.errors import InputError, MismatchError, OutputError
from facedyn_app.library.corpus_items import CorpusItem, items_digest, shard_of
from facedyn_app.library.corpus_log import LOG, ItemRecord, read_log
from facedyn_app.library.corpus_making import MAKING, Making, read_making
from facedyn_app.library.corpus_store import open_corpus
from facedyn_app.progress import ignore
from facedyn_app.workflows.corpus_status import corpus_status
from facedyn_app.workflows.merge_corpora import merge_corpora

ITEMS = [CorpusItem(Path(f"/v/{k}.mp4"), "Ann", f"s{k}", n_bytes=10 * k) for k in range(5)]
MAKING_OF_ALL = Making(
    program={"facedyn": "1.0", "torch": "2.6"},
    head_id="open",
    head_sha256="a" * 64,
    head_errors="",
    settings={"fit": {"n_shape": 0}},
    device="cpu",
    items_sha256=items_digest(ITEMS),
    n_items=len(ITEMS),
    n_bytes=100,
)


def _content(item: CorpusItem) -> bytes:
    return item.name.encode() * 3


def _fill(folder: Path, making: Making, items: list[CorpusItem], failing: str = "") -> None:
    with open_corpus(folder, making) as store:
        left = store.left_of(items)
        store.begin("trial", left)
        for item in left:
            record = ItemRecord(item, "", seconds=2.0, place="here")
            if item.session == failing:
                store.note_failure(replace(record, reason="It is broken."))
            else:
                store.keep(record, _content(item))


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _fill(out, MAKING_OF_ALL, ITEMS[:3], failing="s1")
    with open_corpus(out, MAKING_OF_ALL) as store:
        assert store.left_of(ITEMS) == [ITEMS[1], ITEMS[3], ITEMS[4]]
    (out / ITEMS[0].name).write_bytes(b"cut")
    (out / ITEMS[2].name).unlink()
    with open_corpus(out, MAKING_OF_ALL) as store:
        assert store.left_of(ITEMS) == ITEMS
    found = corpus_status(out, ignore)
    assert (found.n_done, found.n_waiting, found.is_running) == (2, 2, False)
    assert [(one.item.name, one.reason) for one in found.failed] == [
        ("sessions/Ann/s1.npz", "It is broken.")
    ]
    assert found.worker_seconds == 4.0


def test_a_line_that_was_not_written_whole_is_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _fill(out, MAKING_OF_ALL, ITEMS[:2])
    whole = (out / LOG).read_bytes()
    (out / LOG).write_bytes(whole[:-7])
    assert list(read_log(out).items) == [ITEMS[0].name]
    _fill(out, MAKING_OF_ALL, ITEMS[:2])
    assert list(read_log(out).items) == [one.name for one in ITEMS[:2]]


@pytest.mark.parametrize("line", [b"no JSON\n", b"[]\n", b'{"state": "done"}\n', b'{"run": 1}\n'])
def test_a_damaged_line_is_said_by_its_number(tmp_path: Path, line: bytes) -> None:
    out = tmp_path / "out"
    _fill(out, MAKING_OF_ALL, ITEMS)
    with (out / LOG).open("ab") as file:
        file.write(line + b"{}\n")
    with pytest.raises(InputError, match="line 7 is damaged"):
        read_log(out)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"program": {"facedyn": "1.1", "torch": "2.6"}}, "with facedyn 1.0 instead of 1.1"),
        ({"program": {"facedyn": "1.0", "torch": "2.7"}}, "with torch 2.6 instead of 2.7"),
        ({"head_sha256": "b" * 64}, "with the head 'open' (aaaaaaaa) instead of 'open' (bbbb"),
        ({"head_errors": "c"}, "with other measured errors of the head 'open'"),
        ({"settings": {"fit": {"n_shape": 9}}}, "with n_shape = 0 instead of 9"),
        ({"device": "cuda"}, "on cpu instead of cuda"),
    ],
)
def test_a_folder_of_another_making_is_refused_by_name(
    tmp_path: Path, other: dict[str, object], words: str
) -> None:
    out, second = tmp_path / "out", tmp_path / "second"
    _fill(out, MAKING_OF_ALL, ITEMS)
    changed = replace(MAKING_OF_ALL, **other)  # type: ignore[arg-type]
    with pytest.raises(MismatchError) as caught, open_corpus(out, changed):
        pass
    assert words in caught.value.sentence
    assert str(out) in caught.value.sentence
    _fill(second, changed, ITEMS)
    with pytest.raises(MismatchError) as caught:
        merge_corpora([out, second], tmp_path / "merged", ignore)
    assert words in caught.value.sentence
    assert not (tmp_path / "merged").exists()


def test_other_shards_other_manifests_and_strangers_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    half = replace(MAKING_OF_ALL, shard=1, n_shards=2)
    _fill(out, half, ITEMS[:2])
    with pytest.raises(MismatchError, match="is shard 1/2 of its corpus, not 2/2"):
        _fill(out, replace(half, shard=2), ITEMS[2:])
    with pytest.raises(MismatchError, match="a shard of another manifest"):
        _fill(out, replace(half, items_sha256="0"), ITEMS[2:])
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds something else"):
        _fill(tmp_path / "letters", MAKING_OF_ALL, ITEMS)
    with open_corpus(tmp_path / "new", MAKING_OF_ALL):
        assert corpus_status(tmp_path / "new", ignore).is_running
        with pytest.raises(InputError, match="Another program works in the folder"):
            _fill(tmp_path / "new", MAKING_OF_ALL, ITEMS)
    with pytest.raises(InputError, match="holds no corpus"):
        corpus_status(tmp_path / "letters", ignore)


def test_one_session_of_two_recordings_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _fill(out, MAKING_OF_ALL, ITEMS)
    moved = [replace(ITEMS[0], path=Path("/w/0.mp4"))]
    with pytest.raises(MismatchError, match=r"was made of '/v/0.mp4', not of '/w/0.mp4'"):
        _fill(out, MAKING_OF_ALL, moved)


def test_a_manifest_may_grow(tmp_path: Path) -> None:
    out = tmp_path / "out"
    small = replace(MAKING_OF_ALL, n_items=3, items_sha256=items_digest(ITEMS[:3]))
    _fill(out, small, ITEMS[:3])
    _fill(out, MAKING_OF_ALL, ITEMS)
    assert read_making(out) == MAKING_OF_ALL
    assert len(read_log(out).items) == 5


def _shards(folder: Path) -> list[Path]:
    outs = []
    for number in (1, 2):
        own = shard_of(ITEMS, number, 2)
        making = replace(MAKING_OF_ALL, shard=number, n_shards=2, n_items=len(own))
        outs.append(folder / f"shard{number}")
        _fill(outs[-1], making, own, failing="s3")
    return outs


def test_two_shards_make_one_corpus_that_can_be_gone_on_with(tmp_path: Path) -> None:
    outs, merged = _shards(tmp_path), tmp_path / "merged"
    found = merge_corpora(outs, merged, ignore)
    assert (found.n_done, found.n_failed, found.n_shards_missing) == (4, 1, 0)
    assert replace(read_making(merged), n_bytes=100) == MAKING_OF_ALL
    with open_corpus(merged, MAKING_OF_ALL) as store:
        assert store.left_of(ITEMS) == [ITEMS[3]]
    for item in (*ITEMS[:3], ITEMS[4]):
        assert (merged / item.name).read_bytes() == _content(item)


def test_a_merge_refuses_doubles_damage_and_what_is_not_finished(tmp_path: Path) -> None:
    first, second = _shards(tmp_path)
    merged = tmp_path / "merged"
    with pytest.raises(InputError, match=r"The item 'sessions/Ann/s0.npz' is in .* and in"):
        merge_corpora([first, second, first.parent / "shard1"], merged, ignore)
    assert merge_corpora([first], tmp_path / "half", ignore).n_shards_missing == 1
    path = first / ITEMS[0].name
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(InputError, match="it was changed since it was made"):
        merge_corpora([first, second], merged, ignore)
    (second / LOG).write_bytes(b"".join((second / LOG).read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(InputError, match="is not finished: 1 of its 2 items"):
        merge_corpora([first, second], merged, ignore)
    (second / MAKING).write_text("{}")
    with pytest.raises(InputError, match="it is of no corpus"):
        merge_corpora([first, second], merged, ignore)
    assert not merged.exists()
