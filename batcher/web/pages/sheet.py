"""One uploaded sheet: how it is read, mended by hand where that is wrong, and every problem at its cell."""

from dataclasses import replace
from datetime import datetime

from starlette.responses import Response

from batcher.errors import InputInvalid, UsageError
from batcher.results import content_to_mend
from batcher.web.pages.uploading import download
from batcher.web.refusals import not_found
from batcher.web.routes import PageRoute
from batcher.web.sheets import saying
from batcher.web.sheets.grid import grid_of, kinds_of
from batcher.web.sheets.mappings import Mapping
from batcher.web.sheets.outlining import OURS, Reading, words_of
from batcher.web.sheets.taking import taken_over
from batcher.web.sheets.uploads import Upload
from batcher.web.visit import Visit


def found(visit: Visit) -> Upload:
    """The upload that the path names. Raises `Refused` where it is not there."""
    upload = visit.house.uploads.find(visit.request.path_params["upload"])
    if upload is None:
        raise not_found()
    return upload


async def sheet(visit: Visit) -> Response:
    """How the sheet is read, and below that what is wrong with it."""
    return await _sheet(visit, found(visit))


async def _sheet(visit: Visit, upload: Upload, wrong: UsageError | None = None) -> Response:
    reading, refused = await _reading(visit, upload)
    return visit.render(
        "sheet.html",
        status=422 if wrong else 200,
        upload=upload,
        recalled_at=None if upload.recalled is None else datetime.fromisoformat(upload.recalled.at),
        reading=reading,
        refused=refused,
        wrong=wrong,
        ours=[(name, words_of(name)) for name in OURS],
        saying=saying,
    )


async def _reading(visit: Visit, upload: Upload) -> tuple[Reading | None, InputInvalid | None]:
    try:
        return await visit.house.readings.reading(upload), None
    except InputInvalid as error:
        return None, error


async def mend(visit: Visit) -> Response:
    """Read the sheet as the form says from now on, and remember columns that were matched by hand."""
    upload, house = found(visit), visit.house
    reading, _ = await _reading(visit, upload)
    try:
        said = saying.said_in_form(visit.text, reading, upload.said)
    except UsageError as error:
        return await _sheet(visit, upload, error)
    if said == upload.said:
        return visit.go_to("sheet", upload=upload.id)
    changed = house.uploads.say(upload, said)
    if said.columns and reading is not None:
        at = house.clock.instant().at.isoformat()
        by = visit.signed_in.name
        house.mappings.remember(reading.titles, Mapping(columns=said.columns, unused=said.unused, by=by, at=at))
    else:
        anew, _ = await _reading(visit, changed)
        if anew is not None:
            taken_over(house, changed, anew)
    return visit.go_to("sheet", upload=upload.id)


async def afresh(visit: Visit) -> Response:
    """Find the columns by their names again, here and for such sheets from now on."""
    upload, house = found(visit), visit.house
    reading, _ = await _reading(visit, upload)
    if reading is not None:
        house.mappings.forget(reading.titles)
    house.uploads.say(upload, replace(upload.said, columns=(), unused=frozenset()))
    return visit.go_to("sheet", upload=upload.id)


async def problems(visit: Visit) -> Response:
    """Every problem at its cell, page by page; for htmx the part alone."""
    upload = found(visit)
    asked = visit.request.query_params
    page = asked.get("page", "1")
    template = "problems_part.html" if visit.is_part else "problems.html"
    try:
        checked = await visit.house.readings.checked(upload)
    except InputInvalid as error:
        return visit.render(template, upload=upload, refused=error, checked=None)
    kinds = kinds_of(checked)
    kind = next((group.kind for group in kinds if group.kind == asked.get("kind")), None)
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1
    reading = await visit.house.readings.reading(upload)
    said = frozenset(reading.doubts if visit.is_part else ())
    return visit.render(
        template,
        upload=upload,
        refused=None,
        checked=checked,
        warnings=[warning for warning in checked.sheet.warnings if warning not in said],
        kinds=kinds,
        grid=grid_of(checked, kind, number),
        amounts={column.title.strip() for column in reading.columns if column.ours == "amount"},
    )


async def rows_to_mend(visit: Visit) -> Response:
    """The faulty rows as a sheet of its own, to be mended there and uploaded again."""
    upload, form = found(visit), visit.request.path_params["form"]
    if form not in {"csv", "xlsx"}:
        raise not_found()
    sheet = (await visit.house.readings.checked(upload)).sheet
    content = await visit.house.readings.aside(lambda: content_to_mend(sheet.columns, sheet.faulty, form))
    return download(content, f"rows-to-mend.{form}")


async def remove(visit: Visit) -> Response:
    """Remove the upload."""
    visit.house.uploads.remove(found(visit).id)
    return visit.go_to("start")


ROUTES = (
    PageRoute(name="sheet", path="/sheets/{upload}", answer=sheet),
    PageRoute(name="sheet_reading", path="/sheets/{upload}/reading", answer=mend, method="POST"),
    PageRoute(name="sheet_afresh", path="/sheets/{upload}/afresh", answer=afresh, method="POST"),
    PageRoute(name="sheet_problems", path="/sheets/{upload}/problems", answer=problems),
    PageRoute(name="rows_to_mend", path="/sheets/{upload}/rows-to-mend.{form}", answer=rows_to_mend),
    PageRoute(name="sheet_remove", path="/sheets/{upload}/remove", answer=remove, method="POST"),
)
