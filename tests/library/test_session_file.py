"""Session files: what is written comes back, and what is wrong is refused by name."""

import io
import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.events import Event
from facedyn_app.files import atomic_file
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.progress import Cancelled
from facedyn_app.records import INVALID_REASONS, FloatArray, Session, ShapeCertainty
from tests.sessions import field

MakeSession = Callable[..., Session]

Arrays = dict[str, Any]


@pytest.fixture
def saved(tmp_path: Path, make_session: MakeSession) -> Path:
    path = tmp_path / "visit.npz"
    save_session(make_session(), path)
    return path


def rewritten(path: Path, change: Callable[[Arrays], object]) -> Path:
    """The file with its arrays changed."""
    with np.load(path) as archive:
        arrays = dict(archive)
    change(arrays)
    np.savez(path, **arrays)
    return path


def with_meta(path: Path, **changes: object) -> Path:
    def change(arrays: Arrays) -> None:
        arrays["meta"] = json.dumps({**json.loads(str(arrays["meta"])), **changes})

    return rewritten(path, change)


def test_what_is_written_comes_back(saved: Path, make_session: MakeSession) -> None:
    given, found = make_session(), load_session(saved)
    names = {*given.__dataclass_fields__, *given.motion.__dataclass_fields__} - {"motion"}
    for name in names:
        np.testing.assert_array_equal(field(found, name), field(given, name), err_msg=name)
    assert found.motion.seconds.dtype == np.float64
    assert found.motion.expression.dtype == np.float32
    assert found.head_id == "tiny-head"
    assert not found.simulated


