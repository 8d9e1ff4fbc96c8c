"""Arrow arrays made of Python's values, without null in any of them.

`pyarrow.array` and `pyarrow.scalar` would do, and import pandas if it is there, which takes longer than all else that
is done for a sheet of a hundred rows.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Value = str | int | bool | Decimal
DECIMALS = 4
"""Of every amount in a column; no currency has more."""
_AMOUNTS = pa.decimal128(18, DECIMALS)
_KEPT = frozenset({"", False})
"""Values whose columns are kept."""
_LARGEST = 2_000_000_000
"""Bytes of text in one array, whose offsets have 32 bits."""


def texts(values: Iterable[str]) -> pa.StringArray:
    """Raises `UnicodeEncodeError` for half a surrogate pair, which no text holds."""
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=offsets[1:])
    if offsets[-1] > _LARGEST:
        raise OverflowError("more text than one array holds")
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def whole(values: Sequence[int] | npt.NDArray[np.int64]) -> pa.Int64Array:
    """Whole numbers."""
    numbers = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def numbers(column: pa.Int64Array) -> npt.NDArray[np.int64]:
    """Whole numbers, as numpy has them; `to_numpy` would import pandas."""
    every = np.frombuffer(column.buffers()[1], dtype=np.int64)
    return every[column.offset : column.offset + len(column)]


def truths(values: Sequence[bool] | npt.NDArray[np.bool_]) -> pa.BooleanArray:
    """A mask."""
    bits = np.packbits(np.asarray(values, dtype=np.bool_), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def amounts(values: pa.StringArray) -> pa.Array:
    """Amounts in digits with at most a point and `DECIMALS` decimals."""
    return pc.cast(values, _AMOUNTS)


def scaled(column: pa.Array) -> npt.NDArray[np.int64]:
    """Amounts in ten-thousandths, as whole numbers: none in a column needs the upper half of its 128 bits."""
    halves = np.frombuffer(column.buffers()[1], dtype="<i8").reshape(-1, 2)
    return halves[column.offset : column.offset + len(column), 0]


def made(values: Sequence[Value]) -> pa.Array:
    """An array of values of one type, at least one."""
    first = values[0]
    if isinstance(first, bool):
        return truths([bool(value) for value in values])
    if isinstance(first, str):
        return texts([str(value) for value in values])
    if isinstance(first, Decimal):
        return amounts(texts([f"{value:f}" for value in values]))
    return whole([int(value) for value in values])


@lru_cache(maxsize=256, typed=True)
def literal(value: Value) -> pa.Scalar:
    """One value, to be compared with or repeated."""
    return made([value])[0]


_LONGEST: dict[tuple[type, Value], pa.Array] = {}


def repeated(value: Value, times: int) -> pa.Array:
    """The same value in every row: a part of the longest such array so far, as every block asks for the same ones."""
    longest = _LONGEST.get((type(value), value)) if value in _KEPT else None
    if longest is None or len(longest) < times:
        longest = pa.repeat(literal(value), times)
        if value in _KEPT:
            _LONGEST[type(value), value] = longest
    return longest.slice(0, times)


def nobody(times: int) -> pa.BooleanArray:
    """A mask that is true nowhere."""
    return repeated(False, times)


def is_blank(column: pa.StringArray) -> bool:
    """Whether no row has any text, which most columns of what is wrong are like; no row is looked at for that."""
    offsets = column.buffers()[1]
    if not len(column) or offsets is None:
        return True
    ends = np.frombuffer(offsets, dtype=np.int32)
    return bool(ends[column.offset] == ends[column.offset + len(column)])


def text_of(column: pa.StringArray) -> bytes:
    """The bytes of all rows together, and maybe some of other blocks beside them."""
    data = column.buffers()[2]
    return b"" if data is None else data.to_pybytes()
