import math

import numpy as np
import pytest
import torch

from facedyn_app.recognizer.batches import Augmentation, augment
from facedyn_app.recognizer.blocks import (
    ChannelDropout,
    RelativeSelfAttention,
    Subsampling,
    relative_positions,
)
from facedyn_app.recognizer.network import AttentiveStatistics, BatchStandardised, MotionNetwork
from facedyn_app.recognizer.trainee import supervised_contrastive_loss
from facedyn_app.settings import NetworkSettings

SMALL = NetworkSettings(width=16, n_blocks=2, n_heads=2, kernel=5, embedding=8, dropout=0.0)


def sinusoid(distance: int, width: int) -> torch.Tensor:
    values = []
    for pair in range(width // 2):
        angle = distance / 10000.0 ** (2 * pair / width)
        values += [math.sin(angle), math.cos(angle)]
    return torch.tensor(values, dtype=torch.float64)


def test_attention_matches_an_explicit_matrix() -> None:
    torch.manual_seed(0)
    n_steps, width, n_heads = 7, 8, 2
    layer = RelativeSelfAttention(width, n_heads, dropout=0.0).double().eval()
    torch.nn.init.normal_(layer.content_bias)
    torch.nn.init.normal_(layer.position_bias)
    x = torch.randn(1, n_steps, width, dtype=torch.float64)
    query, key, value = layer.query_key_value(layer.norm(x[0])).chunk(3, dim=1)
    mixed = torch.zeros(n_steps, width, dtype=torch.float64)
    size = width // n_heads
    for head in range(n_heads):
        part = slice(head * size, (head + 1) * size)
        scores = torch.zeros(n_steps, n_steps, dtype=torch.float64)
        for i in range(n_steps):
            for j in range(n_steps):
                far = layer.position(sinusoid(i - j, width))[part]
                scores[i, j] = (query[i, part] + layer.content_bias[head]) @ key[j, part]
                scores[i, j] += (query[i, part] + layer.position_bias[head]) @ far
        mixed[:, part] = torch.softmax(scores / math.sqrt(size), dim=1) @ value[:, part]
    torch.testing.assert_close(layer(x)[0], layer.out(mixed), rtol=1e-10, atol=1e-12)


def test_relative_positions_run_from_far_ahead_to_far_behind() -> None:
    table = relative_positions(4, 6, torch.zeros((), dtype=torch.float64))
    assert table.shape == (7, 6)
    for row, distance in enumerate(range(3, -4, -1)):
        torch.testing.assert_close(table[row], sinusoid(distance, 6))


def test_subsampling_keeps_a_step_for_four_frames() -> None:
    layer = Subsampling(5, 8)
    for n_frames in (8, 100, 125, 250):
        assert layer(torch.zeros(2, n_frames, 5)).shape == (2, math.ceil(n_frames / 4), 8)


def test_pooling_gives_weighted_mean_and_deviation() -> None:
    torch.manual_seed(0)
    layer = AttentiveStatistics(3, 4).double()
    h = torch.randn(2, 6, 3, dtype=torch.float64)
    with torch.no_grad():
        weights = torch.softmax(layer.score(h), dim=1)
        pooled = layer(h)
    for b in range(2):
        for c in range(3):
            mean = sum(weights[b, t, c] * h[b, t, c] for t in range(6))
            square = sum(weights[b, t, c] * h[b, t, c] ** 2 for t in range(6))
            assert pooled[b, c].item() == pytest.approx(float(mean))
            deviation = math.sqrt(float(square - mean**2) + 1e-5)
            assert pooled[b, 3 + c].item() == pytest.approx(deviation)


def test_pooling_of_something_constant_has_no_deviation() -> None:
    pooled = AttentiveStatistics(3, 4)(torch.ones(1, 9, 3))
    torch.testing.assert_close(pooled[0, :3], torch.ones(3))
    assert pooled[0, 3:].max().item() < 0.01


def test_statistics_are_standardised_as_a_batchnorm_does_it() -> None:
    torch.manual_seed(0)
    mine, theirs = BatchStandardised(5), torch.nn.BatchNorm1d(5, affine=False)
    for _ in range(60):
        x = 3.0 * torch.randn(64, 5) + 2.0
        torch.testing.assert_close(mine(x), theirs(x), rtol=1e-4, atol=1e-4)
    x = torch.randn(4, 5)
    torch.testing.assert_close(mine.eval()(x), theirs.eval()(x), rtol=2e-2, atol=2e-2)


def test_a_channel_that_never_moved_in_training_is_not_seen() -> None:
    torch.manual_seed(0)
    network = MotionNetwork(6, SMALL).eval()
    scale = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    windows = torch.randn(20, 60, 6)
    windows[..., [1, 4]] = 0.0
    network.fit_normalisation(scale, windows)
    alive = windows.clone()
    alive[..., [1, 4]] = 100.0 * torch.randn(20, 60, 2)
    torch.testing.assert_close(network(alive), network(windows))


def test_embeddings_have_length_one_for_any_window_length() -> None:
    network = MotionNetwork(6, SMALL).eval()
    for n_frames in (20, 100, 250):
        embedded = network(torch.randn(3, n_frames, 6))
        assert embedded.shape == (3, 8)
        torch.testing.assert_close(embedded.norm(dim=1), torch.ones(3))


def test_a_window_is_embedded_alone_as_in_a_batch() -> None:
    network = MotionNetwork(6, SMALL).eval()
    windows = torch.randn(5, 60, 6)
    together = network(windows)
    alone = torch.cat([network(window[None]) for window in windows])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_network_settles_on_what_is_usual() -> None:
    network = MotionNetwork(6, SMALL).eval()
    scale = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    windows = 0.5 * torch.randn(100, 60, 6) * scale
    network.fit_normalisation(scale, windows)
    torch.testing.assert_close(network.scale, scale)
    coherencies = network.coordination(windows[..., 3:] / scale[3:])
    assert coherencies.mean(dim=0).abs().max() < 1e-3


def test_timing_alone_tells_windows_apart() -> None:
    torch.manual_seed(0)
    network = MotionNetwork(6, SMALL).eval()
    with torch.no_grad():
        for parameter in network.embedding.parameters():
            parameter.zero_()
    base = 0.3 * torch.randn(1, 80, 1)
    together = base.repeat(1, 1, 6)
    lagged = torch.cat([together[..., :5], together[..., 5:].roll(2, dims=1)], dim=2)
    same, other = network(torch.cat([together, 3.0 * together])), network(lagged)
    torch.testing.assert_close(same[0], same[1], rtol=1e-3, atol=1e-3)
    assert (same[0] - other[0]).norm() > 0.05


def test_dropout_silences_whole_channels() -> None:
    torch.manual_seed(0)
    dropped = ChannelDropout(0.5)(torch.ones(4, 30, 40))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(dropped.std(dim=1), torch.zeros(4, 40))
    assert ChannelDropout(0.5).eval()(torch.ones(1, 2, 3)).eq(1.0).all()


def test_supcon_matches_explicit_loops() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((7, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels, tau = [0, 0, 1, 1, 1, 2, 3], 0.1
    losses = []
    for i, own in enumerate(labels):
        positives = [p for p in range(7) if p != i and labels[p] == own]
        if not positives:
            continue
        total = sum(math.exp(vectors[i] @ vectors[a] / tau) for a in range(7) if a != i)
        shares = [math.log(math.exp(vectors[i] @ vectors[p] / tau) / total) for p in positives]
        losses.append(-sum(shares) / len(shares))
    found = supervised_contrastive_loss(torch.tensor(vectors), torch.tensor(labels), tau)
    assert found.item() == pytest.approx(sum(losses) / len(losses), abs=1e-12)


def test_supcon_gradient_is_right() -> None:
    torch.manual_seed(0)
    raw = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 0, 1, 1, 2, 3])

    def loss(x: torch.Tensor) -> torch.Tensor:
        return supervised_contrastive_loss(torch.nn.functional.normalize(x, dim=1), labels, 0.2)

    assert torch.autograd.gradcheck(loss, (raw,))


def test_supcon_without_positives_is_zero() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(3, 4), dim=1).requires_grad_()
    loss = supervised_contrastive_loss(vectors, torch.tensor([0, 1, 2]), 0.1)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert vectors.grad is not None
    assert not vectors.grad.isnan().any()


