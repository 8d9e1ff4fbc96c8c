"""The word for how a payout is delivered."""

import re

from batcher.model import Distribution

_METHODS = {method.value.replace("_", "").casefold(): method for method in Distribution}


def distribution_of(text: str) -> Distribution | None:
    """Whatever the case, spaces, hyphens and underscores: `Payout link` is `PAYOUT_LINK`; `None` for another word."""
    return _METHODS.get(re.sub(r"[\s_-]", "", text).casefold())
