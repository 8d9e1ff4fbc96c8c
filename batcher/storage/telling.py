"""What is wrong with a file or its inbox, where all stores say the same."""

from batcher.errors import InboxUnreachable


def changed(name: str, place: object) -> InboxUnreachable:
    """It is being written."""
    return InboxUnreachable(
        f"{name} in {place} was written to while it was read.", "Nothing is to be done: it is taken once it is whole."
    )


def gone(name: str, place: object) -> InboxUnreachable:
    """It is in neither place."""
    return InboxUnreachable(f"{name} is no longer in {place}.", "Ask who took it away, or put it there again.")


def another(name: str, folder: str, place: object) -> InboxUnreachable:
    """Where it belongs, another file lies."""
    return InboxUnreachable(
        f"{folder}/{name} in {place} is there already, and holds something else; neither was touched.",
        "Look at both, and rename or remove one.",
    )
