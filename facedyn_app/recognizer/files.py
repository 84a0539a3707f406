"""Files of a recognizer: a folder of tensors and JSON, nothing in it is executed.

Folder, format "facedyn-recognizer" version 3: `weights.safetensors`, `config.json`,
`backend.safetensors`, `calibration.json`. Versions before had no back-end, and what they learnt
cannot be used without one.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import numpy as safe_numpy
from safetensors import torch as safe_torch

from facedyn_app.assets import model_file
from facedyn_app.dynamics.features import feature_names
from facedyn_app.errors import InputError, OutputError
from facedyn_app.folder_files import PLAIN, FolderFiles, write_file
from facedyn_app.path_checks import check_writable
from facedyn_app.recognizer.backend import Backend, Whitening
from facedyn_app.recognizer.descriptors import live_channels, n_descriptors
from facedyn_app.recognizer.model import Recognizer, learnt_scale
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.reading import (
    CHECKSUMS,
    LARGEST_NUMBER,
    check_sums,
    damaged,
    read_json,
    read_settings,
    read_tensors,
    sha256_of_config,
)
from facedyn_app.recognizer.scoring import TAIL, Calibration, TrialsOf
from facedyn_app.records import BoolArray, FloatArray
from facedyn_app.settings import FeatureSettings, NetworkSettings
from facedyn_app.unfinished import (
    folder_mark,
    replace_folder,
    restore_folder,
    sweep_folder,
    unfinished_folder,
)

FORMAT, VERSION = "facedyn-recognizer", 4
WEIGHTS, CONFIG = "weights.safetensors", "config.json"
BACKEND, CALIBRATION = "backend.safetensors", "calibration.json"
FILES = (WEIGHTS, CONFIG, BACKEND, CALIBRATION)
MOST_READINGS = 5
_MOMENT_SECONDS = 0.01
OLD_FILES = ("cohort.safetensors",)
"""Further files in folders of older versions."""
DEFAULT_FOLDER = "recognizer"

RESTING = "resting"
"""Tensor beside those of the whitenings."""


def save_recognizer(recognizer: Recognizer, folder: Path, files: FolderFiles = PLAIN) -> None:
    """Write a recognizer's folder; it appears whole, or not at all, and a kill keeps the older one.

    Args:
        recognizer: What to save.
        folder: Where; an older recognizer there is replaced.
        files: What its files are written with.

    Raises:
        OutputError: The folder cannot be written, or holds something else.
    """
    check_recognizer_folder(folder)
    try:
        sweep_folder(folder.absolute().parent)
        with unfinished_folder(folder) as unfinished:
            _write_files(recognizer, unfinished, files)
            _open_to_readers(unfinished)
            replace_folder(unfinished, folder)
    except OSError as error:
        raise _unwritable(folder, error) from error


def check_recognizer_folder(folder: Path) -> None:
    """Make sure that a recognizer can be written to a folder, before the long work begins.

    Raises:
        OutputError: The folder's place cannot be written, or it holds something else.
    """
    restore_folder(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            _refuse_other(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        check_writable(folder.parent)
    except OSError as error:
        raise _unwritable(folder, error) from error


def load_recognizer(folder: Path, files: FolderFiles = PLAIN) -> Recognizer:
    """Read a recognizer's folder; where another program replaces it meanwhile, the new one.

    Args:
        folder: The folder.
        files: What its files are read with.

    Raises:
        InputError: A file is missing, damaged, or of a newer version; names the file.
    """
    paths = {name: folder / name for name in FILES}
    for _ in range(MOST_READINGS):
        restore_folder(folder)
        before = folder_mark(folder)
        try:
            return _load(paths, files)
        except InputError:
            if before is not None and folder_mark(folder) == before:
                raise  # it is what it was
        time.sleep(_MOMENT_SECONDS)  # between the older one and the newer there may be none
    return _load(paths, files)


def default_recognizer() -> Recognizer:
    """The recognizer that comes with the program, trained on simulated speakers.

    Raises:
        InputError: It is missing from this installation, or damaged.
    """
    return _load({name: model_file(f"{DEFAULT_FOLDER}/{name}") for name in FILES}, PLAIN)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The recognizer cannot be written to '{folder}': {error.strerror or error}.",
        "Choose another place.",
    )


def _refuse_other(folder: Path) -> None:
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {*FILES, *OLD_FILES}:
        return
    raise OutputError(
        f"'{folder}' exists already and is no recognizer; it is not overwritten.",
        "Choose another name.",
    )


def _open_to_readers(folder: Path) -> None:
    """Undo the privacy of temporary files: others may read what is shared with them."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def _write_files(recognizer: Recognizer, folder: Path, files: FolderFiles) -> None:
    weights = {k: v.detach().cpu().contiguous() for k, v in recognizer.network.state_dict().items()}
    config = {
        "format": FORMAT,
        "version": VERSION,
        "head_id": recognizer.head_id,
        "expression_names": list(recognizer.expression_names),
        "features": asdict(recognizer.features),
        "network": asdict(recognizer.sizes),
        "from_simulation": recognizer.from_simulation,
        "training": dict(recognizer.training),
        "backend_windows": recognizer.backend.n_windows,
        "metrics": dict(recognizer.metrics),
    }
    contents = {
        WEIGHTS: safe_torch.save(weights),
        BACKEND: safe_numpy.save(_backend_tensors(recognizer.backend)),
        CALIBRATION: _json_bytes(asdict(recognizer.calibration)),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    contents[CONFIG] = _json_bytes(
        {**config, CHECKSUMS: {**sums, CONFIG: sha256_of_config(config)}}
    )
    for name, content in contents.items():
        write_file(files, folder / name, content)


def _json_bytes(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _load(paths: Mapping[str, Path], files: FolderFiles) -> Recognizer:
    config = read_json(paths[CONFIG], files)
    _check_version(config, paths[CONFIG])
    features = read_settings(FeatureSettings, config.get("features"), paths[CONFIG])
    sizes = read_settings(NetworkSettings, config.get("network"), paths[CONFIG])
    conflict = sizes.conflict()
    if conflict is not None:
        raise damaged(paths[CONFIG], f"'{conflict[0]}' {conflict[1]}")
    names = config.get("expression_names")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise damaged(paths[CONFIG], "'expression_names' is no list of names")
    if not isinstance(config.get("head_id"), str):
        raise damaged(paths[CONFIG], "'head_id' is no text")
    width = len(feature_names(tuple(names), features))
    network = _network(read_tensors(paths[WEIGHTS], files), paths[WEIGHTS], width, sizes)
    n_windows = config.get("backend_windows")
    if type(n_windows) is not int or not 0 < n_windows < LARGEST_NUMBER:
        raise damaged(paths[CONFIG], "'backend_windows' is no number of windows")
    recognizer = Recognizer(
        head_id=config["head_id"],
        expression_names=tuple(names),
        features=features,
        sizes=sizes,
        network=network,
        backend=_backend(
            {k: v.float().numpy() for k, v in read_tensors(paths[BACKEND], files).items()},
            paths[BACKEND],
            live_channels(learnt_scale(network)),
            sizes.embedding,
            n_windows,
        ),
        calibration=_calibration(read_json(paths[CALIBRATION], files), paths[CALIBRATION]),
        training=_mapping(config, "training"),
        metrics=_mapping(config, "metrics"),
        from_simulation=_from_simulation(config, paths[CONFIG]),
    )
    check_sums(config, paths, CONFIG, files)  # last: what a file cannot be says more
    return recognizer


def _mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key, {})
    return value if isinstance(value, dict) else {}


def _from_simulation(config: Mapping[str, Any], path: Path) -> bool:
    stated = config.get("from_simulation")
    if stated is None:  # the first files of version 4 say it in words
        return _mapping(config, "training").get("data") == "simulated speakers"
    if not isinstance(stated, bool):
        raise damaged(path, "'from_simulation' is neither true nor false")
    return stated


def _check_version(config: Mapping[str, Any], path: Path) -> None:
    version = config.get("version")
    if config.get("format") != FORMAT or type(version) is not int:
        raise damaged(path, f"its format is not '{FORMAT}'")
    if version != VERSION:
        advice = (
            "Install a newer version of the program." if version > VERSION else "Train it again."
        )
        raise InputError(
            f"'{path}' is of version {version}; this program reads version {VERSION}.", advice
        )


def _network(
    tensors: Mapping[str, torch.Tensor], path: Path, n_features: int, sizes: NetworkSettings
) -> MotionNetwork:
    with torch.device("meta"):
        network = MotionNetwork(n_features, sizes)
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if {name: tuple(value.shape) for name, value in tensors.items()} != wanted:
        raise damaged(path, "its tensors are not those of the network in config.json")
    network.load_state_dict({k: v.float() for k, v in tensors.items()}, assign=True)
    return network.eval()


def _backend_tensors(backend: Backend) -> dict[str, FloatArray]:
    tensors: dict[str, FloatArray] = {}
    for name in ("descriptors", "network"):
        whitening: Whitening = getattr(backend, name)
        tensors[f"{name}.centre"] = np.ascontiguousarray(whitening.centre)
        tensors[f"{name}.scale"] = np.ascontiguousarray(whitening.scale)
        tensors[f"{name}.projection"] = whitening.projection.astype(np.float16)
    tensors[RESTING] = backend.resting.astype(np.uint8)
    return tensors


def _backend(
    tensors: Mapping[str, FloatArray],
    path: Path,
    live: BoolArray,
    n_embedding: int,
    n_windows: int,
) -> Backend:
    resting = tensors.get(RESTING)
    if resting is None or resting.shape != live.shape:
        raise damaged(path, f"'{RESTING}' is not of {len(live)} channels")
    return Backend(
        _whitening(path, tensors, "descriptors", n_descriptors(int(live.sum()))),
        _whitening(path, tensors, "network", n_embedding),
        resting > 0.0,
        n_windows,
    )


def _whitening(path: Path, tensors: Mapping[str, FloatArray], name: str, width: int) -> Whitening:
    parts = [tensors.get(f"{name}.{part}") for part in ("centre", "scale", "projection")]
    if any(part is None or part.shape[:1] != (width,) for part in parts):
        raise damaged(path, f"its whitening of the {name} is not of {width} numbers")
    centre, scale, projection = (part for part in parts if part is not None)
    if centre.ndim != 1 or scale.ndim != 1 or projection.ndim != 2 or not projection.shape[1]:
        raise damaged(path, f"its whitening of the {name} has other axes")
    if not (scale > 0.0).all():
        raise damaged(path, f"its whitening of the {name} has a scale that is not positive")
    return Whitening(centre, scale, projection)


def _calibration(values: Mapping[str, Any], path: Path) -> Calibration:
    numbers = [values.get(name) for name in ("weight", "duration", "offset")]
    tail = values.get("stranger_log_odds")
    if not isinstance(tail, list) or len(tail) != len(TAIL):
        raise damaged(path, f"'stranger_log_odds' needs {len(TAIL)} numbers")
    for number in (*numbers, *tail):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise damaged(path, "a coefficient is no number")
        if not -LARGEST_NUMBER < number < LARGEST_NUMBER:
            raise damaged(path, "a coefficient is out of range")
    weight, duration, offset = (float(number) for number in numbers if number is not None)
    if weight <= 0.0:
        raise damaged(path, "'weight' is not positive")
    made_on, trials = str(values.get("made_on")), values.get("trials")
    if trials not in list(TrialsOf):
        raise damaged(path, "'trials' does not say whose they were")
    quantiles = tuple(float(q) for q in tail)
    return Calibration(weight, duration, offset, quantiles, made_on, TrialsOf(trials))
