import io
import signal

import pytest

from facedyn_app.cli.output import ProgressLine, stoppable
from facedyn_app.progress import Cancelled, Progress

STEP = Progress("working", 1, 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_next_report_stops_the_work(number: signal.Signals) -> None:
    with stoppable(ProgressLine(io.StringIO())) as report:
        report(STEP)
        signal.raise_signal(number)
        with pytest.raises(Cancelled):
            report(STEP)


def test_a_second_wish_stops_it_at_once() -> None:
    with stoppable(ProgressLine(io.StringIO())):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stoppable(ProgressLine(io.StringIO())):
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_the_caller_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable(ProgressLine(io.StringIO())) as report:
            signal.raise_signal(signal.SIGINT)
            report(STEP)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
