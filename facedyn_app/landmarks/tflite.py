"""Graphs of `.tflite` files, constants and operations in order, read with LiteRT's own schema."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.schema_py_generated import BuiltinOperator, ModelT, TensorType

from facedyn_app.errors import InputError

Constant = npt.NDArray[Any]
_IDENTIFIER = b"TFL3"
_DTYPES: dict[int, type[np.generic]] = {
    TensorType.FLOAT32: np.float32,
    TensorType.FLOAT16: np.float16,
    TensorType.INT32: np.int32,
}


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a graph.

    Attributes:
        code: What is done, a number of the schema's `BuiltinOperator`.
        inputs: Numbers of the tensors that go in.
        output: Number of the tensor that comes out.
        options: Its options, of the schema's class for them; None where it has none.
    """

    code: int
    inputs: tuple[int, ...]
    output: int
    options: Any


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The one graph of a file; tensors have numbers.

    Attributes:
        shapes: Shape of every tensor, batch first where it has one.
        constants: Values of the tensors that are given by the file, float16 as float32.
        operations: What is done, in order.
        inputs: Tensors that are given by the caller.
        outputs: Tensors that are the result.
    """

    shapes: tuple[tuple[int, ...], ...]
    constants: Mapping[int, Constant]
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(data: bytes, name: str) -> Graph:
    """Read a `.tflite` file.

    Args:
        data: The file's bytes.
        name: What to call it in an error.

    Raises:
        InputError: The bytes are no such file, or use what this program does not know.
    """
    if data[4:8] != _IDENTIFIER:
        raise InputError(f"The model '{name}' is no TensorFlow Lite file.")
    try:
        return _graph(ModelT.InitFromPackedBuf(data))
    # the last two where a field is missing, for which the schema's classes have None
    except (struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"The model '{name}' is damaged, or is of a kind this program does not know."
        ) from error


def _graph(model: Any) -> Graph:
    # An operation's number outgrew its byte: old files leave the new field at 0.
    codes = [max(c.deprecatedBuiltinCode, c.builtinCode) for c in model.operatorCodes]
    (graph,) = model.subgraphs
    shapes = tuple(_numbers(tensor.shape) for tensor in graph.tensors)
    constants: dict[int, Constant] = {}
    for number, tensor in enumerate(graph.tensors):
        content = model.buffers[tensor.buffer].data
        if content is not None:
            constants[number] = _constant(content, tensor.type, shapes[number])
    operations = []
    for entry in graph.operators:
        (output,), inputs = _numbers(entry.outputs), _numbers(entry.inputs)
        code = codes[entry.opcodeIndex]
        if code == BuiltinOperator.DEQUANTIZE:
            constants[output] = constants[inputs[0]]
        else:
            operations.append(Operation(code, inputs, output, entry.builtinOptions))
    ends = _numbers(graph.inputs), _numbers(graph.outputs)
    return Graph(shapes, constants, tuple(operations), *ends)


def _numbers(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(n) for n in values)


def _constant(content: npt.NDArray[np.uint8], kind: int, shape: tuple[int, ...]) -> Constant:
    values = content.view(_DTYPES[kind]).reshape(shape)
    return values.astype(np.float32 if values.dtype.kind == "f" else np.int64)
