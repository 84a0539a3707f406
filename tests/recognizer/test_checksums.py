"""A recognizer's files are those that were written, or it is not used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import torch as safe_torch

from facedyn_app.errors import InputError
from facedyn_app.recognizer.files import FILES, load_recognizer, save_recognizer
from facedyn_app.recognizer.reading import read_tensors
from tests.recognizer.conftest import made_recognizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_recognizer(tmp_path / "own")


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["weights.safetensors", "backend.safetensors"])
def test_a_flipped_bit_is_noticed(folder: Path, name: str) -> None:
    """The lowest bit of the last number: nothing but a checksum sees it."""
    size = (folder / name).stat().st_size
    flip(folder / name, size - 4)
    with pytest.raises(InputError, match=f"{name}.*its sha256 is not the one recorded"):
        load_recognizer(folder)


@pytest.mark.parametrize("name", ["config.json", "calibration.json"])
def test_a_changed_number_is_noticed(folder: Path, name: str) -> None:
    content = json.loads((folder / name).read_text())
    if name == "config.json":
        content["training"] = {"n_speakers": 1429}
    else:
        content["offset"] += 0.5
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"{name}.*its sha256 is not the one recorded"):
        load_recognizer(folder)


def test_one_of_an_earlier_program_has_none_and_gets_them(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert set(config.pop("sha256")) == set(FILES)
    (folder / "config.json").write_text(json.dumps(config))
    save_recognizer(load_recognizer(folder), tmp_path / "again")
    again = json.loads((tmp_path / "again" / "config.json").read_text())
    assert set(again["sha256"]) == set(FILES)
    load_recognizer(tmp_path / "again")


@pytest.mark.parametrize("simulated", [True, False])
def test_an_earlier_program_says_in_words_what_it_learnt_from(
    folder: Path, tmp_path: Path, *, simulated: bool
) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert config.pop("from_simulation") is True
    words = "simulated speakers" if simulated else "recordings of people, 1 of 9 sessions simulated"
    config["training"] = {"data": words}
    del config["sha256"]
    (folder / "config.json").write_text(json.dumps(config))
    earlier = load_recognizer(folder)
    assert earlier.from_simulation is simulated
    save_recognizer(earlier, tmp_path / "again")
    assert load_recognizer(tmp_path / "again").from_simulation is simulated


def test_types_that_no_recognizer_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    safe_torch.save_file({"a": torch.zeros(3, dtype=torch.float8_e4m3fn)}, path)
    with pytest.raises(InputError, match=r"w\.safetensors.*numbers of the type float8_e4m3fn"):
        read_tensors(path)
