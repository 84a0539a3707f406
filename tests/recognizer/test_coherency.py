import cmath
import math

import numpy as np
import pytest
import torch

from facedyn_app.recognizer.blocks import N_FRAMES, ChannelCoherency, wavelets

RATE_HZ = 25.0


def swings(frequency_hz: float, lag_s: float, gain: float) -> torch.Tensor:
    """(T,) a swing that comes later by a lag."""
    seconds = torch.arange(250, dtype=torch.float64) / RATE_HZ
    return gain * torch.sin(2 * math.pi * frequency_hz * (seconds - lag_s))


def test_coherencies_match_explicit_loops() -> None:
    torch.manual_seed(0)
    layer = ChannelCoherency(3, n_bands=2, n_mixtures=2).double()
    x = torch.randn(1, 50, 3, dtype=torch.float64)
    filters = layer.filters.detach()[:, 0].numpy()
    padded = np.pad(x[0].numpy(), ((N_FRAMES // 2, N_FRAMES // 2), (0, 0)))
    wanted = np.zeros((2, 3, 2), complex)
    for k in range(2):
        kernel = filters[k] + 1j * filters[2 + k]
        z = np.array([[kernel @ padded[t : t + N_FRAMES, c] for c in range(3)] for t in range(50)])
        m = z @ layer.mixtures.detach().numpy().T
        for c in range(3):
            for r in range(2):
                cross = sum(z[t, c] * m[t, r].conjugate() for t in range(50))
                power = sum(abs(z[t, c]) ** 2 for t in range(50))
                wanted[k, c, r] = cross / math.sqrt(power * sum(abs(m[:, r]) ** 2))
    found = layer.coherencies(x)[0].detach().numpy()
    np.testing.assert_allclose(found[:12], wanted.real.ravel(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found[12:], wanted.imag.ravel(), rtol=0, atol=1e-9)


def test_a_lag_is_the_phase_and_no_gain_changes_it() -> None:
    layer = ChannelCoherency(2, n_bands=5, n_mixtures=1).double()
    with torch.no_grad():
        layer.mixtures.copy_(torch.tensor([[1.0, 0.0]]))
    middles = torch.logspace(math.log10(0.028), math.log10(0.36), 5) * RATE_HZ
    frequency_hz, lag_s = float(middles[2]), 0.03
    found = []
    for gain in (1.0, 7.0):
        pair = [swings(frequency_hz, 0.0, 2.0), swings(frequency_hz, lag_s, gain)]
        values = layer.coherencies(torch.stack(pair, dim=1)[None])[0]
        real, imaginary = values.view(2, 5, 2, 1)[:, 2, 1, 0].tolist()
        found.append(complex(real, imaginary))
    assert abs(found[0]) == pytest.approx(1.0, abs=0.01)
    assert cmath.phase(found[0]) == pytest.approx(2 * math.pi * frequency_hz * lag_s, abs=0.01)
    assert found[1] == pytest.approx(found[0], abs=1e-6)


def test_a_still_channel_has_no_coherency() -> None:
    layer = ChannelCoherency(2, n_bands=3, n_mixtures=2)
    x = torch.zeros(1, 100, 2)
    x[0, :, 1] = swings(3.0, 0.0, 1.0).float()[:100]
    values = layer.coherencies(x).view(2, 3, 2, 2)
    assert torch.isfinite(values).all()
    assert values[:, :, 0].abs().max() < 1e-3


def test_wavelets_do_not_see_a_constant() -> None:
    filters = wavelets(6)
    assert filters.shape == (12, N_FRAMES)
    assert filters.sum(dim=1).abs().max() < 1e-5
    lengths = filters.view(2, 6, N_FRAMES).square().sum((0, 2))
    torch.testing.assert_close(lengths, torch.ones(6))


def test_usual_coherencies_become_numbers_about_zero_of_unit_spread() -> None:
    torch.manual_seed(0)
    layer = ChannelCoherency(4, n_bands=3, n_mixtures=2)
    x = torch.randn(200, 60, 4) + torch.randn(200, 60, 1)
    layer.learn_normalisation(x)
    found = layer(x)
    assert found.mean(dim=0).abs().max() < 1e-3
    torch.testing.assert_close(found.std(dim=0, correction=0), torch.ones(layer.n_out))
