"""The world of one cell: the simulated one, with two rows, of which one is struck."""

import json
import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from batcher.sandbox import Answer, Request, Switches
from tests.matrix.strikes import MEANT_TWICE, Strike
from tests.simulation.laws import Broken
from tests.simulation.wire import Arrival, Passage, Trouble
from tests.simulation.world import Row, World, person_of

STRUCK, BESIDE = 1, 2
REFERENCE, MEANT = "R1", "R3"
"""Of the struck row, and of one for the same person that is meant as well."""
SPENT = frozenset({"FAILED", "REJECTED", "ABSENT", "WITHDRAWN"})
CALM = Switches(rate="none", complete_min_s=0.2, complete_max_s=0.4)


class Scene(World):
    """Two rows, one of them struck. While `strike` is set, it decides what becomes of requests about that one."""

    def __init__(self, folder: Path, blank: Path, strike: Strike) -> None:
        folder.mkdir()
        super().__init__(0, folder, blank, CALM, per_minute=60)
        self.strike: Strike | None = None
        self.reading = False
        """Whether it strikes what is read as well."""
        self.spent = False
        """Somebody else has ordered so much that the balance does not cover the row."""
        if strike.no_funds:
            self.sandbox.set_balances({"GBP": "100.00"}, self.now_s)
        self.hidden = False
        """The order list cannot be read once the struck row was sent."""
        self.tries: list[tuple[str, bytes]] = []
        """Key and body of everything that was to be sent for the struck row."""
        self.rows = [
            Row(reference="R2", person=BESIDE, pounds=20),
            Row(reference=REFERENCE, person=STRUCK, pounds=10, word=strike.word),
        ]
        self.usual = tuple(self.rows)

    def copy(self, folder: Path) -> "Scene":
        """The same world once more, to go on in another way; nothing runs in it."""
        other = Scene(folder, self._blank, Strike())
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other.sandbox = deepcopy(self.sandbox)
        other.clock.start, other.clock.offset, other.clock.boot = self.clock.start, self.clock.offset, self.clock.boot
        other.strike, other.tries, other.generation = self.strike, list(self.tries), self.generation
        other.file_name, other.rows, other.usual = self.file_name, list(self.rows), self.usual
        return other

    # The sheet

    def change_sheet(self, what: str) -> None:
        """Do to the file what the word says."""
        if what == "renamed":
            self.file_name = "November final (2).csv"
        elif what == "reordered":
            self.rows.reverse()
        elif what == "twice":
            self.rows.append(self._struck_row)
        elif what == MEANT_TWICE:
            self.rows.append(replace(self._struck_row, reference=MEANT))
            self.usual = tuple(self.rows)
        else:
            changed = self._changed(self._struck_row, what)
            self.rows = [row for one in self.rows if (row := changed if one.person == STRUCK else one) is not None]

    @staticmethod
    def _changed(row: Row, what: str) -> Row | None:
        if what == "dropped":
            return None
        if what == "other reference":
            return replace(row, reference="R9")
        # Where it is the address that is at fault, mending it is the edit.
        return replace(row, pounds=row.pounds + 5) if row.word == "person" else replace(row, word="person")

    @property
    def _struck_row(self) -> Row:
        return next(one for one in self.rows if one.person == STRUCK)

    def usual_sheet(self) -> None:
        """The file as it was at first."""
        self.file_name, self.rows = "sheet.csv", list(self.usual)

    # The network and the server

    def _passage(self, request: Request) -> Passage:
        trouble = Trouble.NONE
        if self._is_struck(request):
            key = request.headers.get("x-idempotency-key", "")
            if request.method == "POST" and key not in dict(self.attempts(MEANT)):
                self.tries.append((key, request.body))
                self._has_proof()
            if self.strike is not None and (request.method == "POST" or self.reading):
                if self.strike.distrusted:
                    raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
                trouble = self.strike.trouble
        return Passage(trouble, 0.01, 0.01)

    def _arrive(self, arrival: Arrival) -> Answer:
        request, strike = arrival.request, self.strike
        if request.path == "/v2/order" and request.method == "GET" and self.hidden and self.tries:
            return self._with({"list_error": 1}, arrival)
        if strike is None or not self._is_struck(request):
            return super()._arrive(arrival)
        if request.method == "GET":
            if not self.reading:
                return super()._arrive(arrival)
            return strike.read_answer or self._with(strike.read, arrival)
        if strike.send_answer is not None:
            return strike.send_answer
        if strike.no_funds:
            if not self.spent:
                self.sandbox.make_foreign({"count": 1, "amount": "75.00"}, self.now_s)
            self.spent = True
        if strike.taken and len({key for key, _ in self.tries}) == 1:
            self._take_key(request, strike.taken)
        return self._with(strike.send, arrival)

    def _with(self, switches: Mapping[str, object], arrival: Arrival) -> Answer:
        before = self.sandbox.switches.document()
        self.sandbox.change({"faults_per_key": 1000, **switches})
        try:
            return super()._arrive(arrival)
        finally:
            self.sandbox.change({name: before[name] for name in ("faults_per_key", *switches)})

    def _take_key(self, request: Request, how: str) -> None:
        """Another ledger, whose sheet has another amount, uses the key first."""
        body = json.loads(request.body)
        item = body["items"][0]
        item["face_value"] = 11.01
        if how == "refused":
            item["distribution_method"]["email_address"] = "invalid@p1.example"
        self.sandbox.handle(replace(request, body=json.dumps(body).encode()), self.now_s, self.clock.now_s)

    def _is_struck(self, request: Request) -> bool:
        if request.method == "POST" and request.path == "/v2/order":
            return person_of(str(json.loads(request.body)["items"][0]["face_value"])) == STRUCK
        return request.path.removeprefix("/v2/order/") in {order["id"] for order in self.orders()}

    def orders(self) -> list[dict[str, Any]]:
        """Of the struck person, as the sandbox has them."""
        orders: list[dict[str, Any]] = self.dump()["orders"]
        return [order for order in orders if person_of(order["amount"]) == STRUCK]

    def _has_proof(self) -> None:
        """A law: a new key only once every earlier attempt is known to have paid nothing."""
        last = self.tries[-1][0]
        states = {key: state for key, state in self.attempts() if key != last}
        used = {key for key, _ in self.tries} - {last}
        if lacking := {key: state for key, state in states.items() if key in used and state not in SPENT}:
            raise Broken(f"a new key is sent, and of the earlier ones the ledger says {lacking}")

    def attempts(self, reference: str = REFERENCE) -> list[tuple[str, str]]:
        """Key and state of each attempt of a row, as the ledger's file has them."""
        return self.read_ledger("SELECT key, state FROM attempts WHERE reference = ? ORDER BY id", reference)

    # The fault

    def begin(self, strike: Strike, *, reading: bool) -> None:
        """From here on the fault is there, for what is sent and, with `reading`, for what is read."""
        self.strike, self.reading = strike, reading
        self.clock.offset = timedelta(days=strike.clock_days)
        if strike.sheet:
            self.change_sheet(strike.sheet)
        if strike.ledger:
            if strike.ledger == "back-up":
                self.copy_ledger(self.folder / "backup")
            data = bytearray(self.ledger.read_bytes())
            data[24:80] = b"\xff" * 56
            data[4096:8192] = bytes(4096)
            self.ledger.write_bytes(data)

    def end(self, strike: Strike) -> None:
        """The fault is over."""
        self.strike, self.reading = None, False
        self.clock.offset = timedelta(0)
        if strike.no_funds:
            self.sandbox.set_balances({"GBP": "1000000.00"}, self.now_s)
        if strike.sheet:
            self.usual_sheet()
        if strike.ledger == "back-up":
            self.restore_ledger(self.folder / "backup")
            shutil.rmtree(self.folder / "backup")
        elif strike.ledger:
            self.lose_ledger()

    def _patience(self) -> dict[str, str]:
        return {"POLLING__FIRST_S": "1", "POLLING__GIVE_UP_AFTER_S": "10", "RETRY__ATTEMPTS": "3"}
