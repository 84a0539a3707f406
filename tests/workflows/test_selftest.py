from pathlib import Path

from facedyn_app.progress import ignore
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.workflows.selftest import STEPS, Trial, run_step

STEP_OF = dict(STEPS)
SLOW = ("video", "train")


def test_a_step_whose_forerunner_failed_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    trial = Trial(tmp_path, ignore)
    results = [run_step(name, step, trial) for name, step in STEPS if name not in SLOW]
    failed = {result.step: result.what for result in results if not result.ok}
    assert list(failed) == ["landmarks and fit", "session file", "identify video"]
    assert failed["landmarks and fit"] == "There is no video: an earlier step has failed."
    told = {result.step: result.what for result in results}
    assert told["identify simulated"].startswith("a new session of simulated 0: ")
    assert told["forget"] == "simulated 0 is forgotten: 2 sessions deleted"


def test_a_fitted_session_is_kept_and_compared(tmp_path: Path) -> None:
    (session,) = simulate_sessions(7, 1, 12.0)
    trial = Trial(tmp_path, ignore, session=session)
    for name in ("session file", "simulate, enrol", "identify video"):
        result = run_step(name, STEP_OF[name], trial)
        assert result.ok, result.what