def test_the_file_is_the_format_of_the_documents(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as archive:
        meta = json.loads(str(archive["meta"]))
        assert archive["expression_names"].tolist()[0] == "blinkLeft"
        assert len(archive.files) == 13
    assert meta["format"] == "facedyn-session"
    assert meta["version"] == 1
    assert meta["source"]["name"] == "visit.mov"


def test_the_same_session_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    save_session(load_session(saved), tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == saved.read_bytes()


def test_a_file_without_ending_keeps_its_name(tmp_path: Path, make_session: MakeSession) -> None:
    save_session(make_session(), tmp_path / "visit")
    assert [p.name for p in tmp_path.iterdir()] == ["visit"]
    assert load_session(tmp_path / "visit").head_id == "tiny-head"


def test_values_in_frames_without_a_face_are_not_read(saved: Path) -> None:
    def change(arrays: Arrays) -> None:
        arrays["jaw"][5] = 3.0

    assert np.isnan(load_session(rewritten(saved, change)).motion.jaw[5]).all()


def test_a_missing_folder_is_named(tmp_path: Path, make_session: MakeSession) -> None:
    with pytest.raises(OutputError, match=r"nowhere.visit\.npz.*No such file"):
        save_session(make_session(), tmp_path / "nowhere" / "visit.npz")


def test_a_folder_in_the_way_is_named_and_nothing_is_left(
    tmp_path: Path, make_session: MakeSession
) -> None:
    (tmp_path / "visit.npz").mkdir()
    with pytest.raises(OutputError, match=r"visit\.npz"):
        save_session(make_session(), tmp_path / "visit.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["visit.npz"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path, make_session: MakeSession) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        save_session(make_session(), tmp_path / "visit.npz")
    tmp_path.chmod(0o700)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, make_session: MakeSession) -> None:
    resource: Any = pytest.importorskip("resource", reason="no limit on file sizes here")
    save_session(make_session(), tmp_path / "visit.npz")
    before = (tmp_path / "visit.npz").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        with pytest.raises(OutputError, match="too large"):
            save_session(make_session(seed=1), tmp_path / "visit.npz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [p.name for p in tmp_path.iterdir()] == ["visit.npz"]
    assert (tmp_path / "visit.npz").read_bytes() == before


def test_a_cancel_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def write_and_cancel() -> None:
        with atomic_file(tmp_path / "visit.npz") as file:
            file.write(b"half")
            raise Cancelled

    with pytest.raises(Cancelled):
        write_and_cancel()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.npz.*No such file"):
        load_session(tmp_path / "none.npz")


def test_a_folder_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="directory"):
        load_session(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a text", b"PK\x03\x04" + bytes(60)])
def test_other_files_are_no_sessions(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"other\.npz' cannot be used: it is damaged or no npz"):
        load_session(path)


def test_a_file_cut_anywhere_or_with_a_flipped_byte_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        saved.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match=r"visit\.npz"):
            load_session(saved)
    flipped = bytearray(whole)
    flipped[whole.index(b"expression.npy") + 600] ^= 0x10
    saved.write_bytes(bytes(flipped))
    with pytest.raises(InputError, match="damaged"):
        load_session(saved)


@pytest.mark.parametrize(
    "name", ["seconds", "valid", "expression_names", "shape_chunks", "face_px", "meta"]
)
def test_a_missing_array_is_named(saved: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"it has no '{name}'"):
        load_session(rewritten(saved, lambda arrays: arrays.pop(name)))


POSTERIOR = np.diag([0.04, 0.2, 0.5, 0.9, 0.9]).astype(np.float32)


def test_how_sure_the_shape_is_comes_back(tmp_path: Path, make_session: MakeSession) -> None:
    certainty = ShapeCertainty(POSTERIOR, 0.1 * POSTERIOR)
    path = tmp_path / "visit.npz"
    save_session(replace(make_session(), shape_certainty=certainty), path)
    found = load_session(path).shape_certainty
    assert found is not None
    np.testing.assert_array_equal(found.posterior, POSTERIOR)
    np.testing.assert_array_equal(found.scatter, np.float32(0.1) * POSTERIOR)
    # an earlier version's file does not say by what the shape scatters within a person
    found = load_session(rewritten(path, lambda a: a.pop("shape_scatter"))).shape_certainty
    assert found is not None
    np.testing.assert_allclose(np.diag(found.scatter), [0.0384, 0.16, 0.25, 0.09, 0.09], atol=1e-6)


def test_a_scatter_below_nothing_is_refused(tmp_path: Path, make_session: MakeSession) -> None:
    path = tmp_path / "visit.npz"
    certainty = ShapeCertainty(POSTERIOR, -0.1 * POSTERIOR)
    save_session(replace(make_session(), shape_certainty=certainty), path)
    with pytest.raises(InputError, match="'shape_scatter' is no covariance"):
        load_session(path)


def half_gone(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values, NaN in the first half of the frames."""
    left = np.array(values, dtype=np.float32)
    left[: len(left) // 2] = np.nan
    return left


def test_what_was_not_measured_at_all_is_nan_throughout(saved: Path) -> None:
    def change(arrays: Arrays) -> None:
        for name in ("rotation", "translation", "error_px", "face_px"):
            arrays[name] = np.full_like(arrays[name], np.nan)
        arrays["shape"], arrays["shape_chunks"] = np.zeros(0), np.zeros((0, 0))
        arrays["shape_chunk_seconds"] = np.zeros(0)
        arrays.pop("shape_covariance", None)
        arrays.pop("shape_scatter", None)

    session = load_session(rewritten(saved, change))
    assert np.isnan(session.motion.rotation).all()
    assert np.isnan(session.face_px).all()
    assert session.motion.valid.any()
    assert session.shape.shape == (0,)


WRONG: list[tuple[str, Callable[[Arrays], Any], str]] = [
    ("seconds", lambda a: a["seconds"][::-1], "do not ascend"),
    ("seconds", lambda a: np.append(a["seconds"][:-1], np.inf), "'seconds' is not finite"),
    ("seconds", lambda a: 1e6 * a["seconds"], "a frame every 3.333e.04 s only"),
    ("valid", lambda a: a["valid"].astype(int), "'valid' holds int64 values"),
    ("valid", lambda a: a["valid"][:-1], "'valid' has 59 values where 60"),
    ("expression", lambda a: a["expression"][:, :3], "where 3 are needed"),
    ("expression", lambda a: np.full((60, 4), 1e300), "'expression' is not finite"),
    ("expression", lambda a: a["expression"] * 1j, "complex"),
    ("expression_names", lambda a: np.array(["x"] * 4), "same name"),
    ("jaw", lambda a: a["jaw"][:, :2], "'jaw' has 2 values where 3"),
    ("rotation", lambda a: half_gone(a["rotation"]), "'rotation' is not finite"),
    ("shape", lambda a: a["shape"][None], "'shape' has 2 axes instead of 1"),
    ("shape", lambda a: a["shape"] * np.nan, "'shape' is not finite"),
    ("shape_chunks", lambda a: np.full((2, 5), np.inf), "'shape_chunks' is infinite"),
    ("shape_chunks", lambda a: a["shape_chunks"][:, :4], "'shape_chunks' has 4 values where 5"),
    ("shape_chunk_seconds", lambda a: np.zeros(3), "'shape_chunk_seconds' has 3 values where 2"),
    ("error_px", lambda a: half_gone(a["error_px"]), "'error_px' is not finite"),
    ("face_px", lambda a: np.array(["tall"] * 60), "'face_px' holds <U4 values"),
    ("shape_covariance", lambda _: np.eye(4), "no number for each two shape coefficients"),
    ("shape_covariance", lambda _: -np.eye(5), "is not positive definite"),
    ("shape_covariance", lambda _: np.triu(np.ones((5, 5))), "is not symmetric"),
    ("meta", lambda a: np.array("{"), "is not JSON"),
    ("meta", lambda a: np.array("[" * 50_000), "is not JSON"),
    ("meta", lambda a: np.zeros(3), "is not a text"),
    ("meta", lambda a: np.array("[1]"), "no facedyn session"),
]


@pytest.mark.parametrize(("name", "change", "reason"), WRONG)
def test_wrong_arrays_are_refused(
    saved: Path, name: str, change: Callable[[Arrays], Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        load_session(rewritten(saved, lambda arrays: arrays.update({name: change(arrays)})))
    assert "visit.npz" in str(caught.value)


def test_a_session_without_frames_is_refused(saved: Path) -> None:
    names = ("seconds", "valid", "expression", "jaw", "rotation", "translation")

    def change(arrays: Arrays) -> None:
        for name in (*names, "error_px", "face_px"):
            arrays[name] = arrays[name][:0]

    with pytest.raises(InputError, match="no frames"):
        load_session(rewritten(saved, change))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "session format 2 .* a newer facedyn is needed"),
        ({"version": "1"}, "does not say its format's version"),
        ({"version": True}, "does not say its format's version"),
        ({"format": "facedyn-head"}, "no facedyn session"),
        ({"head_id": None}, "head model"),
        ({"head_sha256": 3}, "head model and its sha256"),
        ({"fps": 0}, "frame rate"),
        ({"source": "visit.mov"}, "source"),
        ({"notes": 3}, "'notes' in its 'meta' is of the wrong kind"),
        ({"source": {"name": "visit.mov", "sha256": 3}}, "source"),
    ],
)
def test_wrong_meta_is_refused(saved: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        load_session(with_meta(saved, **changes))


@pytest.mark.parametrize("text", ['"focal_px": 1e400', '"mine": {"numbers": [0, -1e400]}'])
def test_a_number_that_is_not_finite_is_refused(saved: Path, text: str) -> None:
    def change(arrays: Arrays) -> None:
        arrays["meta"] = str(arrays["meta"])[:-1] + f", {text}}}"

    with pytest.raises(InputError, match="a number in its 'meta' is not finite"):
        load_session(rewritten(saved, change))


@pytest.mark.parametrize(
    "stated", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-01:00", "yesterday", 3, None]
)
def test_a_time_when_nothing_was_recorded_is_dropped(saved: Path, stated: object) -> None:
    assert load_session(with_meta(saved, recorded_at=stated)).info.recorded_at is None


def test_all_that_a_file_says_of_a_session_comes_back(saved: Path, tmp_path: Path) -> None:
    every = {
        "face": 2,
        "fps_assumed": False,
        "height": 480.5,
        "focal_px": 700.0,
        "focal_log_sd": None,
        "converged": True,
        "settings": {"fit": {"jaw_sd": [0.2, 0.05]}},
        "program": "OpenFace 2",
        "other_program": "OpenFace 2",
        "simulated": False,
        "recorded_at": "2024-05-03T10:00:00+02:00",
        "notes": ["30 frames a second are assumed."],
        "speaker": "P07",
        "session": 2,
        "mine": {"a": [1, None]},
    }
    given = load_session(with_meta(saved, **every))
    assert given.info.further == {"speaker": "P07", "mine": {"a": [1, None]}}
    save_session(given, tmp_path / "again.npz")
    with np.load(saved) as before, np.load(tmp_path / "again.npz") as after:
        assert json.loads(str(after["meta"])) == json.loads(str(before["meta"]))


def test_a_newer_file_that_lost_an_array_is_called_newer(saved: Path) -> None:
    with_meta(saved, version=2)
    with pytest.raises(InputError, match="newer facedyn"):
        load_session(rewritten(saved, lambda arrays: arrays.pop("jaw")))


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.trace,)


def test_pickled_objects_are_refused_unread(saved: Path, tmp_path: Path) -> None:
    trap = np.array([Trap(tmp_path / "trace")] * 60, dtype=object)
    with pytest.raises(InputError, match=r"'jaw\.npy' holds Python objects"):
        load_session(rewritten(saved, lambda arrays: arrays.update(jaw=trap)))
    assert not (tmp_path / "trace").exists()


def replace_member(path: Path, name: str, content: Iterator[bytes]) -> None:
    """Put other bytes in place of one array of the file."""
    with zipfile.ZipFile(path) as archive:
        others = {n: archive.read(n) for n in archive.namelist() if n != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, data in others.items():
            archive.writestr(other, data)
        with archive.open(name, "w", force_zip64=True) as member:
            for piece in content:
                member.write(piece)


def header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def test_a_header_that_promises_more_than_the_file_holds_is_refused(saved: Path) -> None:
    replace_member(saved, "jaw.npy", iter([header((10**12, 3)), bytes(720)]))
    with pytest.raises(InputError, match="damaged"):
        load_session(saved)


def test_a_declared_size_beyond_all_measure_is_refused(saved: Path) -> None:
    # the size stands in the zip's directory: nothing need be unpacked to see it
    replace_member(saved, "jaw.npy", iter([header((60, 3)), bytes(720)]))
    content = bytearray(saved.read_bytes())
    size = (len(header((60, 3))) + 720).to_bytes(4, "little")
    at = content.rindex(size, 0, content.rindex(b"jaw.npy"))
    content[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    saved.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"4\.0 GiB"):
        load_session(saved)


def test_simulated_corpus_files_load(simcorpus: Any, tmp_path: Path) -> None:
    simulated = simcorpus.simulate_session(3, 1, 4.0)
    simcorpus.write_session(tmp_path / "session01.npz", simulated)
    session = load_session(tmp_path / "session01.npz")
    assert session.simulated
    assert session.head_id == "simcorpus-1"
    assert session.motion.names == tuple(simcorpus.CHANNELS)
    assert session.info.further["shape_drift"] == pytest.approx(simulated.shape_drift)
    np.testing.assert_array_equal(session.motion.expression, simulated.expression)
    np.testing.assert_array_equal(session.shape_chunks, simulated.shape_chunks)


def test_why_frames_are_not_valid_comes_back(tmp_path: Path, make_session: MakeSession) -> None:
    session = make_session()
    reason = np.where(session.motion.valid, 0, INVALID_REASONS.index("turned away")).astype(
        np.uint8
    )
    path = tmp_path / "visit.npz"
    save_session(replace(session, invalid_reason=reason), path)
    found = load_session(path).invalid_reason
    assert found is not None
    assert found.tolist() == reason.tolist()

    def change(arrays: Arrays) -> None:
        arrays["invalid_reason"] = np.full_like(reason, 1)

    with pytest.raises(InputError, match="'invalid_reason' does not go with 'valid'"):
        load_session(rewritten(path, change))


def with_values(session: Session, name: str, values: FloatArray) -> Session:
    changes: dict[str, Any] = {name: values}
    return replace(session, **changes)


@pytest.mark.parametrize("name", ["confidence", "brightness", "sharpness", "light_ratio"])
def test_what_is_measured_of_a_face_comes_back(
    tmp_path: Path, make_session: MakeSession, name: str
) -> None:
    session = make_session()
    n_frames = len(session.motion.seconds)
    values = np.linspace(0.0, 1.0, n_frames, dtype=np.float32)
    values[1] = np.nan
    save_session(with_values(session, name, values), tmp_path / "s.npz")
    np.testing.assert_array_equal(getattr(load_session(tmp_path / "s.npz"), name), values)
    for wrong in (values - 0.5, np.full(n_frames, np.inf), values[1:]):
        save_session(with_values(session, name, wrong), tmp_path / "s.npz")
        with pytest.raises(InputError, match=f"'{name}'"):
            load_session(tmp_path / "s.npz")


def test_repeated_pictures_come_back_and_must_be_truth_values(
    tmp_path: Path, make_session: MakeSession
) -> None:
    session = make_session()
    repeated = np.arange(len(session.motion.seconds)) % 3 == 0
    save_session(replace(session, repeated=repeated), tmp_path / "s.npz")
    np.testing.assert_array_equal(load_session(tmp_path / "s.npz").repeated, repeated)
    save_session(replace(session, repeated=repeated[1:]), tmp_path / "s.npz")
    with pytest.raises(InputError, match="'repeated'"):
        load_session(tmp_path / "s.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"settings": [1]},
        {"settings": "fast"},
        {"focal_px": "900"},
        {"focal_log_sd": "x"},
        {"width": True},
        {"face": 1.5},
        {"notes": [3]},
        {"simulated": "yes"},
        {"program": 3},
        {"width": 10**400},
        {"note": "\ud800"},
        {"note": float("nan")},
    ],
)
def test_meta_of_the_wrong_kind_is_refused(saved: Path, change: dict[str, Any]) -> None:
    with np.load(saved) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"])) | change
    arrays["meta"] = np.array(json.dumps(meta))
    np.savez(saved, allow_pickle=False, **arrays)
    with pytest.raises(InputError, match="'meta'"):
        load_session(saved)


def test_events_come_back_and_files_without_any_have_none(
    tmp_path: Path, make_session: MakeSession
) -> None:
    events = (Event("exclude", 0.5, 1.0), Event("task", 1.2, 1.9, "smile", "wide", "left"))
    save_session(replace(make_session(), events=events), tmp_path / "visit.npz")
    assert load_session(tmp_path / "visit.npz").events == events
    save_session(make_session(), tmp_path / "other.npz")
    assert load_session(tmp_path / "other.npz").events == ()


@pytest.mark.parametrize(
    ("events", "words"),
    [("all", "its events are no list"), ([{"kind": "note", "start": 2, "end": 1}], "event 1")],
)
def test_wrong_events_are_refused(saved: Path, events: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_session(with_meta(saved, events=events))
