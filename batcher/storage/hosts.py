"""Which server is believed to be the one that was meant: one whose host key stands in a file, and no other."""

import asyncssh

from batcher.errors import InboxUnreachable
from batcher.inboxes import SftpPlace


def known_hosts_of(place: SftpPlace) -> asyncssh.SSHKnownHosts:
    """The host keys in the file; none where it is not there. Never `None`, by which asyncssh would believe anybody."""
    try:
        return asyncssh.read_known_hosts(str(place.known_hosts))
    except FileNotFoundError:
        return asyncssh.import_known_hosts("")
    except (OSError, ValueError):
        raise InboxUnreachable(
            f"The known hosts in {place.known_hosts} cannot be read, so no server is believed.",
            "Mend the file; it is one that ssh reads, too.",
        ) from None


def not_believed(place: SftpPlace) -> InboxUnreachable:
    """What to say where the server's host key does not stand in the file, or another one does."""
    port = None if place.port == 22 else place.port
    name = place.host if port is None else f"[{place.host}]:{port}"
    if any(known_hosts_of(place).match(place.host, "", port)):
        return InboxUnreachable(
            f"The host key of {name} is not the one that {place.known_hosts} has: the server was set up anew, or "
            "somebody else answers in its place. Nothing was sent to it.",
            "Ask whoever runs the server. Only if they say that the key is new, remove the old one with: "
            f"ssh-keygen -R '{name}' -f {place.known_hosts}, and add the new one.",
        )
    return InboxUnreachable(
        f"The host key of {name} is not known, so it could be anybody's. Nothing was sent to it.",
        f"Get the key with: ssh-keyscan -p {place.port} {place.host}, compare it with what whoever runs the server "
        f"says, and add that line to {place.known_hosts}.",
    )
