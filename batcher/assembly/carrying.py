"""A confirmed plan carried out: orders, results, closing proof, results again. The one order in which that happens."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import SecretStr

from batcher.assembly.casework import Closing, Prospect, Watch
from batcher.assembly.office import Office
from batcher.assembly.refusing import may_be_asked
from batcher.engine import Observer
from batcher.lifecycle import Halt


async def carry_out(
    office: Office,
    prospect: Prospect,
    api_key: SecretStr,
    *,
    watched: AbstractContextManager[Observer],
    on_sending: Callable[[Halt], None],
    on_asking: Callable[[Halt], None],
    told: Watch,
    canary: bool = True,
) -> tuple[Closing, tuple[Path, ...]]:
    """Issue what is confirmed, write the results whatever happens, prove, and write them again; gives their paths.

    The caller holds the lock. `on_sending` and `on_asking` get the handles by which the two parts are interrupted;
    `told` hears how far the order list was read. The list is read once more where anything was done and Runa can be
    asked.
    """
    batch = prospect.plan.batch
    try:
        with watched as observer:
            ended = await office.issue(
                batch,
                api_key,
                server_now=prospect.server_now,
                observer=observer,
                on_start=on_sending,
                canary=canary,
            )
    finally:
        office.write_results(batch)
    closing = await office.casework.close(
        batch,
        api_key,
        ended=ended,
        server_now=prospect.server_now,
        before=prospect,
        ask=may_be_asked(ended) and not prospect.plan.nothing_to_do,
        told=told,
        on_start=on_asking,
    )
    closing = office.finish(prospect, closing)
    return closing, office.write_results(batch)
