import json
import threading
from pathlib import Path

import numpy as np
import pytest
import trimesh

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import Motion, Session, SessionInfo
from facedyn_app.reports.kinds import MeshFormat, MeshKind
from facedyn_app.workflows.export import export_meshes
from facedyn_app.workflows.options import MeshOptions
from tests.cli.conftest import Run
from tests.sessions import altered

N_FRAMES, GAP = 6, 2


@pytest.fixture
def session(head: HeadModel) -> Session:
    """Six frames of the open head, the third without a fit."""
    valid = np.arange(N_FRAMES) != GAP

    def track(n: int, value: float) -> np.ndarray:
        values = np.full((N_FRAMES, n), value, dtype=np.float32)
        values[~valid] = np.nan
        return values

    return Session(
        motion=Motion(
            seconds=np.arange(N_FRAMES) / 25,
            valid=valid,
            expression=track(head.n_expression, 0.1),
            names=head.expression_names,
            jaw=track(3, 0.05),
            rotation=track(3, 0.2),
            translation=track(3, 0.7),
        ),
        shape=np.linspace(-1, 1, head.n_shape, dtype=np.float32),
        shape_chunks=np.zeros((1, head.n_shape), dtype=np.float32),
        shape_chunk_seconds=np.array([0.1]),
        error_px=np.ones(N_FRAMES, dtype=np.float32),
        face_px=np.full(N_FRAMES, 200, dtype=np.float32),
        info=SessionInfo(head_id=head.head_id, head_sha256=head.sha256, fps=25.0),
    )


@pytest.fixture
def file(session: Session, tmp_path: Path) -> Path:
    path = tmp_path / "s.npz"
    save_session(session, path)
    return path


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in ("home", "s.npz"))


