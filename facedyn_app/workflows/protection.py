"""Protection of a library at rest: put on, taken off, its passphrase and keys renewed."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.backup import unlock_backup
from facedyn_app.library.database import is_library
from facedyn_app.library.protecting import (
    Protection,
    already_protected,
    change_passphrase,
    not_protected,
    protect_library,
    protection_of,
    rekey_library,
    renew_recovery_key,
    set_keyring,
    unprotect_library,
)
from facedyn_app.library.protection.held import lock_library, locked, unlock
from facedyn_app.library.protection.key_file import PASSPHRASE
from facedyn_app.passphrase import asked_passphrase
from facedyn_app.progress import OnProgress, ignore


def protection(folder: Path, _on_progress: OnProgress = ignore) -> Protection:
    """How a library is protected; it need not be open.

    Raises:
        InputError: There is no such library, or what says so is damaged.
    """
    if not is_library(folder):
        raise InputError(f"There is no library in '{folder}'.", "Check the name.")
    return protection_of(folder)


def must_be(folder: Path, *, protected: bool) -> None:
    """Make sure that a library is protected, or is not yet, before anything is typed for it.

    Raises:
        InputError: There is no such library, or it is otherwise.
    """
    if protection(folder).protected != protected:
        raise not_protected(folder) if protected else already_protected(folder)


def protect(
    folder: Path,
    passphrase: str | None,
    on_progress: OnProgress,
    *,
    keyring: bool = False,
    database: str | None = None,
) -> str:
    """Encrypt a library; gives its recovery key, as `library.protecting.protect_library`."""
    protection(folder)
    return protect_library(
        folder, passphrase, keyring=keyring, database=database, on_progress=on_progress
    )


def unprotect(folder: Path, on_progress: OnProgress) -> None:
    """Decrypt a library, as `library.protecting.unprotect_library`."""
    protection(folder)
    unprotect_library(folder, on_progress)


def rekey(folder: Path, passphrase: str | None, on_progress: OnProgress) -> str:
    """Bring a library new keys; gives its new recovery key.

    Args:
        folder: The library.
        passphrase: Its passphrase, which stays; None: whoever runs the program is asked.
        on_progress: Told of every file; may raise Cancelled.

    Raises:
        InputError: It is not protected, in use, or nobody gives the passphrase.
        OutputError: It cannot be written.
    """
    if PASSPHRASE in protection(folder).opens:
        passphrase = asked_passphrase(folder) if passphrase is None else passphrase
        if passphrase is None:
            raise locked(folder)
        unlock(folder, passphrase)
    return rekey_library(folder, passphrase, on_progress)


def new_passphrase(folder: Path, passphrase: str, _on_progress: OnProgress = ignore) -> None:
    """Give an open library another passphrase."""
    protection(folder)
    change_passphrase(folder, passphrase)


def new_recovery(folder: Path, _on_progress: OnProgress = ignore) -> str:
    """Give an open library another recovery key."""
    protection(folder)
    return renew_recovery_key(folder)


def open_by_keyring(folder: Path, *, wanted: bool) -> None:
    """Let the system's keyring open a library, or no longer."""
    protection(folder)
    set_keyring(folder, wanted=wanted)


def replace_passphrase(
    folder: Path, passphrase: str, _on_progress: OnProgress = ignore, *, new: str
) -> None:
    """As `new_passphrase`, by whoever knows what opens the library now."""
    unlock(folder, passphrase)
    change_passphrase(folder, new)


def replace_recovery(folder: Path, passphrase: str, _on_progress: OnProgress = ignore) -> str:
    """As `new_recovery`, by whoever knows what opens the library now."""
    unlock(folder, passphrase)
    return renew_recovery_key(folder)


def take_off(folder: Path, passphrase: str, on_progress: OnProgress) -> None:
    """As `unprotect`, by whoever knows what opens the library now."""
    unlock(folder, passphrase)
    unprotect_library(folder, on_progress)


def unlock_library(folder: Path, given: str, _on_progress: OnProgress = ignore) -> None:
    """Open a library, or a backup of one, by what somebody has typed, until it is locked.

    Raises:
        WrongPassphraseError: It does not open it.
    """
    if folder.is_file():
        unlock_backup(folder, given)
    else:
        unlock(folder, given)


def lock(folder: Path) -> bool:
    """Forget a library's keys; whether there were any. What has it open goes on to its end."""
    return lock_library(folder)
