"""Settings say what they may be, are kept between starts, and refuse what they cannot be."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.limits import fault, limits_of, settings_of
from facedyn_app.settings import (
    MEAN_NOISE,
    LandmarkSettings,
    NetworkSettings,
    Settings,
    TrustSettings,
)
from facedyn_app.settings_file import changed, read_settings, write_settings

STAGES = [getattr(Settings(), stage.name) for stage in fields(Settings)]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: type(stage).__name__)
def test_every_setting_has_a_name_a_range_a_meaning_and_a_default_within(stage: object) -> None:
    items = settings_of(stage)
    assert {item.name for item in items} == set(stage.__slots__)  # type: ignore[attr-defined]
    for item in items:
        assert limits_of(item).words
        assert limits_of(item).meaning.endswith(".")
        assert fault(item, getattr(stage, item.name)) == ""


def _item(kind: type, name: str):  # type: ignore[no-untyped-def]
    return next(item for item in settings_of(kind) if item.name == name)


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        (LandmarkSettings, "max_faces", 9, "a whole number from 1 to 8 faces"),
        (LandmarkSettings, "max_faces", 2.5, "a whole number from 1 to 8 faces"),
        (LandmarkSettings, "max_faces", True, "a whole number from 1 to 8 faces"),
        (FitSettings, "max_yaw_deg", 4.9, "a number from 5 to 90 degrees"),
        (FitSettings, "max_yaw_deg", float("nan"), "a number from 5 to 90 degrees"),
        (FitSettings, "max_yaw_deg", "60", "a number from 5 to 90 degrees"),
        (FitSettings, "jaw_sd", (0.2, 0.05), "3 numbers, each from 0.001 to 1 rad"),
        (FitSettings, "jaw_sd", [0.2, 0.05, 2.0], "3 numbers, each from 0.001 to 1 rad"),
    ],
)
def test_what_a_setting_cannot_be_is_said_with_its_range(
    kind: type, name: str, value: object, words: str
) -> None:
    assert fault(_item(kind, name), value) == f"must be {words}"


def test_what_was_changed_is_kept_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.json"
    assert read_settings(path) == Settings()
    fit = replace(FitSettings(), max_yaw_deg=45.0, jaw_sd=(0.1, 0.1, 0.1))
    landmarks = LandmarkSettings(mirrored_mean=False)
    wanted = replace(Settings(), landmarks=landmarks, fit=fit)
    write_settings(wanted, path)
    assert read_settings(path) == wanted
    kept = json.loads(path.read_text())
    assert set(kept) == {"format", "version", "landmarks", "fit"}
    assert kept["landmarks"] == {"mirrored_mean": False}
    assert kept["fit"] == {"max_yaw_deg": 45.0, "jaw_sd": [0.1, 0.1, 0.1]}
    assert changed(Settings()) == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON file"),
        ('{"format": "other"}', "format"),
        ('{"format": "facedyn-settings", "version": 2}', "newer program"),
        ('{"format": "facedyn-settings", "version": 1, "fit": 3}', "'fit' is no JSON object"),
        (
            '{"format": "facedyn-settings", "version": 1, "fit": {"max_yaw_deg": 500}}',
            r"'Most turn of the head' \(max_yaw_deg\) must be a number from 5 to 90 degrees",
        ),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    with pytest.raises(InputError, match=words):
        read_settings(path)


def test_settings_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_settings(Settings(), tmp_path / "file" / "settings.json")


def test_the_mean_with_the_mirrored_picture_errs_less_where_the_engine_takes_it() -> None:
    own = LandmarkSettings(engine="mediapipe")
    for landmarks in (own, LandmarkSettings(mirrored_mean=False)):
        settings = Settings(landmarks=landmarks)
        assert not landmarks.takes_mean
        assert settings.fit_of_landmarks == settings.fit
    mean = replace(Settings(), fit=FitSettings(known_noise=2.0))
    assert mean.landmarks.takes_mean
    assert mean.fit_of_landmarks == FitSettings(known_noise=2.0 * MEAN_NOISE)


def test_the_engine_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    wanted = Settings(landmarks=LandmarkSettings(engine="mediapipe"))
    write_settings(wanted, path)
    assert read_settings(path) == wanted
    assert fault(_item(LandmarkSettings, "engine"), "dlib") == "must be bundle or mediapipe"


def test_sizes_that_do_not_go_together_are_told() -> None:
    assert NetworkSettings().conflict() is None
    assert NetworkSettings(kernel=14).conflict() == ("kernel", "must be an odd number")
    wrong = NetworkSettings(width=100, n_heads=3).conflict()
    assert wrong is not None
    assert wrong[0] == "width"
    assert TrustSettings().conflict() is None
    wrong = TrustSettings(min_seconds=2.0).conflict()
    assert wrong is not None
    assert wrong[0] == "unusable_seconds"
