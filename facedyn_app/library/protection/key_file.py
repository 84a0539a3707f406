"""Key file of a protected library: its data key, sealed under each of what opens it.

`protection.json` has the format's name and version, the library's `id` and the `generation` of its
keys, how the `database` is kept, and up to three slots, each with a salt, a nonce and the data key
under AES-256-GCM: `passphrase` and `recovery`, whose keys come from what was typed by scrypt (RFC
7914), and `keyring`, whose key is a random one in the system's keyring. Everything but the slots is
authenticated with each of them. Whatever is typed costs one scrypt, right or wrong.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file, read_plain
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.keys import KEY_BYTES, LibraryKeys

KEY_FILE: Final = "protection.json"
"""Name of the file in a library's folder; there is none where it is not protected."""
SQLCIPHER, SEALED = "sqlcipher", "sealed"
DATABASES: Final = (SQLCIPHER, SEALED)
"""How the database is kept: page by page by SQLCipher, or as one sealed file."""
PASSPHRASE, RECOVERY, KEYRING = "passphrase", "recovery", "keyring"
SHORTEST: Final = 8
"""Letters that a passphrase has at least."""
_SLOTS = (PASSPHRASE, RECOVERY, KEYRING)
_SLOT_KEYS = ("salt", "nonce", "key")
_FORMAT, _VERSION = "facedyn-protection", 1
_MOST_BYTES, _LARGEST, _LONGEST = 1 << 16, 1 << 31, 1 << 16
_RECOVERY = re.compile(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){7}")
_DAMAGED_HINT = "Put back a copy of it, from a backup of the library; nothing opens without it."


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs, as scrypt has it: 128 `n` `r` bytes of memory, 0.3 s by default.

    Attributes:
        n: Rounds, a power of 2.
        r: Size of a block.
        p: How often.
    """

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        """Refuse what would take all memory or time."""
        sound = self.n >= 2 and not self.n & (self.n - 1) and self.r > 0 and 0 < self.p <= 16
        if not sound or 128 * self.n * self.r > _LARGEST:
            raise ValueError("no cost")


@dataclass(frozen=True, slots=True)
class Slot:
    """The data key under one of what opens the library, with the nonce and the salt."""

    salt: bytes
    nonce: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What `protection.json` says.

    Attributes:
        id: The library's, hex, for as long as it is protected.
        generation: Of its keys, from 1.
        database: How the database is kept.
        cost: Of a guess.
        slots: What opens it, by name.
    """

    id: str
    generation: int
    database: str
    cost: Cost = field(default_factory=Cost)
    slots: Mapping[str, Slot] = field(default_factory=dict)

    def with_typed(self, slot: str, text: str, data: bytes) -> KeyFile:
        """The same, opened by a passphrase or recovery key as well."""
        salt = os.urandom(16)
        return self._with(slot, salt, _stretched(text, salt, self.cost), data)

    def with_keyring(self, key: bytes, data: bytes) -> KeyFile:
        """The same, opened by a key of the keyring as well."""
        return self._with(KEYRING, b"", key, data)

    def without_keyring(self) -> KeyFile:
        """The same, opened by no keyring."""
        return replace(self, slots={k: v for k, v in self.slots.items() if k != KEYRING})

    def opened_by(self, text: str) -> LibraryKeys | None:
        """The keys, by a passphrase or a recovery key; None where it is the wrong one."""
        keys = self._opened_as(RECOVERY if is_recovery_key(text) else PASSPHRASE, text)
        if keys is None and (copied := _copied_recovery_key(text)):
            return self._opened_as(RECOVERY, copied)
        return keys

    def opened_with(self, key: bytes) -> LibraryKeys | None:
        """The keys, by a key of the keyring; None where it is another."""
        return self._opened(KEYRING, key)

    def _opened_as(self, name: str, text: str) -> LibraryKeys | None:
        slot = self.slots.get(name)
        salt = slot.salt if slot is not None else bytes(16)
        return self._opened(name, _stretched(text, salt, self.cost))  # whatever it is takes so long

    def _with(self, name: str, salt: bytes, key: bytes, data: bytes) -> KeyFile:
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, data, self._facts(name))
        return replace(self, slots={**self.slots, name: Slot(salt, nonce, sealed)})

    def _opened(self, name: str, key: bytes) -> LibraryKeys | None:
        slot = self.slots.get(name)
        if slot is None:
            return None
        try:
            data = AESGCM(key).decrypt(slot.nonce, slot.sealed, self._facts(name))
        except (InvalidTag, ValueError):
            return None
        return LibraryKeys.of(data, self.database)

    def _facts(self, slot: str) -> bytes:
        facts = [_FORMAT, _VERSION, self.id, self.generation, self.database, slot]
        return json.dumps(facts).encode()

    def as_json(self) -> dict[str, object]:
        """It as JSON has it."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "id": self.id,
            "generation": self.generation,
            "database": self.database,
            "kdf": {"name": "scrypt", "n": self.cost.n, "r": self.cost.r, "p": self.cost.p},
            **{
                name: dict(zip(_SLOT_KEYS, map(_text, astuple(slot)), strict=True))
                for name, slot in self.slots.items()
            },
        }

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all.

        Raises:
            OutputError: It cannot be written.
        """
        with atomic_file(folder / KEY_FILE) as file:
            own_only(file)
            file.write(json.dumps(self.as_json(), indent=1).encode() + b"\n")


