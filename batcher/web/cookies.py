"""The one cookie: whose session it is. No code in the browser can read it, and no other site can make one send it."""

from starlette.responses import Response

from batcher.web.house import House


def name(house: House) -> str:
    """The port is in it: browsers send a host's cookies to all its ports, and two servers would sign each other out."""
    return "__Host-batcher" if house.is_https else f"batcher_{house.address.origin.rpartition(':')[2]}"


def give(response: Response, house: House, token: str) -> None:
    """Let the browser keep it until it is closed."""
    response.set_cookie(name(house), token, path="/", secure=house.is_https, httponly=True, samesite="strict")


def take_back(response: Response, house: House) -> None:
    """Let the browser forget it."""
    response.delete_cookie(name(house), path="/", secure=house.is_https, httponly=True, samesite="strict")
