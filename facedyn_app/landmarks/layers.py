"""Layers of the face models that carry weights or shape pictures; tensors are (B, H, W, C)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# A slope per channel is slow on 8 channels: rows are read as if they had up to so many.
_WIDE = 512
# Up to this height of picture a 1x1 convolution is quicker as a product of matrices.
_SMALL = 8


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after that keep ceil(size / stride) results, the odd one behind."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Conv(nn.Module):
    """A convolution with bias; every channel by itself where `depthwise`.

    On processors with oneDNN the weights are laid out once for each size of input, which makes
    thin layers several times faster than torch's own call does.

    Args:
        weight: (out, height, width, in) as the files have it; (1, height, width, channels) where
            `depthwise`.
        bias: (out,).
        stride: Step, the same both ways.
        same: Whether the border is padded with zeros so that only the stride makes it smaller.
        depthwise: Whether every channel has a kernel of its own.
        relu: Whether negative results become 0.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, stride: int, *, same: bool, depthwise: bool, relu: bool
    ) -> None:
        super().__init__()
        order = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        self.weight = nn.Parameter(weight.permute(order).contiguous(), requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)
        self._stride, self._same, self._relu = stride, same, relu
        self._groups = self.weight.shape[0] if depthwise else 1
        self._packed: dict[tuple[int, ...], Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, in) to (B, H', W', out)."""
        kernel = self.weight.shape[2]
        if kernel == 1 and self._stride == 1 and self._groups == 1 and x.shape[1] <= _SMALL:
            return self._after(functional.linear(x, self.weight[:, :, 0, 0], self.bias))
        before, after = self._padding(x.shape[1], kernel)
        x = x.permute(0, 3, 1, 2)
        if before != after:
            x = functional.pad(x, (before, after, before, after))
            before = 0
        return self._convolve(x, before).permute(0, 2, 3, 1)

    def _padding(self, size: int, kernel: int) -> tuple[int, int]:
        return same_padding(size, kernel, self._stride) if self._same else (0, 0)

    def _convolve(self, x: Tensor, padding: int) -> Tensor:
        if x.device.type != "cpu" or not _has_onednn():
            weight, bias = self.weight, self.bias
            return self._after(
                functional.conv2d(x, weight, bias, self._stride, padding, 1, self._groups)
            )
        pads, strides, ones = [padding, padding], [self._stride, self._stride], [1, 1]
        packed = self._packed.get(tuple(x.shape))
        if packed is None:
            packed = torch.ops.mkldnn._reorder_convolution_weight(
                self.weight, pads, strides, ones, self._groups, list(x.shape)
            )
            self._packed[tuple(x.shape)] = packed
        after = "relu" if self._relu else "none"
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, packed, self.bias, pads, strides, ones, self._groups, after, [], ""
        )
        return y

    def _after(self, y: Tensor) -> Tensor:
        return y.relu_() if self._relu else y


def _has_onednn() -> bool:
    return bool(torch._C._has_mkldnn) and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class PRelu(nn.Module):
    """x where positive, else the channel's slope times x.

    Args:
        slope: (C,).
    """

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to the same shape."""
        repeat, channels = 1, x.shape[3]
        while 2 * repeat * channels <= _WIDE and x.shape[2] % (2 * repeat) == 0:
            repeat *= 2
        slope = self.slope.repeat(repeat)
        return functional.prelu(x.reshape(-1, repeat * channels), slope).view(x.shape)


class MaxPool(nn.Module):
    """The largest of every square of `size` pixels.

    Args:
        size: Side of a square and step, px.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to (B, H / size, W / size, C)."""
        return functional.max_pool2d(x.permute(0, 3, 1, 2), self._size).permute(0, 2, 3, 1)