def test_the_neutral_mesh_is_one_file(
    run: Run, file: Path, session: Session, head: HeadModel, tmp_path: Path
) -> None:
    out = tmp_path / "neutral.ply"
    result = run("export", file, "-o", out, "--mesh", "neutral", "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["mesh"], facts["unit"]) == ("neutral", "m")
    expected = head.v_template + head.shapedirs @ session.shape
    vertices = trimesh.load_mesh(out, process=False).vertices
    np.testing.assert_allclose(vertices, expected, atol=1e-6)


def test_a_frame_by_number_and_by_time_are_the_same(run: Run, file: Path, tmp_path: Path) -> None:
    a, b = tmp_path / "a.obj", tmp_path / "b.obj"
    common = ("export", file, "--mesh", "full")
    first = run(*common, "-o", a, "--frame", "5")
    assert "frame 5, 0.160 s" in first.stdout
    assert run(*common, "-o", tmp_path / "b", "--format", "obj", "--seconds", "0.17").exit_code == 0
    assert a.read_bytes() == b.read_bytes()


def test_a_sequence_is_a_folder(run: Run, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "meshes"
    result = run("export", file, "-o", out, "--mesh", "expression", "--sequence", "--format", "glb")
    assert result.exit_code == 0, result.stderr
    assert [path.name for path in sorted(out.iterdir())] == [
        f"frame_{n}.glb" for n in (1, 2, 4, 5, 6)
    ]
    assert "left out: 1 frame" in result.stdout


def test_a_frame_without_a_fit_is_refused(run: Run, file: Path, tmp_path: Path) -> None:
    common = ("export", file, "-o", tmp_path / "a.obj", "--mesh", "full")
    gap = run(*common, "--frame", str(GAP + 1))
    assert gap.exit_code == 3
    assert "s.npz" in gap.stderr
    assert "Frame 3 has no trusted fit" in gap.stderr
    assert run(*common, "--frame", "7").exit_code == 3
    assert run(*common, "--seconds", "2").exit_code == 3
    assert _left(tmp_path) == []


def test_a_session_of_a_head_that_is_not_there_names_it(
    run: Run, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "flame.npz"
    save_session(altered(session, head_id="flame2020-1a2b3c4d"), path)
    common = ("export", path, "-o", tmp_path / "a.obj", "--mesh", "full", "--frame", "1")
    gone = run(*common)
    assert gone.exit_code == 3
    assert "flame2020-1a2b3c4d" in gone.stderr
    other = run(*common, "--head", "open-head-2")
    assert other.exit_code == 3
    assert "flame2020-1a2b3c4d" in other.stderr
    assert "open-head-2" in other.stderr
    assert not (tmp_path / "a.obj").exists()


def test_a_cancelled_sequence_leaves_nothing(file: Path, tmp_path: Path) -> None:
    asked = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            asked.set()
            raise Cancelled

    choice = MeshOptions(MeshKind.FULL, MeshFormat.OBJ)
    with pytest.raises(Cancelled):
        export_meshes(file, tmp_path / "meshes", choice, stop)
    assert asked.is_set()
    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--mesh", "full", "-o", "a.obj"],
        ["--mesh", "full", "-o", "a.obj", "--frame", "1", "--seconds", "0"],
        ["--mesh", "full", "-o", "a.obj", "--frame", "0"],
        ["--mesh", "neutral", "-o", "a.obj", "--sequence"],
        ["--mesh", "neutral", "-o", "a.stl"],
        ["--mesh", "neutral", "-o", "a"],
        ["--mesh", "neutral", "-o", "a.ply", "--format", "obj"],
        ["--mesh", "bust", "-o", "a.ply"],
        ["-o", "a.ply"],
    ],
)
def test_wrong_usage_ends_with_2(run: Run, file: Path, arguments: list[str]) -> None:
    result = run("export", file, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["missing.npz", "text.npz"])
def test_what_is_no_session_is_named(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.npz").write_text("no session")
    result = run("export", tmp_path / name, "-o", tmp_path / "a.obj", "--mesh", "neutral")
    assert result.exit_code == 3
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_table_is_written_where_no_mesh_is_asked_for(
    run: Run, file: Path, tmp_path: Path
) -> None:
    found = run("export", file, "-o", tmp_path / "s.csv", "--json")
    facts = json.loads(found.stdout)
    assert (facts["n_frames"], facts["file"]) == (N_FRAMES, str(tmp_path / "s.csv"))
    header, *rows = (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("frame,face_id,timestamp,confidence,success,")
    assert len(rows) == N_FRAMES
    assert facts["n_columns"] == header.count(",") + 1


@pytest.mark.parametrize("options", [("-o", "s.obj"), ("-o", "s.csv", "--frame", "1")])
def test_a_mesh_must_be_named(run: Run, file: Path, options: tuple[str, ...]) -> None:
    found = run("export", file, *options)
    assert found.exit_code == 2
    assert "--mesh" in found.output


def test_a_library_becomes_a_dataset_and_its_names_are_said(
    run: Run, session: Session, file: Path, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "library") as library:
        library.enrol("Ann", session, "consent")
    out, layout = tmp_path / "faces", ("--layout", "bids")
    facts = json.loads(run("export", tmp_path / "library", "-o", out, *layout, "--json").stdout)
    assert facts["participants"] == [{"participant_id": "sub-001", "speaker": "Ann"}]
    assert facts["n_sessions"] == 1
    assert len(list(out.rglob("*_motion.tsv"))) == 1
    again = run("export", tmp_path / "library", "-o", out, *layout)
    assert again.exit_code == 3
    assert "holds something already" in again.stderr
    assert "a file, not a library" in run("export", file, "-o", tmp_path / "n", *layout).stderr
    assert run("export", file, "-o", out, *layout, "--head", "flame").exit_code == 2


def test_a_corpus_becomes_a_store_to_train_from(run: Run, corpus: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    told = run("export", corpus, "-o", store, "--layout", "tracks", "--json")
    assert told.exit_code == 0, told.stderr
    facts = json.loads(told.stdout)
    assert (facts["n_sessions"], facts["n_speakers"], facts["simulated"]) == (9, 3, True)
    assert facts["n_bytes"] == sum(path.stat().st_size for path in store.iterdir())
    again = run("export", corpus, "-o", store, "--layout", "tracks")
    assert again.exit_code == 3
    headed = run("export", corpus, "-o", tmp_path / "x", "--layout", "tracks", "--head", "ict")
    assert headed.exit_code == 2
    (store / "tracks-00000.bin").unlink()
    trained = run("train", "--library", store, "-o", tmp_path / "recognizer", "--steps", "2")
    assert trained.exit_code == 3
    assert "training store" in trained.stderr
