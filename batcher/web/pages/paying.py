"""From a sheet to a plan that somebody says yes to: a name, what is meant, the review, the confirmation."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from batcher import money, planning
from batcher.assembly.desk import asking_to_carry_out
from batcher.assembly.refusing import refuse_name
from batcher.assembly.review import Review, review_of
from batcher.errors import BatcherError, NotApproved, NotConfirmed, UsageError
from batcher.model import Sheet
from batcher.planning import Choices, Plan, SealedPlan
from batcher.web.pages.sheet import found
from batcher.web.routes import PageRoute
from batcher.web.sheets.uploads import Upload
from batcher.web.visit import Visit

CHOICES = (
    ("skip_invalid", "Send the valid rows although others are invalid"),
    ("accept_missing", "Go on without rows that were sent and are gone from the sheet"),
    ("no_retry", "Leave rows that were refused or failed as they are"),
    ("never_sent", "This batch was never sent from anywhere else"),
    ("ignore_balance", "Send although the balance is short"),
)
"""What may be said beside the name, each a box to tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The form, as it was filled in."""

    batch: str = ""
    ticked: frozenset[str] = frozenset()
    pay_again: tuple[str, ...] = ()
    """Names of doubtful rows that are to be paid: ticked, or written into the field."""
    repeats: str = ""
    reason: str = ""

    @property
    def choices(self) -> Choices:
        """What is meant. Raises `UsageError`."""
        if bool(self.repeats) != bool(self.reason):
            raise UsageError(
                "A batch that is repeated needs a reason, and a reason needs a batch.", "Fill in both, or neither."
            )
        return Choices(
            accept_missing="accept_missing" in self.ticked,
            pay_again=frozenset(self.pay_again),
            repeats=self.repeats or None,
            reason=self.reason or None,
            retry="no_retry" not in self.ticked,
            skip_invalid="skip_invalid" in self.ticked,
            never_sent="never_sent" in self.ticked,
        )


async def pay(visit: Visit) -> Response:
    """Ask for the batch's name, and for what is meant."""
    return _form(visit, found(visit), Said())


async def review(visit: Visit) -> Response:
    """Look at what would happen, and seal it where it can be confirmed. Nothing is sent."""
    upload = found(visit)
    said = Said(
        batch=visit.text("batch"),
        ticked=frozenset(name for name, _ in CHOICES if visit.text(name)),
        pay_again=_named(visit),
        repeats=visit.text("repeats"),
        reason=visit.text("reason"),
    )
    try:
        refuse_name(said.batch)
        choices = said.choices
        sheet = await visit.house.readings.sheet(upload)
        looked, sealed = await run_in_threadpool(lambda: _looked(visit, upload, said, choices, sheet))
    except BatcherError as error:
        if error.exit_code == 1:
            raise
        return _form(visit, upload, said, error)
    return visit.render(
        "review.html", upload=upload, said=said, choices=CHOICES, review=looked, sealed=sealed, retry=None, wrong=None
    )


def _named(visit: Visit) -> tuple[str, ...]:
    """The rows that are ticked, and those of the field, one a line."""
    written = map(str.strip, visit.text("pay_again").splitlines())
    return tuple(dict.fromkeys(filter(None, [*visit.texts("again"), *written])))


def _looked(
    visit: Visit, upload: Upload, said: Said, choices: Choices, sheet: Sheet
) -> tuple[Review, SealedPlan | None]:
    """The plan held against Runa's answers, and sealed where nothing keeps it from being confirmed."""
    house, office = visit.house, visit.house.office
    api_key = house.api_key()
    office.check_account(api_key)
    begun_at = office.now
    plan: Plan = office.plan(sheet, said.batch, choices)
    prospect = asyncio.run(office.casework.look(plan, api_key, settle=False))
    looked = review_of(office, prospect)
    if looked.problems or looked.nothing_to_do or (looked.is_short and "ignore_balance" not in said.ticked):
        return looked, None
    sealed = office.sealing.seal(
        prospect.plan,
        upload.path,
        prepared_at=begun_at,
        said=upload.said,
        ignore_balance="ignore_balance" in said.ticked,
        prepared_by=visit.signed_in.name,
    )
    house.plans.keep(sealed)
    return looked, sealed


def _form(visit: Visit, upload: Upload, said: Said, wrong: BatcherError | None = None) -> Response:
    return visit.render(
        "pay.html", status=422 if wrong else 200, upload=upload, said=said, choices=CHOICES, wrong=wrong
    )


async def confirmed(visit: Visit) -> Response:
    """Say yes to a sealed plan: it is queued, and carried out once. A large total is typed in."""
    house = visit.house
    digest = visit.request.path_params["plan"]
    # A plan of many rows takes seconds to read.
    sealed = await run_in_threadpool(lambda: house.plans.find(digest))
    refuse_untyped(visit, planning.large_totals(sealed.totals, house.office.type_total_above))
    try:
        await run_in_threadpool(lambda: house.office.approvals.require(sealed.totals, plan=sealed.digest))
    except NotApproved as error:
        raise NotApproved(error.message, "How each plan stands, and who has to approve it: see Approvals.") from None
    asking = asking_to_carry_out(sealed, by=visit.signed_in.name, source=sealed.digest)
    await run_in_threadpool(lambda: house.desk.ask(asking))
    return visit.go_to("batch", batch=sealed.batch)


def refuse_untyped(visit: Visit, large: Mapping[str, Decimal]) -> None:
    """Raise `NotConfirmed` where a large total was not typed in as it is."""
    for currency, total in large.items():
        if not planning.is_typed(visit.text(f"typed-{currency}"), total, currency):
            raise NotConfirmed(
                f"That is not the total in {currency}; nothing was sent.",
                f"Go back, and type {money.display(total, currency)} as it stands in the review.",
            )


ROUTES = (
    PageRoute(name="pay", path="/sheets/{upload}/pay", answer=pay),
    PageRoute(name="pay_review", path="/sheets/{upload}/pay", answer=review, method="POST"),
)
