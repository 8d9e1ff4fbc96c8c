"""All pages: the one list."""

from batcher.web.pages import afterwards, approving, batch, entering, history, paying, people, sheet, uploading
from batcher.web.routes import PageRoute

PAGES = (entering, uploading, sheet, paying, approving, batch, afterwards, history, people)
"""Each with its `ROUTES`."""

ROUTES: tuple[PageRoute, ...] = tuple(route for page in PAGES for route in page.ROUTES)

MENU = (("start", "Pay a sheet"), ("approvals", "Approvals"), ("history", "Batches"), ("people", "People"))
"""Routes without places in their paths, and what the menu calls them."""
