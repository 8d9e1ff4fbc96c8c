"""The addresses in the config: where orders are made, and where the ledger lies.

The API key goes to whoever has the host, so a host that is neither Runa's nor this machine has to be named twice.
A batch belongs to one base URL, so one place must have one spelling: the URL is normalised, and what has more than one
reading is refused. A `ValueError` completes the sentence "it must be …"; a `NotShown` is about a value that may hold
a secret, and completes "api.base_url …" without it.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from batcher.model import RUNA_HOSTS

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_KEY_LIKE = re.compile(r"(?:wg|xx)\.\S{6,}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_SQLITE = "sqlite:///"
_EXAMPLE = 'an address such as "https://playground.runa.io/v2"'


class NotShown(ValueError):
    """What is wrong with a value that is not repeated, because it may hold a secret."""


def normalised_base_url(value: str) -> str:
    """`HTTPS://API.runa.io:443/v2/` becomes `https://api.runa.io/v2`; plain http is for this machine alone."""
    if not value.isascii() or not value.isprintable() or set(value) & set(" @?#"):
        raise NotShown("must be a plain address, without user name, password, query, fragment, spaces or accents.")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"{_EXAMPLE}; its host or port cannot be read") from None
    host = _host(parts.hostname or "")
    path = parts.path.rstrip("/")
    if parts.scheme not in _DEFAULT_PORTS or host is None or port == 0 or not _PATH.fullmatch(path):
        raise ValueError(_EXAMPLE)
    if _KEY_LIKE.fullmatch(host):
        raise NotShown("must be the address of the API, and what stands there looks like an API key.")
    url = f"{parts.scheme}://{host}{_port(parts.scheme, port)}{path}"
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("an https:// address, plain http is for this machine only (127.0.0.0/8, localhost, ::1)")
    if host in RUNA_HOSTS and _port(parts.scheme, port):
        raise ValueError(f"without a port: {host} answers at the usual one, 443")
    return url


def normalised_host(value: str) -> str:
    """The one spelling of a host that stands alone: in lower case, without scheme, port and path."""
    name = value.strip().lower()
    host = _host(name[1:-1] if name.startswith("[") and name.endswith("]") else name) if name.isascii() else None
    if host is None:
        raise ValueError('a host and nothing else, such as "gateway.example.com": no https://, no port, no path')
    return host.strip("[]")


def is_known_host(base_url: str) -> bool:
    """Whether a normalised base URL is Runa's or stays on this machine."""
    return host_of(base_url) in RUNA_HOSTS or is_loopback(base_url)


def is_loopback(base_url: str) -> bool:
    """Whether a normalised base URL stays on this machine: 127.0.0.0/8, `localhost` or `::1`."""
    name = host_of(base_url)
    if name in {"localhost", "::1"}:
        return True
    address = _address(name)
    return isinstance(address, IPv4Address) and address.is_loopback


def host_of(base_url: str) -> str:
    """The host of a normalised base URL, without port and brackets."""
    return urlsplit(base_url).hostname or ""


def normalised_ledger_url(value: str) -> str:
    """A `sqlite:///` address with an absolute path: a ledger that moves with the working directory would be lost."""
    if not value.startswith(_SQLITE):
        # Not shown: addresses of other databases hold passwords.
        raise NotShown(f'must begin with "{_SQLITE}": this version keeps its ledger in an SQLite file.')
    path = value.removeprefix(_SQLITE)
    if not path.isprintable() or "?" in path or not Path(path).is_absolute() or path.endswith("/"):
        raise ValueError(f'"{_SQLITE}" and the path of a file, as in "{_SQLITE}/home/me/ledger.sqlite3"')
    return value


def anchored_ledger_url(value: str, folder: Path) -> str:
    """A relative `sqlite:///` path as seen from `folder`, `~` as the home; anything else as it is."""
    if not value.startswith(_SQLITE) or value.removeprefix(_SQLITE) in {"", ":memory:"}:
        return value
    return f"{_SQLITE}{anchored(value.removeprefix(_SQLITE), folder)}"


def anchored(path: str, folder: Path) -> str:
    """A relative path as seen from `folder`, `~` as the home."""
    try:
        return str(folder.absolute() / Path(path).expanduser())
    except RuntimeError:  # whose home `~name` means is not known: the validator refuses it
        return path


def file_of_ledger_url(url: str) -> Path:
    """The file that a normalised ledger URL names."""
    return Path(url.removeprefix(_SQLITE))


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _host(name: str) -> str | None:
    """The one spelling of a host; `None` for what is none, or what another reader could take for an address."""
    address = _address(name)
    if isinstance(address, IPv6Address):
        # Mapped, it is an IPv4 address in a second spelling.
        return None if address.scope_id or address.ipv4_mapped else f"[{address.compressed}]"
    if address is not None:
        return str(address)
    # Resolvers read 127.1 or 2130706433 as addresses; and a name under "127." only looks like this machine.
    if not _NAME.fullmatch(name) or name.rsplit(".", 1)[-1].isdigit() or name.startswith("127."):
        return None
    return name


def _port(scheme: str, port: int | None) -> str:
    return "" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}"
