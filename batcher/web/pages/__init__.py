"""All pages: the one list."""

from batcher.settings import Settings
from batcher.web.pages import afterwards, approving, batch, coming, entering, history, paying, people, sheet, uploading
from batcher.web.routes import PageRoute

PAGES = (entering, uploading, sheet, paying, approving, batch, afterwards, coming, history, people)
"""Each with its `ROUTES`."""

ROUTES: tuple[PageRoute, ...] = tuple(route for page in PAGES for route in page.ROUTES)

MENU = (
    ("start", "Pay a sheet"),
    ("approvals", "Approvals"),
    ("coming", "Coming payments"),
    ("history", "Batches"),
    ("people", "People"),
)
"""Routes without places in their paths, and what the menu calls them."""


def menu_of(settings: Settings) -> list[tuple[str, str]]:
    """What the menu has; nothing comes by itself where there are neither schedules nor inboxes."""
    comes = bool(settings.schedules or settings.inboxes)
    return [(name, words) for name, words in MENU if comes or name != "coming"]
