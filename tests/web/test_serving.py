"""Where the page can be opened, and which addresses are its own."""

import pytest

from batcher.errors import UsageError
from batcher.web import Address, open_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_on_this_machine_it_has_three_names(host: str) -> None:
    hosts = frozenset({"127.0.0.1:8080", "localhost:8080", "[::1]:8080"})
    assert Address.of(host, 8080) == Address("http://127.0.0.1:8080", hosts)


def test_the_usual_port_is_not_written() -> None:
    assert Address.of("127.0.0.1", 80).hosts == {"127.0.0.1", "localhost", "[::1]"}


def test_on_ipv6() -> None:
    assert Address.of("::1", 8080).origin == "http://[::1]:8080"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])  # noqa: S104
def test_where_others_could_read_along_it_is_not_opened(host: str) -> None:
    with pytest.raises(UsageError) as refused:
        Address.of(host, 8080)
    assert "--address https://" in str(refused.value)


@pytest.mark.parametrize(
    ("public", "origin"),
    [
        ("https://Pay.example.com", "https://pay.example.com"),
        ("https://pay.example.com/", "https://pay.example.com"),
        ("https://pay.example.com:443", "https://pay.example.com"),
        ("https://pay.example.com:8443", "https://pay.example.com:8443"),
    ],
)
def test_behind_a_proxy_it_has_the_name_that_browsers_know(public: str, origin: str) -> None:
    address = Address.of("0.0.0.0", 8080, public)  # noqa: S104
    assert address == Address(origin, frozenset({origin.removeprefix("https://")}))


@pytest.mark.parametrize(
    "public",
    [
        "http://pay.example.com",
        "pay.example.com",
        "https://",
        "https://ann:pw@pay.example.com",
        "https://pay.example.com/path",
        "https://pay.example.com?x",
        "https://pay.example.com:x",
        "https://pay.example.com#x",
    ],
)
def test_what_is_no_such_address(public: str) -> None:
    with pytest.raises(UsageError):
        Address.of("127.0.0.1", 8080, public)


def test_a_port_that_is_taken_is_said() -> None:
    with open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            open_port("127.0.0.1", port)
    assert str(refused.value) == (
        f"Port {port} of 127.0.0.1 cannot be opened: another program has it. "
        "Choose another one with --port, such as --port 8081."
    )
