"""The face models as torch modules, in batches on any device.

Tensors keep the files' order of axes, batch first and channels last; axis 0, which is 1 in the
files, may have any length. Meanings are those of the TensorFlow Lite operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from ai_edge_litert.schema_py_generated import ActivationFunctionType, BuiltinOperator, Padding
from torch import Tensor, nn
from torch.nn import functional

from facedyn_app.errors import InputError
from facedyn_app.landmarks.layers import Conv, MaxPool, PRelu
from facedyn_app.landmarks.tflite import Graph, Operation

Call = Callable[..., Tensor]
# What these make shares no memory with what they are made of.
_FRESH = (BuiltinOperator.CONV_2D, BuiltinOperator.DEPTHWISE_CONV_2D)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One operation: what is called, with which tensors, and which are not needed after it."""

    call: Call
    inputs: tuple[int, ...]
    output: int
    done_with: tuple[int, ...]


class GraphNetwork(nn.Module):
    """A graph as a torch module: given its inputs, it returns its outputs.

    Args:
        graph: What the file says.

    Raises:
        InputError: The graph uses an operation that is not known here.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._inputs, self._outputs = graph.inputs, graph.outputs
        self._layers = nn.ModuleList()
        self._constants = nn.ParameterDict()
        last_use = {n: i for i, op in enumerate(graph.operations) for n in op.inputs}
        self._steps = []
        made: dict[int, int] = {}
        for i, op in enumerate(graph.operations):
            inputs = self._tensors(op, graph)
            done = {n for n in inputs if last_use[n] == i and n not in self._outputs}
            call = self._call(op, graph)
            if (
                op.code == BuiltinOperator.ADD
                and made.get(inputs[1]) in _FRESH
                and inputs[1] in done
            ):
                call = _add_to_second
            made[op.output] = op.code
            self._steps.append(_Step(call, inputs, op.output, tuple(done)))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the file's order; the file's axis 0 is the batch."""
        values = dict(zip(self._inputs, inputs, strict=True))
        values.update((int(name), constant) for name, constant in self._constants.items())
        for step in self._steps:
            values[step.output] = step.call(*(values[n] for n in step.inputs))
            for n in step.done_with:
                del values[n]
        return tuple(values[n] for n in self._outputs)

    def _tensors(self, op: Operation, graph: Graph) -> tuple[int, ...]:
        """The tensors an operation is called with; constants among them stay with the module."""
        if op.code not in _PLAIN and op.code != BuiltinOperator.CONCATENATION:
            return op.inputs[:1]
        for n in op.inputs:
            if n in graph.constants and str(n) not in self._constants:
                self._constants[str(n)] = _parameter(graph.constants[n])
        return op.inputs

    def _call(self, op: Operation, graph: Graph) -> Call:
        if op.code in _PLAIN:
            return _PLAIN[op.code]
        if op.code not in _MADE:
            names = {code: name for name, code in vars(BuiltinOperator).items()}
            name = names.get(op.code, f"number {op.code}")
            raise InputError(f"The operation {name} of a face model is not known here.")
        call = _MADE[op.code](op, graph)
        if isinstance(call, nn.Module):
            self._layers.append(call)
        return call


def _parameter(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.array(values)), requires_grad=False)


def _conv(op: Operation, graph: Graph) -> Call:
    depthwise = op.code == BuiltinOperator.DEPTHWISE_CONV_2D
    weight, bias = (torch.from_numpy(np.array(graph.constants[n])) for n in op.inputs[1:3])
    return Conv(
        weight,
        bias,
        op.options.strideW,
        same=op.options.padding == Padding.SAME,
        depthwise=depthwise,
        relu=op.options.fusedActivationFunction == ActivationFunctionType.RELU,
    )


def _prelu(op: Operation, graph: Graph) -> Call:
    return PRelu(torch.from_numpy(graph.constants[op.inputs[1]].reshape(-1)))


def _max_pool(op: Operation, _graph: Graph) -> Call:
    return MaxPool(op.options.filterWidth)


def _pad(op: Operation, graph: Graph) -> Call:
    per_axis = graph.constants[op.inputs[1]].tolist()
    widths = [int(n) for before_after in reversed(per_axis) for n in before_after]
    return lambda x: functional.pad(x, widths)


def _reshape(op: Operation, graph: Graph) -> Call:
    shape = graph.shapes[op.output][1:]
    return lambda x: x.reshape(-1, *shape)


def _transpose(op: Operation, graph: Graph) -> Call:
    order = [int(n) for n in graph.constants[op.inputs[1]]]
    return lambda x: x.permute(order)


def _over_axes(reduce: Call) -> Callable[[Operation, Graph], Call]:
    def make(op: Operation, graph: Graph) -> Call:
        axes = [int(n) for n in graph.constants[op.inputs[1]].reshape(-1)]
        return lambda x: reduce(x, axes, keepdim=True)

    return make


def _slice(op: Operation, graph: Graph) -> Call:
    """A part of every axis but the batch, which is kept whole."""
    n_axes = len(graph.shapes[op.inputs[0]])
    begin, end = (graph.constants[n].tolist() for n in op.inputs[1:3])
    masks = op.options.beginMask, op.options.endMask
    parts = [slice(None)]
    for axis in range(1, n_axes):
        low = None if masks[0] >> axis & 1 else int(begin[axis])
        high = None if masks[1] >> axis & 1 else int(end[axis])
        parts.append(slice(low, high))
    return lambda x: x[tuple(parts)]


def _concatenate(op: Operation, _graph: Graph) -> Call:
    axis = op.options.axis

    def concatenate(*parts: Tensor) -> Tensor:
        n = max(part.shape[0] for part in parts)
        return torch.cat([part.expand(n, *part.shape[1:]) for part in parts], axis)

    return concatenate


def _add_to_second(a: Tensor, b: Tensor) -> Tensor:
    return b.add_(a)


def _squared_difference(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square_()


_PLAIN: dict[int, Call] = {
    BuiltinOperator.ADD: torch.add,
    BuiltinOperator.SUB: torch.sub,
    BuiltinOperator.MUL: torch.mul,
    BuiltinOperator.DIV: torch.div,
    BuiltinOperator.SQUARED_DIFFERENCE: _squared_difference,
    BuiltinOperator.NEG: torch.neg,
    BuiltinOperator.SQRT: torch.sqrt,
    BuiltinOperator.RSQRT: torch.rsqrt,
    BuiltinOperator.RELU: torch.relu,
    BuiltinOperator.LOGISTIC: torch.sigmoid,
}
_MADE: dict[int, Callable[[Operation, Graph], Call]] = {
    BuiltinOperator.CONV_2D: _conv,
    BuiltinOperator.DEPTHWISE_CONV_2D: _conv,
    BuiltinOperator.PRELU: _prelu,
    BuiltinOperator.MAX_POOL_2D: _max_pool,
    BuiltinOperator.PAD: _pad,
    BuiltinOperator.RESHAPE: _reshape,
    BuiltinOperator.TRANSPOSE: _transpose,
    BuiltinOperator.MEAN: _over_axes(torch.mean),
    BuiltinOperator.SUM: _over_axes(torch.sum),
    BuiltinOperator.STRIDED_SLICE: _slice,
    BuiltinOperator.CONCATENATION: _concatenate,
}
