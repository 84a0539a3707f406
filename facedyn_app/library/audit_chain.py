"""Hash chain of the audit: what each line's hash is over, and what a broken chain says.

The hash of a line is the SHA-256 of a JSON text in a canonical form: ASCII alone, keys in their
order, no blanks, so that any program can compute it anew:

    {"action":…,"at":…,"facts":…,"number":…,"previous":…,"what_sha256":…,"who":…}

`number` counts the lines from 1 without a gap, `previous` is the hash of the line before (64 zeros
for the first) and `facts` a JSON text in the same form, `{}` for most lines. `what_sha256` is the
SHA-256 of a salt, 32 hex digits of chance, followed by the line's text in UTF-8. The text itself is
not in the hash: forgetting may take a name or a file's name out of it and throws the salt away, and
then nobody can find by trying which text it was, while the chain holds. That this was done stands
in the facts of a later line, `{"erased":{NUMBER:SHA-256 of the text that is left,…}}`; a text
changed without that is found. Speakers are in a text by their numbers (`library.audit`).

Whoever can write to the database can compute a whole chain anew, or cut its end off. No chain can
show that by itself: the head, the last line's hash, is to be noted elsewhere and compared.
Likewise the salt of a line and what it said are in every copy that was made before a forgetting.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection

START = "0" * 64
"""Stands in place of the hash of the line before the first."""
ERASED, MERGED = "erased", "merged"
"""Keys of facts: texts that were taken out; a speaker's number and that of whom they became."""
REFERENCE = "\x02{}\x03"
"""A speaker in a text, by number. No text from outside holds these signs (`formatting.shown`)."""

_NEAR = 100
"""How many places around its own are tried for a line that was moved."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the audit.

    Attributes:
        number: Its place, from 1.
        at: When, ISO 8601.
        who: The account that ran the program.
        action: What was done.
        what: To what, speakers by their numbers.
    """

    number: int
    at: str
    who: str
    action: str
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    """What chains a line to the one before.

    Attributes:
        previous: The hash of the line before.
        salt: What was hashed before its text; empty once that was taken out.
        what_sha256: The hash of salt and text.
        facts: JSON in the canonical form.
        hash: The line's hash.
    """

    previous: str
    salt: str
    what_sha256: str
    facts: str
    hash: str


class FaultKind(StrEnum):
    """What may be wrong with a line."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    MOVED = "moved"
    BROKEN = "broken"
    CUT = "cut off"


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is not as it was written.

    Attributes:
        number: Its place, from 1.
        kind: What is wrong.
        what: The same in a sentence.
    """

    number: int
    kind: FaultKind
    what: str


def canonical(value: Mapping[str, object]) -> str:
    """JSON in the canonical form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def text_hash(salt: str, what: str) -> str:
    """The SHA-256 of a text after a salt, hex."""
    return sha256((salt + what).encode()).hexdigest()


def line_hash(line: Line, previous: str, what_sha256: str, facts: str) -> str:
    """The SHA-256 of a line in the canonical form, hex."""
    hashed = {
        "action": line.action,
        "at": line.at,
        "facts": facts,
        "number": line.number,
        "previous": previous,
        "what_sha256": what_sha256,
        "who": line.who,
    }
    return sha256(canonical(hashed).encode("ascii")).hexdigest()


def linked(line: Line, previous: str, facts: Mapping[str, object] | None = None) -> Link:
    """A new line's link to the hash of the line before."""
    salt, text = secrets.token_hex(16), canonical(facts or {})
    what_sha256 = text_hash(salt, line.what)
    return Link(previous, salt, what_sha256, text, line_hash(line, previous, what_sha256, text))


