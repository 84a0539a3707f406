"""A pickle is described as Python would have read it, and never more than described."""

import contextlib
import pickle
import pickletools
import random
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.files.restricted_pickle import Call, RefusedError, describe
from facedyn_app.headmodel.model import HeadModel
from tests.headmodel.flame_files import flame_arrays, python2_pickle

PLAIN = {
    "none": None,
    "truth": [True, False],
    "numbers": [0, 255, 256, 65536, -1, 2**40, -(2**80), 0.5, -1e300],
    "text": ["", "caf\u00e9", "\u20ac", "x" * 300, "quote' \" \\ \n"],
    "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
    "nested": {"a": [{"b": ()}], 3: "three", 0.5: None},
}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_read_as_python_reads_them(protocol: int) -> None:
    assert describe(pickle.dumps(PLAIN, protocol)) == PLAIN


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_bytes_are_read(protocol: int) -> None:
    values = [b"", b"\x00\xff", b"x" * 300]
    assert describe(pickle.dumps(values, protocol)) == values


def test_something_twice_is_one_thing_twice() -> None:
    twice = ["once"]
    both = describe(pickle.dumps([twice, twice], 2))
    assert isinstance(both, list)
    assert both[0] is both[1]


def test_strings_of_python_2_are_latin_1() -> None:
    assert describe(b"(dp0\nS'k\\n'\np1\nS\"\\xe9 it's \\\\\"\np2\ns.") == {"k\n": "\u00e9 it's \\"}
    assert describe(b"\x80\x02U\x03\xe9\x00\xff.") == "\u00e9\x00\u00ff"
    assert describe(b"\x80\x02T\x01\x00\x00\x00\xe9.") == "\u00e9"


@pytest.mark.parametrize("text", [rb"S'\D'", rb"S'\777'", rb"S'\x4'", b"S'\\'", b"S'unended"])
def test_strings_that_python_2_never_wrote_are_damage(text: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        describe(text + b"\n0N.")


def test_a_call_is_written_down_and_not_made() -> None:
    call = describe(b"cchumpy.ch\nCh\n)\x81}U\x01xK\x05sb.")
    assert isinstance(call, Call)
    assert (call.kind, call.args, call.state) == ("chumpy", (), {"x": 5})


@pytest.mark.parametrize("protocol", range(6))
def test_pythons_own_pickle_of_a_function_is_refused(protocol: int) -> None:
    with pytest.raises(RefusedError, match=r"'(__builtin__|builtins)\.eval' is not something"):
        describe(pickle.dumps({"v_template": eval}, protocol))


def test_files_with_any_bytes_changed_are_refused_or_read(
    tiny_head: HeadModel, tmp_path: Path
) -> None:
    rng = random.Random(0)
    arrays = flame_arrays(tiny_head)
    path = tmp_path / "changed"
    for whole in (python2_pickle(arrays), pickle.dumps(arrays, 2), pickle.dumps(arrays, 5)):
        starts = [start or 0 for _, _, start in pickletools.genops(whole)]
        for _ in range(60):
            content = bytearray(whole)
            for _ in range(rng.choice((1, 1, 3))):
                place = rng.choice(starts) + rng.randrange(12)
                content[min(place, len(content) - 1)] = rng.randrange(256)
            path.write_bytes(content)
            with contextlib.suppress(InputError):
                assert load_head(path).v_template.shape == (62, 3)
