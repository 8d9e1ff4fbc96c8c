"""Balances, the catalogue and prices: money is read strictly, and nothing is held against a row for what is strange."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.model import Distribution, Fault, Payout, Product
from batcher.ports import Account
from batcher.runa import RunaClient
from batcher.runa.account import estimate_body, read_balances, read_prices, read_products
from batcher.sandbox import Sandbox
from tests.core.payouts import ANN, payouts
from tests.runa.asking import answering, client_of, response, story_of
from tests.runa.test_hostile import UNHURRIED, VALUES

JSON = {"content-type": "application/json"}
BOB = replace(ANN, reference="B-1", amount=Decimal("12.50"), email="bob@example.com")
HARBOUR = {
    "code": "HARBOUR-GB",
    "name": "Harbour Books",
    "currency": "GBP",
    "state": "LIVE",
    "is_orderable": True,
    "gift_card": {
        "denominations": {
            "type": "fixed",
            "minimum_value": "10",
            "maximum_value": "100",
            "available_list": ["10", 25, "50.00"],
        }
    },
}


def balances(content: object, status: int = 200) -> Any:
    """What is understood of the balances, or the fault."""
    answer = read_balances(status, JSON, json.dumps(content).encode())
    return answer.reply.fault if answer.content is None else answer.content


def products(content: object, status: int = 200) -> Any:
    answer = read_products(status, JSON, json.dumps(content).encode())
    return answer.reply.fault if answer.content is None else answer.content


def prices(content: object, *asked: Payout) -> Any:
    answer = read_prices(200, JSON, json.dumps(content).encode(), currency="GBP", payouts=asked or (ANN, BOB))
    return answer.reply.fault if answer.content is None else answer.content


def open_value(**denominations: object) -> Product:
    """A product of any value with these denominations."""
    given = {"type": "open", "minimum_value": "5", "maximum_value": "500.00", "available_list": [], **denominations}
    (product,) = products([HARBOUR | {"gift_card": {"denominations": given}}])
    assert isinstance(product, Product)
    return product


def test_the_client_is_an_account() -> None:
    account: Account = client_of("http://127.0.0.1:9/v2")

    assert isinstance(account, RunaClient)


@pytest.mark.parametrize(
    "content",
    [
        [{"currency": "GBP", "balance": "10.00"}, {"currency": "EUR", "balance": 0}],
        {"balances": [{"currency": "GBP", "balance": 10}, {"currency": "eur", "balance": "0.00"}]},
        {"items": [{"currency": "GBP", "balance": "10", "more": None}, {"currency": "EUR", "balance": "0"}]},
    ],
)
def test_balances_are_read_by_currency_in_any_shape(content: object) -> None:
    assert balances(content) == {"GBP": Decimal(10), "EUR": Decimal(0)}


def test_one_balance_alone_and_none_at_all_are_balances_too() -> None:
    assert balances({"currency": "GBP", "balance": "-3.00"}) == {"GBP": Decimal("-3.00")}
    assert balances([]) == {}


@pytest.mark.parametrize("strange", ["NaN", "Infinity", "-Infinity", "", "much", None, True, [], {}, "1e999", "10,00"])
def test_one_balance_that_is_no_amount_makes_all_of_them_unreadable(strange: object) -> None:
    good = {"currency": "GBP", "balance": "10.00"}

    assert balances([good, {"currency": "EUR", "balance": strange}]) is Fault.UNREADABLE
    assert balances([{"currency": "EUR", "balance": strange}, good]) is Fault.UNREADABLE


@pytest.mark.parametrize("bare", [b"NaN", b"Infinity", b"-Infinity", b"1e99999999999", b"9" * 5000])
def test_a_bare_number_that_is_none_makes_the_balances_unreadable(bare: bytes) -> None:
    answer = read_balances(200, JSON, b'[{"currency":"GBP","balance":%s}]' % bare)

    assert (answer.reply.fault, answer.content) == (Fault.UNREADABLE, None)


def test_a_balance_is_never_a_float_on_its_way() -> None:
    answer = read_balances(200, JSON, b'[{"currency":"GBP","balance":0.1000000000000000055511151231257827}]')

    assert answer.content == {"GBP": Decimal("0.1000000000000000055511151231257827")}


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        7,
        "GBP",
        [None],
        [[]],
        [{"balance": "10.00"}],
        [{"currency": None, "balance": "1"}],
        {"balances": None},
        {"GBP": "10.00"},
        [{"currency": "GBP", "balance": "1"}, {"currency": "gbp", "balance": "2"}],
    ],
)
def test_what_is_no_list_of_balances_is_unreadable(content: object) -> None:
    assert balances(content) is Fault.UNREADABLE


@pytest.mark.parametrize("status", [201, 204, 206])
def test_only_a_200_tells_of_money(status: int) -> None:
    assert balances([], status) is Fault.UNREADABLE
    assert products([HARBOUR], status) is Fault.UNREADABLE


@pytest.mark.parametrize("wrap", [None, "catalog", "products", "items"])
def test_the_catalogue_is_found_in_every_place_where_it_may_be(wrap: str | None) -> None:
    content = [HARBOUR] if wrap is None else {wrap: [HARBOUR], "pagination": {}}

    assert products(content) == [
        Product(
            code="HARBOUR-GB",
            name="Harbour Books",
            currency="GBP",
            orderable=True,
            state="LIVE",
            fixed=(Decimal(10), Decimal(25), Decimal(50)),
        )
    ]


def test_a_product_of_any_value_has_its_bounds_and_no_list() -> None:
    product = open_value(available_list=["10"])

    assert (product.minimum, product.maximum, product.fixed) == (Decimal(5), Decimal(500), ())


@pytest.mark.parametrize("strange", [None, "", "NaN", "-5", -5, 0, "0", [], {}, True, "lots"])
def test_a_bound_that_is_no_face_value_binds_nothing(strange: object) -> None:
    assert open_value(minimum_value=strange).minimum is None
    assert open_value(maximum_value=strange).maximum is None


@pytest.mark.parametrize("strange", [None, [], {}, "10", ["10", None], ["10", "-1"], ["NaN"], [["10"]]])
def test_a_list_of_values_that_cannot_be_read_whole_binds_nothing(strange: object) -> None:
    product = open_value(type="fixed", available_list=strange)

    assert (product.fixed, product.minimum, product.maximum) == ((), None, None)


@pytest.mark.parametrize("kind", [None, "", "stepped", 7, ["fixed"]])
def test_denominations_of_an_unknown_kind_bind_nothing(kind: object) -> None:
    product = open_value(type=kind, available_list=["10"])

    assert (product.fixed, product.minimum, product.maximum) == ((), None, None)


def test_strange_fields_of_a_product_are_none_and_its_code_counts() -> None:
    strange = {"code": "X", "name": 7, "currency": [], "state": None, "is_orderable": "no", "gift_card": "10"}

    assert products([strange]) == products([{"code": "X"}]) == [Product(code="X")]


def test_a_product_without_a_code_is_left_out_and_a_list_without_any_is_no_catalogue() -> None:
    assert [product.code for product in products([None, {"name": "n"}, HARBOUR, {"code": 7}])] == ["HARBOUR-GB"]
    assert products([None, {"name": "n"}]) is Fault.UNREADABLE
    assert products([]) == []


@pytest.mark.parametrize("content", [None, {}, 7, "x", {"catalog": None}, {"catalog": {"X": HARBOUR}}, HARBOUR])
def test_what_is_no_catalogue_is_unreadable(content: object) -> None:
    assert products(content) is Fault.UNREADABLE


@given(asked=st.lists(payouts(), min_size=1, max_size=3))
@UNHURRIED
def test_an_estimate_asks_for_exactly_the_items_that_the_orders_would_have(asked: list[Payout]) -> None:
    estimated = json.loads(estimate_body(asked[0].currency, asked), parse_float=Decimal)
    ordered = [json.loads(keys.body(key="k", batch="b", payout=each), parse_float=Decimal) for each in asked]

    assert estimated["items"] == [item for order in ordered for item in order["items"]]
    assert estimated["payment_method"] == ordered[0]["payment_method"]
    assert set(estimated) == {"items", "payment_method"}


@pytest.mark.parametrize("count", [0, 501])
def test_an_estimate_of_none_or_too_many_is_refused_before_it_is_sent(count: int) -> None:
    with pytest.raises(ValueError, match=str(count)):
        estimate_body("GBP", [ANN] * count)


def test_five_hundred_payouts_are_estimated_at_once() -> None:
    assert estimate_body("GBP", [ANN] * 500).count(b"face_value") == 500


def test_prices_come_in_the_order_of_the_payouts() -> None:
    content = {"currency": "GBP", "items": [{"face_value": "10.00", "price": "9.80"}, {"face_value": 12.5, "price": 0}]}

    assert prices(content) == [Decimal("9.80"), Decimal(0)]


@pytest.mark.parametrize("price", ["-0.01", -1, "NaN", "Infinity", None, "", True, [], {"amount": "9.80"}])
def test_a_price_that_is_none_or_below_zero_makes_all_of_them_unreadable(price: object) -> None:
    assert prices({"items": [{"price": "9.80"}, {"price": price}]}) is Fault.UNREADABLE
    assert prices({"items": [{"price": price}, {"price": "9.80"}]}) is Fault.UNREADABLE


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_prices_is_unreadable(count: int) -> None:
    assert prices({"items": [{"price": "9.80"}] * count}) is Fault.UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"items": None},
        {"items": {"0": {"price": "1"}, "1": {"price": "1"}}},
        {"items": [None, None]},
        {"items": ["9.80", "9.80"]},
        {"currency": "EUR", "items": [{"price": "9.80"}] * 2},
        {"items": [{"price": "9.80", "face_value": "12.50"}, {"price": "9.80", "face_value": "10.00"}]},
    ],
)
def test_prices_of_something_else_are_unreadable(content: object) -> None:
    assert prices(content) is Fault.UNREADABLE


@UNHURRIED
@given(content=VALUES, rows=st.lists(st.dictionaries(st.text(max_size=10), VALUES, max_size=5), max_size=3))
def test_nothing_makes_reading_raise(content: Any, rows: list[Any]) -> None:
    for each in (content, rows, {"items": rows}, {"catalog": rows}, {"balances": content}):
        for said in (balances(each), products(each), prices(each)):
            assert said is Fault.UNREADABLE or not isinstance(said, Fault)


def test_the_three_questions_are_asked_where_the_api_answers_them() -> None:
    async def ask(client: RunaClient) -> None:
        await client.balances()
        await client.products()
        await client.prices("GBP", [ANN])

    _, requests = answering(response("200 OK", b"[]"), ask)

    assert [request.split(b" HTTP/1.1")[0] for request in requests] == [
        b"GET /v2/balance",
        b"GET /v2/product",
        b"POST /v2/order/estimate",
    ]
    assert requests[2].endswith(b"\r\n\r\n" + estimate_body("GBP", [ANN]))
    assert not [request for request in requests if b"idempotency" in request.lower()]


@pytest.mark.parametrize("shape", ["never", "always"])
def test_the_sandboxs_account_is_read_and_an_estimate_buys_nothing(shape: str) -> None:
    link = replace(ANN, distribution=Distribution.PAYOUT_LINK, amount=Decimal("100.00"), products=("AIRBNB-GB",))

    async def ask(sandbox: Sandbox, client: RunaClient) -> tuple[Any, Any, Any]:
        before = sandbox.dump()["balances"]
        answers = await client.balances(), await client.products(), await client.prices("GBP", [ANN, link])
        assert (sandbox.dump()["balances"], sandbox.dump()["orders"]) == (before, [])
        return answers[0].content, answers[1].content, answers[2].content

    held, sold, cost = story_of(ask, old_shape=shape, balances={"GBP": "12.50", "USD": "0"})

    assert held == {"EUR": Decimal(1_000_000), "GBP": Decimal("12.50")}
    assert cost == [Decimal("9.80"), Decimal("95.00")]
    by_code = {product.code: product for product in sold}
    assert by_code["HARBOUR-GB"].fixed == (Decimal(10), Decimal(25), Decimal(50), Decimal(100))
    assert (by_code["CLOSED-GB"].orderable, by_code["SLOW-GB"].state) == (False, "TEMPORARILY_DEGRADED")
    assert (by_code["AMZ-FR"].minimum, by_code["AMZ-FR"].maximum) == (Decimal("0.15"), Decimal(500))


def test_one_product_is_asked_for_by_its_code_and_no_other_is_taken_for_it() -> None:
    async def ask(_: Sandbox, client: RunaClient) -> tuple[Any, Any]:
        return await client.product("HARBOUR-GB"), await client.product("NOT/THERE?")

    known, unknown = story_of(ask)
    assert (known.content.code, known.content.fixed[0]) == ("HARBOUR-GB", Decimal(10))
    assert (unknown.content, unknown.reply.http_status) == (None, 404)

    async def ask_another(client: RunaClient) -> Any:
        return await client.product("AMZ-GB")

    answer, requests = answering(response("200 OK", b'{"code": "HARBOUR-GB"}'), ask_another)
    assert (answer.content, answer.reply.fault) == (None, Fault.UNREADABLE)
    assert requests[0].startswith(b"GET /v2/product/AMZ-GB ")


def test_where_there_is_no_estimate_the_answer_says_so() -> None:
    async def ask(_: Sandbox, client: RunaClient) -> Any:
        return await client.prices("GBP", [ANN])

    answer = story_of(ask, estimate=False)

    assert (answer.reply.fault, answer.reply.http_status, answer.reply.error_type) == (None, 404, "not_found")
    assert answer.content is None
