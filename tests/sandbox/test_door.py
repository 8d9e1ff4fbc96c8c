import pytest

from tests.sandbox.caller import START_S, Caller, kind, order


@pytest.mark.parametrize(
    ("api_key", "expected"),
    [("", (401, "unauthorized")), ("wg.live", (403, "invalid_api_key")), ("XXsecret", (403, "invalid_api_key"))],
)
def test_unknown_callers_are_turned_away_without_a_version(api_key: str, expected: tuple[int, str]) -> None:
    caller = Caller()

    answer = caller.post(order(), X_Api_Key=api_key)

    assert kind(answer) == expected
    assert "X-Api-Version" not in dict(answer.headers)
    assert caller.orders() == []


def test_only_listed_keys_are_let_in_where_there_is_a_list() -> None:
    caller = Caller(accepted_keys="XX.one,XX.two")

    assert [caller.ask("GET", "/v2/ping", X_Api_Key=key).status for key in ("XX.two", "XX.three")] == [200, 403]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2023-07-27", (410, "version_removed")),
        ("", (400, "invalid_version")),
        ("2019-01-01", (400, "invalid_version")),
    ],
)
def test_other_versions_are_not_served(version: str, expected: tuple[int, str]) -> None:
    assert kind(Caller().post(order(), X_Api_Version=version)) == expected


def test_the_execution_mode_is_async_or_sync_and_sync_takes_one_item() -> None:
    caller = Caller()
    two = order()
    two["items"] *= 2

    assert kind(caller.post(order(), X_Execution_Mode="later")) == (400, "invalid_execution_mode")
    assert kind(caller.post(two, X_Execution_Mode="sync")) == (400, "invalid_execution_mode")
    assert caller.post(two).status == 202


def test_the_sixty_first_order_of_a_minute_is_refused_without_a_type() -> None:
    caller = Caller()
    answers = [caller.post(order(), f"k{at}") for at in range(61)]

    assert [answer.status for answer in answers] == [202] * 60 + [429]
    assert answers[-1].body == b'{"error": "rate exceeded"}'


def test_orders_that_fail_count_as_well_and_reads_do_not() -> None:
    caller = Caller(rate_limit=2)
    caller.post(b"no json", "k1")
    caller.post(order(), "k2", X_Api_Key="wrong")
    for _ in range(5):
        caller.get("/ping")

    assert caller.post(order(), "k3").status == 429
    assert caller.ask("GET", "/v2/ping").status == 200


def test_reads_count_when_the_scope_is_all() -> None:
    caller = Caller(rate_limit=1, rate_scope="all")

    assert [caller.ask("GET", "/v2/ping").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("form", "expected"), [("none", None), ("seconds", "60"), ("date", "GMT")])
def test_retry_after_comes_in_the_form_that_is_switched_on(form: str, expected: str | None) -> None:
    caller = Caller(rate_limit=0, retry_after=form)

    value = dict(caller.post(order()).headers).get("Retry-After")

    assert value is None if expected is None else (value or "").endswith(expected)


def test_every_reply_has_its_own_id_and_the_date_of_the_sandbox() -> None:
    caller = Caller()
    one, other = (dict(caller.ask("GET", "/v2/ping").headers) for _ in range(2))

    assert one["X-Request-Id"] != other["X-Request-Id"]
    assert caller.now_s == START_S
    assert one["Date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
