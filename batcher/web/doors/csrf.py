"""The session's token in every form: in the field `csrf`, or in a header where htmx sends."""

import hmac

from starlette.datastructures import FormData, Headers

FIELD, HEADER = "csrf", "x-csrf-token"


def is_ours(expected: str, headers: Headers, form: FormData) -> bool:
    """Whether the request carries the token of its session."""
    given = headers.get(HEADER) or form.get(FIELD)
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())
