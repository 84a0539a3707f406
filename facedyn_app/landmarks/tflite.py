"""What a `.tflite` file says: constants and the operations in order, as the schema numbers them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import InputError
from facedyn_app.landmarks.flatbuffer import Table

Constant = npt.NDArray[Any]
_IDENTIFIER = b"TFL3"
_DTYPES: dict[int, type[np.generic]] = {0: np.float32, 1: np.float16, 2: np.int32}


class Code(IntEnum):
    """The operations that the face models use, by their numbers in the TensorFlow Lite schema."""

    ADD = 0
    CONCATENATION = 2
    CONV_2D = 3
    DEPTHWISE_CONV_2D = 4
    DEQUANTIZE = 6
    LOGISTIC = 14
    MAX_POOL_2D = 17
    MUL = 18
    RELU = 19
    RESHAPE = 22
    PAD = 34
    TRANSPOSE = 39
    MEAN = 40
    SUB = 41
    DIV = 42
    STRIDED_SLICE = 45
    PRELU = 54
    NEG = 59
    SUM = 74
    SQRT = 75
    RSQRT = 76
    SQUARED_DIFFERENCE = 99


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a graph.

    Attributes:
        code: What is done.
        inputs: Numbers of the tensors that go in.
        output: Number of the tensor that comes out.
        options: Its table of options; None where it has none.
    """

    code: Code
    inputs: tuple[int, ...]
    output: int
    options: Table | None

    def option(self, field: int, kind: str) -> int:
        """A whole number among the options, 0 where it is left out (`Table.number`)."""
        return 0 if self.options is None else self.options.number(field, kind)


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
        return _graph(Table.root(data))
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise InputError(
            f"The model '{name}' is damaged, or is of a kind this program does not know."
        ) from error


def _graph(model: Table) -> Graph:
    # An operation's number outgrew its byte: old files leave the new field at 0.
    codes = [max(c.number(0, "b"), c.number(3, "i")) for c in model.tables(1)]
    buffers = [b.array(0, np.uint8) for b in model.tables(4)]
    (graph,) = model.tables(2)
    shapes: list[tuple[int, ...]] = []
    constants: dict[int, Constant] = {}
    for number, tensor in enumerate(graph.tables(0)):
        shape = tuple(int(n) for n in tensor.array(0, np.int32))
        shapes.append(shape)
        content = buffers[tensor.number(2, "I")]
        if content.size:
            constants[number] = _constant(content, tensor.number(1, "b"), shape)
    operations = []
    for entry in graph.tables(3):
        (output,) = (int(n) for n in entry.array(2, np.int32))
        inputs = tuple(int(n) for n in entry.array(1, np.int32))
        code = Code(codes[entry.number(0, "I")])
        if code is Code.DEQUANTIZE:
            constants[output] = constants[inputs[0]]
        else:
            operations.append(Operation(code, inputs, output, entry.table(4)))
    ends = (tuple(int(n) for n in graph.array(field, np.int32)) for field in (1, 2))
    return Graph(tuple(shapes), constants, tuple(operations), *ends)


def _constant(content: npt.NDArray[np.uint8], kind: int, shape: tuple[int, ...]) -> Constant:
    values = content.view(_DTYPES[kind]).reshape(shape)
    return values.astype(np.float32 if values.dtype.kind == "f" else np.int64)
