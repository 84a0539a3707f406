"""`facedyn heads`: the heads that come with the program, and those of the user's."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.output import Outcome, table
from facedyn_app.errors import InputError
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.files.known_heads import KnownHead, user_heads
from facedyn_app.headmodel.landmark_embedding.prepare import has_table
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import npz_names

BUILT_IN, GONE = "built in", "the file is gone"
LANDMARKS = "landmark_index"


def list_all_heads() -> Outcome:
    """The heads that come with the program, and the files that it remembers.

    Raises:
        InputError: A built-in head is missing from this installation or damaged, or the list of
            remembered heads is.
    """
    facts = [_built_in_facts(load_head(head_id)) for head_id in list_heads()]
    facts += [_known_facts(known) for known in user_heads().entries()]
    columns = ("head_id", "family", "version", "n_vertices", "n_shape", "n_expression")
    rows = [
        [
            *(str(one[name]) for name in columns),
            "placed" if one["landmarks_placed"] else "not yet",
            str(one["licence"]),
            _place(one),
        ]
        for one in facts
    ]
    head = (
        *("head", "family", "version", "vertices", "shapes", "expressions"),
        *("landmarks", "licence", "file"),
    )
    return Outcome({"heads": facts}, table(head, rows, right=(3, 4, 5)))


def forget_head(head_id: str) -> Outcome:
    """Take a head off the list; its file stays where it is.

    Raises:
        InputError: It is not remembered.
        OutputError: The list cannot be written.
    """
    user_heads().forget(head_id)
    return Outcome({"forgotten": head_id}, f"forgotten: {head_id}; its file stays where it is")


def _placed(known: KnownHead) -> bool:
    """Whether the landmarks are in the cache, or came with the file."""
    if has_table(known.sha256, head_cache()):
        return True
    try:
        return LANDMARKS in npz_names(Path(known.path))
    except (InputError, OSError, ValueError):  # it is gone, or no npz
        return False


def _place(facts: dict[str, object]) -> str:
    if facts["built_in"]:
        return BUILT_IN
    return str(facts["path"]) if facts["file_there"] else f"{facts['path']} ({GONE})"


def _built_in_facts(head: HeadModel) -> dict[str, object]:
    return {
        "head_id": head.head_id,
        "family": head.meta.get("family"),
        "version": head.head_id.rsplit("-", 1)[-1],
        "n_vertices": len(head.v_template),
        "n_shape": head.n_shape,
        "n_expression": head.n_expression,
        "landmarks_placed": head.landmarks is not None,
        "licence": head.meta.get("licence"),
        "sha256": head.sha256,
        "built_in": True,
        "path": None,
        "file_there": True,
        "n_faces": len(head.faces),
        "expression_names": head.expression_names,
        "joint_names": head.joint_names,
        "activations": head.activations,
        "origin": head.meta.get("origin"),
    }


def _known_facts(known: KnownHead) -> dict[str, object]:
    return {
        "head_id": known.head_id,
        "family": known.family,
        "version": known.version,
        "n_vertices": known.n_vertices,
        "n_shape": known.n_shape,
        "n_expression": known.n_expression,
        "landmarks_placed": _placed(known),
        "licence": known.licence,
        "sha256": known.sha256,
        "built_in": False,
        "path": known.path,
        "file_there": Path(known.path).exists(),
    }
