"""Tables, meshes, films and reports of an open session: as of its file."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import InputError, OutputError
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import ignore
from facedyn_app.records import Session
from facedyn_app.reports.kinds import ExportLayout, MeshFormat, MeshKind
from facedyn_app.settings import Settings
from facedyn_app.workflows.export import export_meshes, export_motion, export_scores, export_table
from facedyn_app.workflows.head_pictures import draw_pictures
from facedyn_app.workflows.heads import head_to_draw, list_choices
from facedyn_app.workflows.identify import identify_opened
from facedyn_app.workflows.options import MeshOptions
from facedyn_app.workflows.records import Recording
from facedyn_app.workflows.report import report_on_session, report_on_speakers
from tests.workflows.conftest import CONSENT, SPEAKERS, simulated

TRUST = Settings().trust


@pytest.fixture(scope="module")
def session() -> Session:
    return simulated(0, 3)[-1]


def recording(session: Session) -> Recording:
    return Recording("one", "visit", session, assess_quality(session, TRUST))


def print_pdf(page: str, path: Path) -> None:
    path.write_text(page, encoding="utf-8")


def test_what_is_written_of_a_session_is_what_is_written_of_its_file(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "s.npz"
    save_session(session, path)
    mesh = MeshOptions(MeshKind.FULL, MeshFormat.OBJ, frame=3)
    for name, source in (("file", path), ("open", session)):
        table = export_table(source, tmp_path / f"{name}.csv", ignore)
        motion = export_motion(source, tmp_path / f"{name}.glb", ExportLayout.GLB, None)
        meshes = export_meshes(source, tmp_path / f"{name}.obj", mesh, ignore)
        assert motion.n_frames == len(table.session.motion.seconds) == 300
        assert (meshes.frame, meshes.head_id) == (2, DEFAULT_HEAD)
    for ending in ("csv", "glb", "obj"):
        of_file, of_open = (
            (tmp_path / f"{name}.{ending}").read_bytes() for name in ("file", "open")
        )
        assert of_file == of_open


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    session: Session, tmp_path: Path
) -> None:
    out = tmp_path / "none" / "t.csv"
    with pytest.raises(OutputError, match=r"t\.csv"):
        export_table(session, out, ignore)
    options = MeshOptions(MeshKind.FULL, MeshFormat.OBJ)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        export_meshes(session, tmp_path / "file", options, ignore)


def test_scores_of_those_that_were_asked_about(
    session: Session, folder: Path, tmp_path: Path
) -> None:
    asked = identify_opened(recording(session), folder, Settings(), ignore)
    video = replace(asked, title="other", video=Path("v.mp4"))
    out = tmp_path / "scores.csv"
    export_scores([asked, recording(session), video], out)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["recording"] for row in rows] == 3 * ["visit"] + 3 * ["v.mp4"]
    assert {row["speaker"] for row in rows} == set(SPEAKERS)
    export_scores([asked, recording(session), video], out, file_names=False)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["recording"] for row in rows] == 3 * ["recording 1"] + 3 * ["recording 2"]


def test_reports_on_what_is_open_and_on_speakers(
    session: Session, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.html"
    of_open = report_on_session(recording(session), tmp_path / "none", out, TRUST, print_pdf)
    assert of_open.subject == "session visit"
    assert of_open.quality is not None
    assert "visit" in out.read_text(encoding="utf-8")
    for speaker, subject in ((SPEAKERS[0], f"speaker {SPEAKERS[0]}"), (None, f"library {folder}")):
        pdf = tmp_path / "r.pdf"
        written = report_on_speakers(speaker, folder, pdf, TRUST, print_pdf, ignore)
        assert (written.subject, written.quality) == (subject, None)
        assert CONSENT in pdf.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="There is no library"):
        report_on_speakers(None, tmp_path / "none", out, TRUST, print_pdf, ignore)


def test_heads_to_choose_to_draw_and_to_look_at(session: Session) -> None:
    (first, *_more) = list_choices()
    assert (first.head_id, first.text, first.there) == (
        DEFAULT_HEAD,
        f"{DEFAULT_HEAD} (built in)",
        True,
    )
    assert head_to_draw(session, ignore).head_id == DEFAULT_HEAD
    pictures = draw_pictures(DEFAULT_HEAD, ignore)
    assert pictures.sheet.ndim == pictures.landmarks.ndim == 3
    assert pictures.sheet.std() > 10
    assert pictures.landmarks.std() > 10
