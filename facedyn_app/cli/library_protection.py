"""`facedyn library protect` and what belongs to it: encryption at rest, passphrase, keys."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.cli.passphrase import NEW_VARIABLE, OPTION, VARIABLE, wanted_passphrase

if TYPE_CHECKING:
    from facedyn_app.library.protecting import Protection

WRITE_DOWN = "It is shown this once: write it down and keep it where the library is not."


class Database(StrEnum):
    """How the database of a protected library is kept."""

    SQLCIPHER = "sqlcipher"
    SEALED = "sealed"


def protect(
    context: typer.Context,
    library: LibraryFolder,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Let the system's keyring open it as well.")
    ] = False,
    database: Annotated[
        Database | None,
        typer.Option(
            "--database",
            show_default="sqlcipher where it is installed",
            help="By SQLCipher, or as one sealed file, for machines without it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Encrypt all of a library under a passphrase; shows its recovery key, once.

    The passphrase is the first line of '--passphrase-file', or FACEDYN_PASSPHRASE, or typed twice.
    With '--keyring' and none given, the keyring alone opens it, or the recovery key.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.protection import must_be, protect, protection

        must_be(library, protected=False)
        file = context.meta.get(OPTION)
        quiet = file is not None or os.environ.get(VARIABLE)
        given = None if keyring and not quiet else wanted_passphrase(file, VARIABLE)
        kind = None if database is None else database.value
        recovery = protect(library, given, answer.on_progress, keyring=keyring, database=kind)
        answer.outcome = _outcome(library, protection(library), recovery)


def unprotect(library: LibraryFolder, as_json: AsJson = False) -> None:
    """Decrypt all of a library: from then on whoever reads its files reads what is in them."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.protection import protection, unprotect

        unprotect(library, answer.on_progress)
        answer.outcome = _outcome(library, protection(library), None)


def passphrase(
    library: LibraryFolder,
    new_file: Annotated[
        Path | None,
        typer.Option(
            "--new-passphrase-file",
            metavar="FILE",
            help=f"A file whose first line is the new one; else {NEW_VARIABLE}, else it is typed.",
        ),
    ] = None,
    keyring: Annotated[
        bool | None,
        typer.Option(
            "--keyring/--no-keyring",
            show_default="as it is",
            help="Let the system's keyring open it too, or no longer; the passphrase stays.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a library another passphrase; what opens it now, or the recovery key, is asked first."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.protection import (
            must_be,
            new_passphrase,
            open_by_keyring,
            protection,
        )

        must_be(library, protected=True)
        if keyring is not None:
            open_by_keyring(library, wanted=keyring)
        else:
            new_passphrase(library, wanted_passphrase(new_file, NEW_VARIABLE))
        answer.outcome = _outcome(library, protection(library), None)


def rekey(library: LibraryFolder, as_json: AsJson = False) -> None:
    """Encrypt all of a library under new keys; the passphrase stays, the recovery key is new.

    Embeddings get another matrix: those of an older copy can be linked to this library no more.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.protection import protection, rekey

        recovery = rekey(library, None, answer.on_progress)
        answer.outcome = _outcome(library, protection(library), recovery)


def recovery(library: LibraryFolder, as_json: AsJson = False) -> None:
    """Make a new recovery key; the one from before opens the library no longer."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.protection import new_recovery, protection

        key = new_recovery(library)
        answer.outcome = _outcome(library, protection(library), key)


def _outcome(library: Path, found: Protection, recovery: str | None) -> Outcome:
    how = f"protected: opened by {', '.join(found.opens)}; database by {found.database}"
    lines = [how if found.protected else "not protected: nothing in it is encrypted"]
    if recovery is not None:
        lines += [f"recovery key: {recovery}", WRITE_DOWN]
    facts = {
        "library": library,
        "protected": found.protected,
        "database": found.database,
        "opens": found.opens,
        "generation": found.generation,
    }
    told = {} if recovery is None else {"recovery_key": recovery}
    return Outcome({**facts, **told}, "\n".join(lines))
