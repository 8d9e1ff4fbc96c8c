"""A page and a sandbox as processes, and Runa's webhooks between them; or no webhooks at all."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from batcher.assembly import Office
from tests.process.house import House, SandboxProcess
from tests.process.test_serve import Server

COMPLETES_AFTER_S = 1.5
"""Every order is over so long after it was made: long after our own note of it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A server that is signed in at, its folder, and its sandbox."""

    server: Server
    house: House
    sandbox: SandboxProcess

    def known_s(self, batch: str) -> list[float]:
        """For each paid row, how long after its order was over the ledger has known."""
        made = {one["id"]: datetime.fromisoformat(one["created_at"]) for one in self.sandbox.dump()["orders"]}
        with Office(self.house.settings()) as office:
            paid = [row.latest for row in office.batch(batch).rows if row.latest.completed_at is not None]
        return [
            (one.completed_at - made[one.order_id]).total_seconds() - COMPLETES_AFTER_S
            for one in paid
            if one.completed_at is not None and one.order_id is not None
        ]


@contextmanager
def page(folder: Path, *, hooked: bool, **settings: object) -> Iterator[Page]:
    """One page, to which the sandbox sends webhooks where it is `hooked`."""
    folder.mkdir(exist_ok=True)
    secret = folder / "secret"
    secret.write_text("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZI")
    secret.chmod(0o600)
    port = _free_port()
    flags = [f"--webhook=http://127.0.0.1:{port}/webhooks/runa", f"--secret-file={secret}"] if hooked else []
    taken = {"webhooks__secret_file": secret} if hooked else {}
    times = {"complete_min_s": COMPLETES_AFTER_S, "complete_max_s": COMPLETES_AFTER_S, "late_s": 0}
    with SandboxProcess(*flags, rate="none", **times) as sandbox:
        house = House(folder, sandbox, **taken, **settings)
        with Server(house, port) as server:
            yield Page(server, house, sandbox)


def _free_port() -> int:
    """One that nobody listens at; the sandbox has to be told before the page is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
