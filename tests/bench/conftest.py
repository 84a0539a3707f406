"""What the benchmarks' tests share: the head that they measure with."""

import pytest

from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel


@pytest.fixture(scope="session")
def head() -> HeadModel:
    return load_head("open-head-1")
