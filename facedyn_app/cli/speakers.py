"""`facedyn speakers`: who is in a library; renamed, merged, noted on, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.consent_options import consent_facts
from facedyn_app.cli.options import AsJson, IsNew, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.cli.passphrase import FILE_VARIABLE, given_passphrase, wanted_passphrase
from facedyn_app.cli.speaker_consent import consent, expired
from facedyn_app.cli.speaker_forget import forget
from facedyn_app.formatting import counted, number, table

if TYPE_CHECKING:
    from facedyn_app.library.annotations import Annotation
    from facedyn_app.library.carried_speakers import CarriedSpeaker
    from facedyn_app.library.records import SessionEntry
    from facedyn_app.workflows.speakers import SpeakerSummary

app = verb_app()
app.command()(consent)
app.command()(expired)
app.command()(forget)

OfSession = Annotated[
    str | None,
    typer.Option("--session", metavar="SESSION", help="Of one of their sessions, not of them."),
]
FilePassphrase = Annotated[
    Path | None,
    typer.Option(
        "--file-passphrase-file",
        metavar="FILE",
        help=f"A file whose first line is the passphrase of what is carried; else {FILE_VARIABLE}.",
    ),
]
Speaker = Annotated[str, typer.Argument(metavar="SPEAKER", help="The speaker's name.")]


@app.callback()
def speakers() -> None:
    """List speakers, rename and merge them, move sessions, note, forget."""


@app.command("list")
def list_(library: LibraryFolder, as_json: AsJson = False) -> None:
    """List the speakers of a library and their sessions."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import list_speakers

        found = list_speakers(library)
        head = ("speaker", "key", "session", "recorded", "length/s", "tags", "note", "consent")
        rows = [row for one in found for row in _rows(one)]
        answer.outcome = Outcome(
            {"library": library, "speakers": [_facts(one) for one in found]},
            table(head, rows, right=(1, 4)),
        )


def _rows(speaker: SpeakerSummary) -> list[tuple[str, ...]]:
    entry = speaker.entry
    sessions = (
        ("", f"#{one.id}", one.name, one.date_words, number(one.seconds, 1), *_noted(noted), "")
        for one, noted in speaker.sessions
    )
    return [
        (entry.name, "", "", "", "", *_noted(speaker.noted), entry.agreed.words()),
        *sessions,
    ]


def _noted(noted: Annotation) -> tuple[str, str]:
    return ", ".join(noted.tags), " ".join(noted.note.split())


def _facts(speaker: SpeakerSummary) -> dict[str, object]:
    entry = speaker.entry
    return {
        "name": entry.name,
        "key": entry.id,
        "consent": entry.consent,
        "consented_at": entry.consented_at.isoformat(),
        **consent_facts(entry.agreed),
        "created_at": entry.created_at.isoformat(),
        "tags": speaker.noted.tags,
        "note": speaker.noted.note,
        "sessions": [
            {**_session_facts(one), "tags": noted.tags, "note": noted.note}
            for one, noted in speaker.sessions
        ],
    }


def _session_facts(entry: SessionEntry) -> dict[str, object]:
    return {
        "key": entry.id,
        "name": entry.name,
        "speaker": entry.speaker,
        "recorded_at": None if entry.recorded_at is None else entry.recorded_at.isoformat(),
        "seconds": entry.seconds,
        "simulated": entry.simulated,
    }


