"""`facedyn heads`: the head models that come with the program."""

from __future__ import annotations

from collections.abc import Mapping

from facedyn_app.cli.tables import table
from facedyn_app.cli.verb import Outcome
from facedyn_app.headmodel.io import list_heads, load_head
from facedyn_app.headmodel.model import HeadModel


def list_all_heads() -> Outcome:
    """The heads that come with the program.

    Raises:
        InputError: One is missing from this installation, or damaged.
    """
    facts = [head_facts(load_head(head_id)) for head_id in list_heads()]
    columns = ("head_id", "n_vertices", "n_shape", "n_expression", "licence")
    rows = [[str(one[name]) for name in columns] for one in facts]
    head = ("head", "vertices", "shapes", "expressions", "licence")
    return Outcome({"heads": facts}, table(head, rows, right=(1, 2, 3)))


def head_facts(head: HeadModel) -> Mapping[str, object]:
    """What a head is, for scripts."""
    return {
        "head_id": head.head_id,
        "family": head.meta.get("family"),
        "n_vertices": len(head.v_template),
        "n_faces": len(head.faces),
        "n_shape": head.n_shape,
        "n_expression": head.n_expression,
        "expression_names": head.expression_names,
        "joint_names": head.joint_names,
        "activations": head.activations,
        "landmarks_placed": head.landmarks is not None,
        "licence": head.meta.get("licence"),
        "origin": head.meta.get("origin"),
        "sha256": head.sha256,
    }
