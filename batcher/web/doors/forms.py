"""What was sent, as fields and at most one file; what did not arrive whole is not taken for less that did."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from batcher.web.refusals import cut_off

MOST_FIELDS = 200
MOST_IN_FIELD = 64_000
"""Bytes of a field that is no file."""


class _WholeParser(MultiPartParser):
    """Starlette's takes a body without its last boundary for a whole one, and once let files of broken ones open."""

    is_whole = False

    def on_end(self) -> None:
        self.is_whole = True

    async def parse(self) -> FormData:
        form: FormData | None = None
        try:
            form = await super().parse()
        finally:
            if form is None or not self.is_whole:
                for file in self._files_to_close_on_error:
                    file.close()
        if not self.is_whole:
            raise MultiPartException("The last boundary is missing.")
        return form


async def form_of(request: Request) -> FormData:
    """The form in a request's body; the caller closes it. Raises `Refused` for one that is broken or cut off."""
    try:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            parser = _WholeParser(
                request.headers, request.stream(), max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_IN_FIELD
            )
            return await parser.parse()
        return await request.form(max_fields=MOST_FIELDS, max_part_size=MOST_IN_FIELD)
    except (ClientDisconnect, HTTPException, MultiPartException):
        raise cut_off() from None
