"""The system's keyring, where there is one: a key that opens a library without being typed."""

from __future__ import annotations

import base64
import logging
import secrets
from contextlib import suppress
from typing import Final

from facedyn_app.errors import OutputError
from facedyn_app.library.protection.key_file import KeyFile
from facedyn_app.library.protection.keys import KEY_BYTES

SERVICE: Final = "facedyn"

log = logging.getLogger(__name__)


def key_in_keyring(key_file: KeyFile) -> bytes | None:
    """The key that the keyring has of a library; None, with a warning, where it has none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        kept = keyring.get_password(SERVICE, _entry(key_file))
    except (KeyringError, RuntimeError, OSError, ValueError):
        log.warning("The system's keyring cannot be read: the library opens by its passphrase.")
        return None
    if kept is None:
        log.warning("The system's keyring has no key of this library: give the passphrase.")
        return None
    with suppress(ValueError):
        key = base64.b64decode(kept, validate=True)
        if len(key) == KEY_BYTES:
            return key
    return None


def put_into_keyring(key_file: KeyFile) -> bytes:
    """A new key for a library, kept in the keyring.

    Raises:
        OutputError: There is no keyring, or it takes nothing.
    """
    import keyring
    from keyring.errors import KeyringError

    key = secrets.token_bytes(KEY_BYTES)
    try:
        keyring.set_password(SERVICE, _entry(key_file), base64.b64encode(key).decode())
    except (KeyringError, RuntimeError, OSError, ValueError) as error:
        raise OutputError(
            "The system has no keyring that can be used.",
            "Protect the library by a passphrase, without '--keyring'.",
        ) from error
    return key


def take_out_of_keyring(key_file: KeyFile) -> None:
    """Delete what the keyring has of a library; none is no error."""
    import keyring
    from keyring.errors import KeyringError

    with suppress(KeyringError, RuntimeError, OSError, ValueError):
        keyring.delete_password(SERVICE, _entry(key_file))


def _entry(key_file: KeyFile) -> str:
    """The name of a library's entry: keys of each generation have one, so that none is lost."""
    return f"library {key_file.id} {key_file.generation}"
