"""One request by one person, as a page sees it."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from batcher.assembly import Refusal, Session
from batcher.roles import Right
from batcher.web.house import House
from batcher.web.refusals import seconds_of
from batcher.web.rendering import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page needs to answer: all doors are passed."""

    request: Request
    house: House
    session: Session | None
    form: FormData = field(default_factory=FormData)
    """What was sent; empty for a GET."""

    @property
    def signed_in(self) -> Session:
        """Who it is; only behind a route that asks for a right."""
        if self.session is None:
            raise LookupError("a page that anyone may see asks who it is")
        return self.session

    def may(self, right: str) -> bool:
        """Whether they may do that: for what a page offers; what is done is asked at the doors."""
        return self.session is not None and self.session.may(Right(right))

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, which puts a part of a page in its place."""
        return self.request.headers.get("hx-request") == "true"

    def url(self, name: str, **places: object) -> str:
        """The path of a route."""
        return str(self.request.app.url_path_for(name, **places))

    def text(self, field_name: str) -> str:
        """A field of the form, trimmed; empty where it is not there or holds a file."""
        value = self.form.get(field_name)
        return value.strip() if isinstance(value, str) else ""

    def texts(self, field_name: str) -> list[str]:
        """Every field of that name, as a row of boxes has them, trimmed; without those that hold a file."""
        return [value.strip() for value in self.form.getlist(field_name) if isinstance(value, str)]

    def password(self, field_name: str) -> str:
        """A password of the form, as it was typed."""
        value = self.form.get(field_name)
        return value if isinstance(value, str) else ""

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    def render(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A template as the answer."""
        return HTMLResponse(rendered(self, template, context), status)

    def render_refusal(self, template: str, refusal: Refusal, **context: Any) -> HTMLResponse:
        """A template that says that a password was not taken."""
        if not refusal.wait:
            return self.render(template, status=403, refusal=refusal, **context)
        response = self.render(template, status=429, refusal=refusal, **context)
        response.headers["Retry-After"] = str(seconds_of(refusal.wait))
        return response

    def go_to(self, name: str, **places: object) -> Response:
        """Send the browser to another page, to be fetched anew: reloading it sends nothing twice."""
        url = self.url(name, **places)
        if self.is_part:
            return Response(status_code=204, headers={"HX-Redirect": url})
        return RedirectResponse(url, 303)
