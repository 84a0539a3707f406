"""Reports find the right person, and one damaged session does not stop a library's."""

from pathlib import Path

from facedyn_app.library.library import Library
from facedyn_app.records import Session, SourceFile
from facedyn_app.settings import TrustSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.workflows.report_pages import UNTRACED, library_report, session_report
from tests.sessions import altered

TRUST = TrustSettings()


def made(speaker: int, face: int, sha256: str | None = "ab" * 32) -> Session:
    (session,) = simulate_sessions(speaker, 1, 6.0)
    return altered(session, face=face, source=SourceFile("table.mp4", sha256))


def test_each_face_of_a_recording_has_its_own_consent(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.enrol("Anna", made(0, 1), "Anna said yes")
        library.enrol("Ben", made(1, 2), "Ben said yes")
        for face, own, other in ((1, "Anna", "Ben"), (2, "Ben", "Anna")):
            page = session_report("table.mp4", made(face - 1, face), TRUST, library)
            assert f"{own} said yes" in page
            assert f"{other} said yes" not in page
        stranger = session_report("table.mp4", made(2, 3), TRUST, library)
        assert "none recorded with this session" in stranger
        untraced = session_report("table.mp4", made(0, 1, None), TRUST, library)
        assert UNTRACED in untraced


def test_a_damaged_session_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        for speaker, name in enumerate(("Anna", "Ben")):
            for number in range(2):
                session = made(speaker, 1, f"{2 * speaker + number:02x}" * 32)
                library.enrol(name, session, "yes")
        entry = library.sessions("Anna")[0]
        (library.folder / "sessions" / entry.file_name).write_bytes(b"damaged")
        page = library_report(library, TRUST)
    assert entry.file_name in page
    assert "cannot be used" in page
    assert '<td class="name">Ben (simulated)</td><td>2</td>' in page
    assert '<td class="name">Anna (simulated)</td><td>1</td>' in page


def test_sessions_of_different_heads_of_one_person_leave_the_librarys_report(
    tmp_path: Path,
) -> None:
    with Library.open(tmp_path / "library") as library:
        library.enrol("Anna", made(0, 1), "yes")
        library.enrol("Anna", altered(made(0, 1, "cd" * 32), head_id="arkit-52"), "yes")
        library.enrol("Ben", made(1, 1, "ef" * 32), "yes")
        page = library_report(library, TRUST)
    assert "were fitted with different heads, whose shapes cannot be compared" in page
    assert '<td class="name">Anna (simulated)</td><td>2</td>' in page
    assert '<td class="name">Ben (simulated)</td><td>1</td>' in page
    assert "1 session<" in page
