"""Before anything is confirmed or sent: whether the API is there and takes our key and version."""

import random  # noqa: TID251 - only the type of the generator that is passed in
from datetime import datetime

from batcher import policy
from batcher.errors import ApiRefused, StoppedEarly
from batcher.lifecycle import Halt, Retries
from batcher.model import Reply
from batcher.ports import Api, Clock


async def knock(api: Api, *, clock: Clock, rng: random.Random, retries: Retries, base_url: str) -> datetime | None:
    """The server's clock, if the API answers a ping.

    Raises `ApiRefused` where key or version are refused, `StoppedEarly` where nothing or something else is there.
    """
    reply = await _ping(api, clock, rng, retries)
    status = reply.http_status or 0
    if reply.fault is None and 200 <= status < 300:
        return reply.date
    verdict = policy.judge(reply)
    halt = Halt(base_url=base_url)
    halt.heed(verdict, currency="", exhausted=True)
    if verdict.exit_code == 4:
        raise ApiRefused(halt.stops[0].message, "Nothing was sent.")
    if verdict.cause in {"unreachable", "rate_limited"}:
        raise StoppedEarly(halt.stops[0].message, "Nothing was sent; run the same command again.")
    answer = f"HTTP {status}" if status else "no answer"
    raise StoppedEarly(
        f"What is at {base_url} does not answer as Runa's orders API does ({answer}).",
        "Check [api] base_url, or wait until the service is well; nothing was sent.",
    )


async def _ping(api: Api, clock: Clock, rng: random.Random, retries: Retries) -> Reply:
    """The answer to a ping, asked again while asking again has sense."""
    for nth in range(1, retries.attempts + 1):
        reply = await api.ping()
        usable = reply.fault is None and (reply.http_status or 0) < 300
        if usable or policy.judge(reply).resend is policy.Resend.NO or nth == retries.attempts:
            return reply
        await clock.sleep(retries.wait_s(nth, rng))
    raise AssertionError("attempts are at least 1")
