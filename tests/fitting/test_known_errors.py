"""What was measured on a head of the user's is part of its fits from then on."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.landmark_errors import known_errors, measured_file, write_errors
from facedyn_app.headmodel.model import HeadModel
from tests.fitting.conftest import N_READINGS, made_errors


@pytest.fixture
def own_head(face_head: HeadModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HeadModel:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    head = dataclasses.replace(face_head, sha256="0123")
    measured_file("0123").parent.mkdir(parents=True)
    return head


def test_a_measured_head_is_fitted_to_its_readings_too(own_head: HeadModel) -> None:
    before = make_fitter(own_head, FitSettings(), "cpu").head
    assert len(before.readings.rest) == 0
    errors = made_errors(own_head)
    write_errors(errors, measured_file("0123"))
    after = make_fitter(own_head, FitSettings(), "cpu").head
    assert len(after.readings.rest) == N_READINGS
    said = errors.by_expression[-N_READINGS:]
    assert after.readings.by_expression.numpy() == pytest.approx(said, rel=1e-6)
    # the first landmark's own x, then its y after all landmarks' x
    spread = np.sqrt(after.covariance.diagonal().numpy())
    n = len(errors.index)
    assert spread[[0, n]] == pytest.approx(errors.deviation[[0, 1]], rel=1e-3)


def test_another_file_of_the_same_name_is_not_taken_for_it(own_head: HeadModel) -> None:
    write_errors(made_errors(own_head), measured_file("0123"))
    assert known_errors(dataclasses.replace(own_head, sha256="4567")) is None
    assert known_errors(dataclasses.replace(own_head, sha256=None)) is None


def test_a_damaged_measurement_is_told_and_left_out(
    own_head: HeadModel, caplog: pytest.LogCaptureFixture
) -> None:
    measured_file("0123").write_bytes(b"no arrays")
    with caplog.at_level(logging.WARNING):
        assert known_errors(own_head) is None
    assert "fitted as if unmeasured" in caplog.text
