"""The page: what the command line does, for people who use no terminal. No decision about money is made here.

    serving    a port, signals, an orderly end
    app        pages, doors and errors put together
    doors/     what every request has to pass, one file for each
    rights     which right a route asks for: one table
    visit      one request by one person, as a page sees it
    pages/     one file for each page, with its routes; `pages/__init__.py` lists them
    sheets/    uploaded sheets, and how a person has said that they are read
    wording    what a message says of flags, said of fields and boxes
    rendering  templates; `static/` is all that a browser loads, and it comes from here

A page that is added: a file in `pages/` with `ROUTES`, its name in `PAGES`, and its rights in `rights.NEEDS`.
"""

from batcher.web.app import make_app
from batcher.web.house import House, make_house
from batcher.web.serving import Address, open_port, serve

__all__ = ["Address", "House", "make_app", "make_house", "open_port", "serve"]