@app.command()
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD")],
    new: Annotated[str, typer.Argument(metavar="NEW")],
    library: LibraryFolder,
    is_new: IsNew = False,
    as_json: AsJson = False,
) -> None:
    """Give a speaker another name."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import rename

        name = rename(library, old, new, is_new).speaker.name
        answer.outcome = Outcome({"old": old, "name": name}, f"renamed: {old} is {name} now")


@app.command()
def merge(
    source: Annotated[str, typer.Argument(metavar="FROM")],
    into: Annotated[str, typer.Argument(metavar="INTO")],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Make two speakers one: sessions, consent and notes of FROM go to INTO."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import merge

        entry = merge(library, source, into).speaker
        answer.outcome = Outcome(
            {"merged": source, "name": entry.name, "n_sessions": entry.n_sessions},
            f"merged: {source} into {entry.name}, "
            f"who has {counted(entry.n_sessions, 'session')} now",
        )


@app.command()
def move(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Its key, or SPEAKER/SESSION.")],
    speaker: Speaker,
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Make a session another speaker's."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import move

        entry = move(library, session, speaker)
        answer.outcome = Outcome(
            _session_facts(entry), f"moved: #{entry.id} is {entry.speaker}, {entry.name} now"
        )


@app.command()
def tag(
    speaker: Speaker,
    library: LibraryFolder,
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[TAG…]", help="All tags; none takes them away.")
    ] = None,
    session: OfSession = None,
    as_json: AsJson = False,
) -> None:
    """Set the tags of a speaker, or of a session."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import annotate_one

        noted = annotate_one(library, speaker, session, tags=tags or [])
        answer.outcome = _noted_outcome(speaker, session, noted)


@app.command()
def note(
    speaker: Speaker,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Empty text takes it away.")],
    library: LibraryFolder,
    session: OfSession = None,
    as_json: AsJson = False,
) -> None:
    """Set the note on a speaker, or on a session."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.speakers import annotate_one

        noted = annotate_one(library, speaker, session, note=text)
        answer.outcome = _noted_outcome(speaker, session, noted)


def _noted_outcome(speaker: str, session: str | None, noted: Annotation) -> Outcome:
    of = speaker if session is None else f"{speaker}, {session}"
    tags, text = _noted(noted)
    return Outcome(
        {"speaker": speaker, "session": session, "tags": noted.tags, "note": noted.note},
        f"{of}: tags {tags or 'none'}; note {text or 'none'}",
    )


@app.command("export")
def export_(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="The speakers.")],
    library: LibraryFolder,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file.")],
    file_passphrase: FilePassphrase = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Not encrypted, though the library is protected.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write speakers with sessions and consent into one file, for another library.

    Of a protected library it is encrypted under a passphrase of its own, unless '--open' is said.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.exchange import export_speakers
        from facedyn_app.workflows.protection import protection

        wanted = protection(library).protected or file_passphrase is not None
        passphrase = (
            None if is_open or not wanted else wanted_passphrase(file_passphrase, FILE_VARIABLE)
        )
        found = export_speakers(library, names, out, answer.on_progress, passphrase)
        sealed = passphrase is not None
        facts = {"library": library, "file": out, "encrypted": sealed, **_carried_facts(found)}
        how = "encrypted" if sealed else "not encrypted"
        answer.outcome = Outcome(facts, f"exported: {_carried_text(found)} in {out}, {how}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'speakers export' wrote.")],
    library: LibraryFolder,
    is_new: IsNew = False,
    file_passphrase: FilePassphrase = None,
    as_json: AsJson = False,
) -> None:
    """Take speakers of another library in, with the consent that was on record there."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.exchange import import_speakers

        def ask() -> str | None:
            return given_passphrase(file_passphrase, FILE_VARIABLE, f"Passphrase of '{file}'")

        found = import_speakers(library, file, answer.on_progress, near=is_new, ask=ask)
        facts = {"library": library, "file": file, **_carried_facts(found)}
        answer.outcome = Outcome(facts, f"taken in: {_carried_text(found)}")


def _carried_facts(found: Sequence[CarriedSpeaker]) -> dict[str, object]:
    return {
        "speakers": [
            {"name": one.name, "consent": one.consent, "n_sessions": len(one.sessions)}
            for one in found
        ]
    }


def _carried_text(found: Sequence[CarriedSpeaker]) -> str:
    named = ", ".join(one.name for one in found)
    n = sum(len(one.sessions) for one in found)
    return f"{named}, {counted(n, 'session')}"
