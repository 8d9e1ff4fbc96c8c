"""All pages: the one list."""

from batcher.web.pages import afterwards, approving, batch, entering, history, paying, sheet, uploading
from batcher.web.routes import PageRoute

PAGES = (entering, uploading, sheet, paying, approving, batch, afterwards, history)
"""Each with its `ROUTES`."""

ROUTES: tuple[PageRoute, ...] = tuple(route for page in PAGES for route in page.ROUTES)

MENU = (("start", "Pay a sheet"), ("approvals", "Approvals"), ("history", "Batches"))
"""Routes without places in their paths, and what the menu calls them."""
