"""The port that the use cases are tested with answers as the client does, in virtual time."""

from dataclasses import replace
from decimal import Decimal

from batcher import keys
from batcher.model import Answer, Fault, OrderPage
from batcher.ports import Account, Api, OrderList
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Switches
from tests.core.payouts import ANN
from tests.engine.sandbox_port import TIMEOUT_S, SandboxPort
from tests.lifecycle.bench import Note
from tests.virtual_time import VirtualClock, run


def test_a_list_is_walked_and_an_account_is_read_in_virtual_time() -> None:
    clock, notes = VirtualClock(), list[Note]()
    sandbox = Sandbox(Switches(list_page=2))
    port = SandboxPort(sandbox, clock, notes, page_size=3)
    reader: OrderList = port
    account: Account = port
    sender: Api = port

    async def story() -> tuple[list[str], str | None]:
        sandbox.make_foreign({"count": 2}, clock.instant().at.timestamp())
        await sender.create(key="k", body=keys.body(key="k", batch="b", payout=ANN))
        await clock.sleep(60)
        first = (await reader.page()).content
        assert first is not None
        second = (await reader.page(after=first.after)).content
        assert second is not None
        assert (await account.balances()).content
        assert (await account.products()).content
        prices = (await account.prices("GBP", [ANN, replace(ANN, amount=Decimal(100))])).content
        assert prices == [Decimal("9.80"), Decimal("98.00")]
        rows = [*first.orders, *second.orders]
        return [row.order_id for row in rows], rows[0].description

    seen, description = run(story())

    told = sandbox.dump(clock.instant().at.timestamp())["orders"]
    assert isinstance(told, list)
    assert seen == [each["id"] for each in told[::-1]]
    assert description == "k b A-1"
    assert [note.what for note in notes] == ["create", "replied", "page", "page"]


def test_a_page_that_never_comes_takes_as_long_as_a_request_may() -> None:
    clock = VirtualClock()
    port = SandboxPort(Sandbox(Switches.from_mapping({"get_hang": [1]})), clock, [])

    async def story() -> tuple[Answer[OrderPage], float]:
        return await port.page(), clock.now_s

    answer, took_s = run(story())

    assert (answer.reply.fault, answer.content) == (Fault.NO_ANSWER, None)
    assert took_s >= TIMEOUT_S
