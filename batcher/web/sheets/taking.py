"""Columns that were matched by hand are taken over for a sheet with the same header; the page says that they are."""

from dataclasses import replace
from typing import TYPE_CHECKING

from batcher.web.sheets.outlining import Reading
from batcher.web.sheets.uploads import Recalled, Upload

if TYPE_CHECKING:
    from batcher.web.house import House


def taken_over(house: "House", upload: Upload, reading: Reading) -> Upload:
    """The upload, its columns as they were matched for such a header, where they were."""
    known = house.mappings.find(reading.titles)
    if known is None or upload.said.columns or upload.said.unused:
        return upload
    said = replace(upload.said, columns=known.columns, unused=known.unused)
    return house.uploads.say(upload, said, Recalled(by=known.by, at=known.at))
