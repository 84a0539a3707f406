"""Sealing of an archive that is carried elsewhere, under a passphrase of its own."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facedyn_app.library.protection.held import LockedError, WrongPassphraseError
from facedyn_app.library.protection.key_file import (
    PASSPHRASE,
    SEALED,
    Cost,
    KeyFile,
    check_new_passphrase,
    new_key_file,
    parse_key_file,
)
from facedyn_app.library.protection.keys import KEY_BYTES, LibraryKeys
from facedyn_app.library.protection.sealed import seal, unseal

PROTECTION, SPEAKERS = "protection", "speakers"
"""Keys of an archive's facts: what opens it, as in `protection.json`; who is in it."""
_HINT: Final = "Give the passphrase that it was exported with."


@dataclass(frozen=True, slots=True)
class Sealing:
    """What an archive is sealed under.

    Attributes:
        key_file: What opens it.
        key: Of its files, 32 bytes.
    """

    key_file: KeyFile
    key: bytes

    @classmethod
    def new(cls, passphrase: str) -> Sealing:
        """A new one, opened by a passphrase; InputError where that is too short."""
        check_new_passphrase(passphrase)
        data = secrets.token_bytes(KEY_BYTES)
        key_file = new_key_file(SEALED, Cost()).with_typed(PASSPHRASE, passphrase, data)
        return cls(key_file, LibraryKeys.of(data, SEALED).files)


def sealing_of(
    path: Path, facts: Mapping[str, Any], ask: Callable[[], str | None]
) -> Sealing | None:
    """What an archive with such facts is sealed under; None where it is open.

    Args:
        path: The archive.
        facts: What it says of itself.
        ask: Gives its passphrase; None where nobody can be asked.

    Raises:
        LockedError: No passphrase is given.
        WrongPassphraseError: It is the wrong one.
        InputError: What opens it is damaged.
    """
    if PROTECTION not in facts:
        return None
    key_file = parse_key_file(json.dumps(facts[PROTECTION]), path)
    if (passphrase := ask()) is None:
        raise LockedError(f"The file '{path}' is sealed.", _HINT)
    keys = key_file.opened_by(passphrase)
    if keys is None:
        raise WrongPassphraseError(f"This does not open the file '{path}'.", _HINT)
    return Sealing(key_file, keys.files)


def sealed_by(sealing: Sealing | None, name: str, content: bytes) -> bytes:
    """The content of a member, sealed where the archive is."""
    return content if sealing is None else seal(content, sealing.key, name)


def unsealed_by(sealing: Sealing | None, name: str, content: bytes) -> bytes:
    """The content that `sealed_by` was given; SealError where it is another."""
    return content if sealing is None else unseal(content, sealing.key, name)


def speaker_facts(
    sealing: Sealing | None, speakers: Sequence[Mapping[str, Any]]
) -> dict[str, object]:
    """Facts of an archive on who is in it."""
    if sealing is None:
        return {SPEAKERS: speakers}
    sealed = seal(json.dumps(speakers).encode(), sealing.key, SPEAKERS)
    return {
        SPEAKERS: base64.b64encode(sealed).decode(),
        PROTECTION: sealing.key_file.as_json(),
    }


def facts_of_speakers(sealing: Sealing | None, facts: Mapping[str, Any]) -> Any:
    """Who is in an archive, as it says; LookupError, TypeError, ValueError where it is damaged."""
    said = facts[SPEAKERS]
    if sealing is None:
        return said
    return json.loads(unseal(base64.b64decode(said, validate=True), sealing.key, SPEAKERS))
