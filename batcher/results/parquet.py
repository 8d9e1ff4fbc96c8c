"""The results as Parquet, for those who go on reckoning with them: typed, and what is empty is null."""

import io
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
from pyarrow import parquet

from batcher import __version__
from batcher.errors import UsageError
from batcher.records import BatchRecord
from batcher.results.table import OUR_COLUMNS, Cell, ResultsTable

DECIMALS = 4
"""Of `price`, unless one has more: as many as any currency has, so that files of several batches fit together."""

_DIGITS = 38
_MOMENT = pa.timestamp("us", tz="UTC")


def parquet_of(table: ResultsTable, record: BatchRecord) -> bytes:
    """The file's bytes. Raises `UsageError` for a price with more digits than Parquet keeps."""
    columns = list(zip(*table.lines, strict=True)) or [()] * len(table.headers)
    prices = [price for price in columns[len(table.inputs) + OUR_COLUMNS.index("price")] if isinstance(price, Decimal)]
    types = dict.fromkeys(OUR_COLUMNS, pa.string()) | {
        "row": pa.int64(),
        "attempts": pa.int64(),
        "price": pa.decimal128(_DIGITS, _decimals(prices)),
        "submitted_at": _MOMENT,
        "completed_at": _MOMENT,
    }
    schema = pa.schema(
        [
            *(pa.field(header, pa.string()) for header in table.inputs),
            *(pa.field(name, types[name]) for name in OUR_COLUMNS),
        ],
        metadata={
            "batcher.batch": record.name,
            "batcher.environment": record.environment.label,
            "batcher.version": __version__,
        },
    )
    try:
        arrays = [pa.array(_nulls(cells), field.type) for cells, field in zip(columns, schema, strict=True)]
    except pa.ArrowInvalid as error:
        raise UsageError(
            f"The results of {record.name} hold a price of more than {_DIGITS} digits, which Parquet does not keep.",
            "Write them as csv.",
        ) from error
    file = io.BytesIO()
    # With checksums, a changed byte is not read as another value.
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), file, write_page_checksum=True)
    return file.getvalue()


def _decimals(prices: Sequence[Decimal]) -> int:
    exponents = [price.as_tuple().exponent for price in prices]
    return max([DECIMALS, *(-exponent for exponent in exponents if isinstance(exponent, int))])


def _nulls(cells: Sequence[Cell]) -> list[Cell]:
    return [None if cell == "" else cell for cell in cells]