def erased_texts(facts: str) -> dict[int, str]:
    """Of the lines whose texts a line says were taken out, by number: the hashes of what is left.

    What is no such text is taken for none; its line is found to be changed.
    """
    try:
        erased = json.loads(facts).get(ERASED, {})
        return {int(number): str(left) for number, left in erased.items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def find_faults(lines: Sequence[Line], links: Mapping[int, Link], last: int) -> list[Fault]:
    """Check a chain.

    Args:
        lines: The audit's lines, by number.
        links: Their links, by number.
        last: The highest number that was ever given, as far as the database remembers it.
    """
    texts = {line.number: line for line in lines}
    left: dict[int, str] = {}
    for number in sorted(links):
        left |= erased_texts(links[number].facts)
    faults: list[Fault] = []
    expected: int = 1
    before: str | None = START
    for number in sorted({*texts, *links}):
        if number > expected:
            faults.append(_lost(FaultKind.MISSING, expected, number - 1))
            before = None
        expected = number + 1
        if number not in links:
            said = f"line {number} is not in the chain: it was put in, or its link taken away"
            faults.append(Fault(number, FaultKind.INSERTED, said))
            continue
        if number not in texts:
            found: Fault | None = _lost(FaultKind.MISSING, number, number)
        else:
            found = _fault(texts[number], links[number], before, left.get(number))
        faults += [found] if found is not None else []
        moved = found is not None and found.kind is FaultKind.MOVED
        before = None if moved else links[number].hash
    return [*faults, *([_lost(FaultKind.CUT, expected, last)] if last >= expected else [])]


def _lost(kind: FaultKind, first: int, last: int) -> Fault:
    which = f"line {first}" if first == last else f"lines {first} to {last}"
    how = "missing" if kind is FaultKind.MISSING else "cut off at the end"
    return Fault(first, kind, f"{which} {'is' if first == last else 'are'} {how}")


def _fault(line: Line, link: Link, before: str | None, left: str | None) -> Fault | None:
    """What is wrong with a line.

    Args:
        line: The line.
        link: Its link.
        before: The hash of the line before; None where that is not known.
        left: The hash of the text that a forgetting has left of it; None where none has.
    """
    number = line.number
    if not _is_hash_of(link, line):
        for written in range(max(1, number - _NEAR), number + _NEAR):
            if _is_hash_of(link, replace(line, number=written)):
                said = f"line {number} was moved: it was written as line {written}"
                return Fault(number, FaultKind.MOVED, said)
        return Fault(number, FaultKind.CHANGED, f"line {number} was changed")
    if before is not None and link.previous != before:
        said = f"line {number} was written after another line {number - 1} than there is now"
        return Fault(number, FaultKind.BROKEN, said)
    if link.salt and text_hash(link.salt, line.what) != link.what_sha256:
        return Fault(number, FaultKind.CHANGED, f"the text of line {number} was changed")
    if not link.salt and text_hash("", line.what) != left:
        said = f"the text of line {number} was changed, and no forgetting accounts for it"
        return Fault(number, FaultKind.CHANGED, said)
    return None


def _is_hash_of(link: Link, line: Line) -> bool:
    return line_hash(line, link.previous, link.what_sha256, link.facts) == link.hash


def chain_existing(connection: Connection) -> None:
    """Take the lines of an earlier version into the chain, speakers' names in them as numbers."""
    named = connection.exec_driver_sql("SELECT id, name FROM speakers")
    ids = {str(name): int(number) for number, name in named}
    found = connection.exec_driver_sql(
        "SELECT id, at, who, action, what FROM audit WHERE id > "
        "(SELECT COALESCE(MAX(line_id), 0) FROM audit_chain) ORDER BY id"
    ).fetchall()
    previous = (
        connection.exec_driver_sql("SELECT hash FROM audit_chain ORDER BY line_id DESC").scalar()
        or START
    )
    for number, at, who, action, what in found:
        line = Line(number, str(at), str(who), str(action), _by_number(str(what), ids))
        link = linked(line, previous)
        previous = link.hash
        if line.what != what:
            connection.exec_driver_sql(
                "UPDATE audit SET what = ? WHERE id = ?", (line.what, number)
            )
        connection.exec_driver_sql(
            "INSERT INTO audit_chain VALUES (?, ?, ?, ?, ?, ?)",
            (number, link.previous, link.salt, link.what_sha256, link.facts, link.hash),
        )


def _by_number(what: str, ids: Mapping[str, int]) -> str:
    """A text with the number of the speaker whom it names as earlier versions did."""
    name, session, rest = what.rpartition(", session ")
    if name in ids and rest.isdecimal():
        return f"{REFERENCE.format(ids[name])}{session}{rest}"
    source, against, quoted = what.rpartition(" against '")
    if against and quoted[-1:] == "'" and quoted[:-1] in ids:
        return f"{source}{against}{REFERENCE.format(ids[quoted[:-1]])}'"
    return what