NOTHING = Augmentation(noise=0.0, drop=0.0, stretch=0.0, recentre_share=0.0)


def augmented(windows: torch.Tensor, augmentation: Augmentation) -> torch.Tensor:
    scale = torch.ones(windows.shape[2])
    return augment(windows, scale, 25.0, augmentation, torch.Generator().manual_seed(0))


def test_no_augmentation_changes_nothing() -> None:
    windows = torch.randn(2, 50, 4)
    torch.testing.assert_close(augmented(windows, NOTHING), windows)


def test_velocities_stay_those_of_their_channels() -> None:
    t = torch.arange(100) / 25.0
    channels = torch.stack([torch.sin(t), torch.cos(2 * t)], dim=1)[None]
    velocity = torch.gradient(channels, spacing=1 / 25.0, dim=1)[0]
    windows = torch.cat([channels, velocity], dim=2)
    strong = Augmentation(noise=0.5, drop=0.0, stretch=0.2, recentre_share=1.0)
    changed = augmented(windows, strong)
    again = torch.gradient(changed[..., :2], spacing=1 / 25.0, dim=1)[0]
    torch.testing.assert_close(changed[:, 15:85, 2:], again[:, 15:85], atol=0.05, rtol=0.05)
    assert not torch.allclose(changed, windows, atol=0.1)


def test_what_does_not_move_gets_no_noise() -> None:
    windows = torch.randn(4, 30, 6)
    windows[1, :, [1, 4]] = 0.0
    noisy = augmented(windows, Augmentation(0.5, 0.0, 0.0, 0.0))
    assert (noisy[1][:, [1, 4]] == 0.0).all()
    assert not torch.allclose(noisy[0], windows[0], atol=0.01)


def test_dropped_channels_fall_silent_with_their_velocities() -> None:
    changed = augmented(torch.randn(4, 30, 20), Augmentation(0.0, 0.5, 0.0, 0.0))
    silent = (changed == 0).all(dim=1)
    assert 5 <= silent[:, :10].sum().item() <= 35
    assert torch.equal(silent[:, :10], silent[:, 10:])
