"""Manifests of corpora: what they say, and the one sentence on rows that cannot be used."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from facedyn_app.errors import ConsentError, InputError
from facedyn_app.library.corpus_items import file_part, item_of, items_digest, shard_of
from facedyn_app.progress import ignore
from facedyn_app.workflows.corpus_manifest import Manifest, read_manifest


def _read(path: Path, *lines: str) -> Manifest:
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_manifest(path, "", ignore)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Where a manifest is written, beside three files that are called videos."""
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"12345")
    return tmp_path / "corpus.csv"


def test_a_table_says_whose_face_is_where(table: Path) -> None:
    found = _read(
        table,
        "Path;speaker;session;face;date;consent_id",
        "a.mp4;Ann;first;;2024-03-05;c1",
        "./a.mp4;Bo, Jr.;first;2;;c2",
        f"{table.parent}/b.mp4;Ann;;;;c1",
    )
    first, second, third = found.items
    assert (first.path, first.n_bytes, first.face) == (table.parent / "a.mp4", 5, 0)
    assert (first.day, first.consent) == (date(2024, 3, 5), "c1")
    assert (second.speaker, second.face, third.session) == ("Bo, Jr.", 2, "b")
    assert [one.name for one in found.items] == [
        "sessions/Ann/2024-03-05 first/first.npz",
        "sessions/Bo, Jr./first-face2.npz",
        "sessions/Ann/b.npz",
    ]
    assert [item_of(one.facts()) for one in found.items] == list(found.items)


def test_a_parquet_table_says_the_same(table: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {
        "path": ["a.mp4", "b.mp4"],
        "speaker": ["Ann", "Ann"],
        "session": ["first", "second"],
        "face": [None, 2],
        "date": [date(2024, 3, 5), None],
    }
    path = table.with_suffix(".parquet")
    parquet.write_table(pyarrow.table(columns), path)
    lines = ("path,speaker,session,face,date", "a.mp4,Ann,first,,2024-03-05")
    written = _read(table, *lines, "b.mp4,Ann,second,2,")
    assert read_manifest(path, "", ignore).items == written.items


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("path,speaker", "x.mp4,A", "a.mp4,A", "y.mp4,B"), "rows 2 (x.mp4), 4 (y.mp4) name a fi"),
        (("path,speaker,session", "a.mp4,A,s", "b.mp4,A,s"), "row 3 (as 2) names what another row"),
        (("path,speaker,session", "a.mp4,A,s", "a.mp4,B,t"), "row 3 (as 2) names what another row"),
        (("path,speaker,session", "a.mp4,A,s", "b.mp4,a,S"), "row 3 (as 2) names what another row"),
        (("path,speaker,sesion,dat", "a.mp4,A,,"), "'sesion', 'dat' are no known column"),
        (("path,session", "a.mp4,A"), "'speaker' is needed and not there"),
        (("path,speaker,path", "a.mp4,A,"), "'path' is there twice"),
        (
            ("path,speaker,head", "a.mp4,A,x", "b.mp4,A,", "c.mp4,A,y"),
            "rows 2 (x), 4 (y) name an",
        ),
        (("path,speaker,date", "a.mp4,A,2024-02-30"), "row 2 (2024-02-30) names a date that is no"),
        (("path,speaker,date", "a.mp4,A,5.3.24"), "row 2 (5.3.24) names a date that is none"),
        (("path,speaker,face", "a.mp4,A,0"), "row 2 (0) names a face that is no number from 1"),
        (("path,speaker,face", "a.mp4,A,left"), "row 2 (left) names a face that is no number"),
        (("path,speaker,consent_id", "a.mp4,A,1", "b.mp4,A,"), "row 3 names no consent_id"),
        (("path,speaker", "a.mp4,", ",B"), "row 2 names no speaker; row 3 names no path"),
        (("path,speaker", "https://x.org/a.mp4,A"), "names a web address, not a file"),
        (("path,speaker",), "it has a head line and no rows"),
        (("path,speaker", "a.mp4,A,B"), "a row of 3 cells"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_that_names_the_rows(
    table: Path, lines: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        _read(table, *lines)
    assert expected in caught.value.sentence
    assert str(table) in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_a_date_ahead_is_none(table: Path) -> None:
    ahead = date.today() + timedelta(days=2)
    with pytest.raises(InputError, match="lies ahead"):
        _read(table, "path,speaker,date", f"a.mp4,A,{ahead}")


def test_of_many_rows_some_are_named(table: Path) -> None:
    with pytest.raises(InputError, match=r"rows 2 \(x0\.mp4\), .* and 20 more name a file"):
        _read(table, "path,speaker", *(f"x{k}.mp4,A" for k in range(30)))


def test_a_folder_is_a_manifest(tmp_path: Path) -> None:
    for name in ("Ann/2024-03-05/a.mp4", "Ann/b.mp4", "Bo/c.mp4", "Bo/notes.txt"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    found = read_manifest(tmp_path / "corpus", "", ignore)
    assert [one.name for one in found.items] == [
        "sessions/Ann/2024-03-05/2024-03-05.npz",
        "sessions/Ann/b.npz",
        "sessions/Bo/c.npz",
    ]
    assert [Path(path).name for path, _ in found.passed_over] == ["notes.txt"]


def test_candor_is_fitted_with_a_permission_only(tmp_path: Path) -> None:
    place = tmp_path / "candor" / "talk" / "processed"
    place.mkdir(parents=True)
    (place / "channel_map.json").write_text('{"L": "ann", "R": "bo"}')
    for name in ("ann", "bo"):
        (place / f"{name}.mp4").write_bytes(b"1")
    with pytest.raises(ConsentError, match="CANDOR"):
        read_manifest(tmp_path / "candor", "", ignore)
    found = read_manifest(tmp_path / "candor", "a letter of May 2025", ignore)
    assert [one.name for one in found.items] == ["sessions/ann/talk.npz", "sessions/bo/talk.npz"]


def test_shards_are_the_whole_whatever_the_order_of_rows(table: Path) -> None:
    rows = ("a.mp4,Ann", "b.mp4,Bo", "c.mp4,Cy")
    one = _read(table, "path,speaker", *rows).items
    other = _read(table, "path,speaker", *reversed(rows)).items
    parts = [shard_of(other, number, 2) for number in (1, 2)]
    assert [len(part) for part in parts] == [2, 1]
    assert {item.name for part in parts for item in part} == {item.name for item in one}
    assert shard_of(one, 1, 2) == parts[0]
    assert items_digest(one) == items_digest(other) != items_digest(one[1:])


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Ann Ämter", "Ann Ämter"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        ("a\tb%", "a%09b%25"),
        ("x" * 200, f"{'x' * 107}-{'0' * 12}"),
    ],
)
def test_a_name_is_no_way_out_of_its_folder(name: str, part: str) -> None:
    found = file_part(name)
    assert (found[:-12], len(found)) == (part[:-12], len(part))
    assert found == part or len(name) > 120