def read_key_file(folder: Path) -> KeyFile | None:
    """What opens a library; None where it is not protected.

    Raises:
        InputError: It is damaged, or of a newer version of the program.
    """
    path = folder / KEY_FILE
    try:
        return parse_key_file(read_plain(path, _MOST_BYTES), path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}.") from error


def parse_key_file(text: bytes | str, path: Path) -> KeyFile:
    """What a key file says.

    Args:
        text: Its content.
        path: Where it is from.

    Raises:
        InputError: It is damaged, or of a newer version of the program.
    """
    try:
        content = json.loads(text)
        if content["format"] == _FORMAT and int(content["version"]) <= _VERSION:
            return _key_file(content)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is damaged.", _DAMAGED_HINT) from error
    raise InputError(
        f"'{path}' is of another program, or of a newer version of facedyn.", "Update the program."
    )


def _key_file(content: Any) -> KeyFile:
    kdf = content["kdf"]
    numbers = [kdf[name] for name in "nrp"]
    generation, database = content["generation"], content["database"]
    if any(type(number) is not int for number in (*numbers, generation)):
        raise ValueError(numbers)
    if kdf["name"] != "scrypt" or database not in DATABASES:
        raise ValueError(database)
    slots = {name: _slot(content[name]) for name in _SLOTS if name in content}
    return KeyFile(str(content["id"]), generation, database, Cost(*numbers), slots)


def _slot(said: Any) -> Slot:
    salt, nonce, sealed = (base64.b64decode(said[key], validate=True) for key in _SLOT_KEYS)
    if len(nonce) != 12 or len(salt) not in (0, 16) or len(sealed) != KEY_BYTES + 16:
        raise ValueError("no slot")
    return Slot(salt, nonce, sealed)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def new_key_file(database: str, cost: Cost) -> KeyFile:
    """One for a library that was not protected before, which nothing opens yet."""
    return KeyFile(secrets.token_hex(16), 1, database, cost)


def new_recovery_key() -> str:
    """A recovery key to write down: 160 random bits, eight groups of four letters and digits."""
    return _in_groups(base64.b32encode(secrets.token_bytes(20)).decode())


def _in_groups(letters: str) -> str:
    return "-".join(letters[k : k + 4] for k in range(0, len(letters), 4))


def is_recovery_key(text: str) -> bool:
    """Whether a text has the form of one."""
    return _RECOVERY.fullmatch(_composed(text).strip().upper()) is not None


def _copied_recovery_key(text: str) -> str:
    """A recovery key that was copied with blanks or nothing between its groups; "" for none.

    A passphrase may be of this form, too, so it is tried as one first.
    """
    letters = re.sub(r"[\s\u2010-\u2014-]+", "", _composed(text)).upper()
    key = _in_groups(letters)
    return key if is_recovery_key(key) and not is_recovery_key(text) else ""


def check_new_passphrase(text: str) -> None:
    """Make sure that a text can be a passphrase.

    Raises:
        InputError: It is too short, or has the form of a recovery key.
    """
    if len(_composed(text)) < SHORTEST:
        raise InputError(
            f"A passphrase has at least {SHORTEST} letters; this one has fewer.",
            "Several words that do not belong together are easy to remember and hard to guess.",
        )
    if is_recovery_key(text):
        raise InputError("This has the form of a recovery key.", "Choose another passphrase.")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text[:_LONGEST])


def _stretched(text: str, salt: bytes, cost: Cost) -> bytes:
    """The key of what was typed, however it was composed; of recovery keys in any case."""
    typed = _composed(text)
    if is_recovery_key(typed):
        typed = typed.strip().upper()
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=cost.n, r=cost.r, p=cost.p)
    return kdf.derive(typed.encode("utf-8", "surrogatepass"))
