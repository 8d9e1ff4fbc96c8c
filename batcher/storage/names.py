"""Which names are used at all: a name is one part of a path, and never a way to another place."""

from batcher.errors import InboxUnreachable

_MOST_BYTES = 255


def is_name(name: str) -> bool:
    """Whether a text can be the name of a file, here as well as there."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair: bytes that are no text
        return False
    return 0 < length <= _MOST_BYTES and name not in {".", ".."} and not set(name) & {"/", "\0"}


def parts_of(*, folder: str, name: str) -> list[str]:
    """The folders on the way to a file, and its name. Raises `InboxUnreachable` for what leads elsewhere."""
    parts = [*folder.split("/"), name] if folder else [name]
    for part in parts:
        if not is_name(part):
            raise InboxUnreachable(
                f"{part!r} is no name that a file of an inbox can have.",
                "Give the file another name: up to 255 bytes, and no slash in it.",
            )
    return parts


def one_part(name: str) -> str:
    """The name of a file in the inbox itself. Raises `InboxUnreachable`."""
    return parts_of(folder="", name=name)[0]
