"""E-mail addresses: the syntax is `email_validator`'s, nothing is looked up.

Names that RFC 2606 keeps for tests are good addresses here: a rehearsal on the sandbox or the playground uses them.
"""

import re

from email_validator import EmailNotValidError, validate_email

_FOR_TESTS = re.compile(r"(?P<before>.+\.)(?P<name>invalid|localhost)", re.IGNORECASE)
_STAND_IN = "test"


def read_email(text: str) -> tuple[str | None, str]:
    """The address as it is sent (domain in lower case, local part as written), else why it is none."""
    reserved = _FOR_TESTS.fullmatch(text)
    asked = f"{reserved['before']}{_STAND_IN}" if reserved else text
    try:
        address = validate_email(asked, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        return None, _one_sentence(str(error))
    return (f"{address.removesuffix(_STAND_IN)}{reserved['name'].lower()}" if reserved else address), ""


def _one_sentence(reason: str) -> str:
    """The library's words as the end of a sentence of ours."""
    return "; ".join(part[:1].lower() + part[1:] for part in reason.rstrip(".").split(". "))
