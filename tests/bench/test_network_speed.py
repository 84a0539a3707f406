from facedyn_app.bench.speed import measure_forward
from facedyn_app.settings import NetworkSettings


def test_the_forward_pass_is_timed_beside_torchs_own() -> None:
    stages: list[str] = []
    found = measure_forward(
        NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=8),
        n_windows=4,
        n_frames=40,
        n_repeats=2,
        on_progress=lambda progress: stages.append(progress.stage),
    )
    assert len(stages) == 6
    assert min(found.network, found.transformer, found.full_rate) > 0.0
    assert (found.n_windows, found.n_frames, found.device) == (4, 40, "cpu")
