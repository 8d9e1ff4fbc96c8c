"""The first page: a sheet is dropped here, or chosen. And the template, for who has none."""

from datetime import datetime

from starlette.datastructures import UploadFile
from starlette.responses import Response

from batcher.assembly import template_as_workbook, template_text
from batcher.errors import InputInvalid
from batcher.web.refusals import Refused, not_found
from batcher.web.routes import FORM_BYTES, PageRoute
from batcher.web.sheets.taking import taken_over
from batcher.web.sheets.uploads import MOST_BYTES, Upload
from batcher.web.visit import Visit

_NOT_KEPT = frozenset(
    {
        "cell_too_long",
        "file_changed",
        "file_damaged",
        "file_empty",
        "file_has_entities",
        "file_has_password",
        "file_not_table",
        "file_not_workbook",
        "file_too_large",
        "file_unpacks_too_large",
        "file_unreadable",
        "nul_bytes",
        "sheet_too_large",
        "too_many_columns",
        "too_many_rows",
    }
)
"""Kinds of refusal that no choice on the page could mend: such a file is none to be paid from, and is not kept."""
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def start(visit: Visit) -> Response:
    """Where a payment begins."""
    return _start(visit)


def _start(visit: Visit, wrong: InputInvalid | None = None, label: str = "") -> Response:
    megabytes = MOST_BYTES // 1_000_000
    return visit.render(
        "start.html", status=422 if wrong else 200, wrong=wrong, label=label, most_bytes=MOST_BYTES, megabytes=megabytes
    )


async def upload(visit: Visit) -> Response:
    """Keep a sheet that was sent, and show how it is read; what is no sheet is not kept."""
    sent = visit.form.get("sheet")
    if not isinstance(sent, UploadFile) or not (sent.filename or sent.size):
        raise Refused(422, "No sheet was chosen", "Go back, choose a file or drop one into the field, and try again.")
    if (sent.size or 0) > MOST_BYTES:
        raise _over_the_limit()
    house, now = visit.house, visit.house.clock.instant().at
    await house.readings.aside(lambda: house.uploads.remove_old(now, house.used_digests()))
    kept = await _keep(visit, sent, now)
    try:
        reading = await house.readings.reading(kept)
    except InputInvalid as error:
        if {problem.kind for problem in error.problems} & _NOT_KEPT:
            house.uploads.remove(kept.id)
            return _start(visit, error, kept.label)
        return visit.go_to("sheet", upload=kept.id)
    except BaseException:
        house.uploads.remove(kept.id)
        raise
    taken_over(house, kept, reading)
    return visit.go_to("sheet", upload=kept.id)


async def _keep(visit: Visit, sent: UploadFile, now: datetime) -> Upload:
    house, by = visit.house, visit.signed_in.name
    try:
        return await house.readings.aside(lambda: house.uploads.keep(sent.file, sent.filename or "", by, now))
    except OSError as error:
        words = (
            f"It could not be written ({error.strerror}), so nothing was kept. Make room on that disk, then try again."
        )
        raise Refused(507, "The sheet could not be kept", words) from None


def _over_the_limit() -> Refused:
    return Refused(
        413,
        "This sheet is too large",
        f"A sheet may have {MOST_BYTES // 1_000_000} MB here; nothing was kept. Save it without what the payouts do "
        "not need, split it, or use `batcher check` and `batcher run` in the terminal.",
    )


async def template(visit: Visit) -> Response:
    """A sheet to fill, as CSV or as a workbook with drop-downs."""
    form, settings = visit.request.path_params["form"], visit.house.settings
    if form == "csv":
        content = template_text(settings).encode("utf-8-sig")
    elif form == "xlsx":
        content, _ = await visit.house.readings.aside(lambda: template_as_workbook(settings))
    else:
        raise not_found()
    return download(content, f"payouts-template.{form}")


def download(content: bytes, name: str) -> Response:
    """A file to be saved, never shown. `name` is ours: it stands in a header."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


ROUTES = (
    PageRoute(name="start", path="/", answer=start),
    PageRoute(name="upload", path="/sheets", answer=upload, method="POST", most_bytes=MOST_BYTES + FORM_BYTES),
    PageRoute(name="template", path="/template.{form}", answer=template),
)
