"""Sealed plans: made from a plan that somebody looks at, kept in a file, and made again before they are carried out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from batcher import planning, policy
from batcher.assembly.parts import Parts
from batcher.assembly.sheets import NOTHING_SAID, SaidOfFile, digest_of_file, load_sheet, read_options
from batcher.errors import InputInvalid, UsageError
from batcher.intake import ReadOptions
from batcher.intake.header import FIELDS, resolved
from batcher.ledger import user_name
from batcher.model import Problem, Sheet
from batcher.results import replacing

MAX_BYTES = 200_000_000
"""Several times what a plan of the largest sheet takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """That a sealed plan was confirmed before."""

    at: datetime
    is_last: bool
    """Whether no other plan of the batch was confirmed since: then it may be gone on with."""


class Sealing:
    """Seals plans, and holds sealed ones against what they are when they are made again. It changes nothing."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def seal(
        self,
        plan: planning.Plan,
        path: Path,
        *,
        prepared_at: datetime,
        said: SaidOfFile = NOTHING_SAID,
        ignore_balance: bool = False,
        prepared_by: str | None = None,
    ) -> planning.SealedPlan:
        """Seal `plan`, which was made of the file at `path`, read as `said`, and has no problems.

        `prepared_at` is a moment before ledger and order list were read for it: of what another process pays from then
        on, its flags do not speak. Best is a plan that was held against Runa's answers. `prepared_by` is this machine's
        user, if nobody is named.
        """
        settings = self._parts.settings
        return planning.SealedPlan(
            batch=plan.batch,
            environment=plan.environment,
            api_version=settings.api.version,
            file=_file(plan.sheet, path.absolute(), self._options(said)),
            said=_plain(said),
            reading=_plain(self._options(said)),
            rules=self._rules,
            choices=plan.choices.as_json(),
            ignore_balance=ignore_balance,
            journal=plan.record.last_change,
            rows=planning.sealed_rows(plan),
            accepted_orders=tuple(sorted(plan.accepted_orders)),
            prepared_by=user_name() if prepared_by is None else prepared_by,
            prepared_at=prepared_at,
        )

    def carried_out(self, sealed: planning.SealedPlan) -> CarriedOut | None:
        """When the plan was confirmed, if it ever was here.

        What is left of it is then `Office.plan_to_resume`, if `is_last`; else nothing is.
        """
        if sealed.environment != self._parts.environment:
            return None
        record = self._parts.batch(sealed.batch)
        if sealed.digest not in record.sealed:
            return None
        return CarriedOut(at=record.sealed[sealed.digest], is_last=record.choices.get("sealed") == sealed.digest)

    def plan_again(self, sealed: planning.SealedPlan) -> planning.Plan:
        """The plan made again from the file and the ledger, before Runa is asked.

        Raises `UsageError` where the settings are other ones, `InputInvalid` where file or ledger have changed since.
        """
        self._refuse_other_settings(sealed)
        plan = self._parts.plan(self._sheet(sealed), sealed.batch, self._meant(sealed))
        again = self._again(sealed, plan, plan.record.last_change)
        # What Runa's list says of the rows was part of the plan and is not known yet; all else is.
        if (again.file, again.journal) != (sealed.file, sealed.journal):
            raise _refusal(sealed, planning.plans_that_differ(sealed, again, plan))
        return plan

    def refuse_unless_same(self, sealed: planning.SealedPlan, plan: planning.Plan, *, before: planning.Plan) -> None:
        """Raise `InputInvalid` unless `plan`, held against Runa's answers, is to the digest the one that was sealed.

        `before` is what `plan_again` gave: the look itself may have settled rows, which moves the journal on.
        """
        again = self._again(sealed, plan, before.record.last_change)
        if differences := planning.plans_that_differ(sealed, again, plan):
            raise _refusal(sealed, differences)

    def _again(self, sealed: planning.SealedPlan, plan: planning.Plan, journal: str) -> planning.SealedPlan:
        said = _said(sealed)
        again = self.seal(
            plan,
            Path(sealed.file.path),
            prepared_at=sealed.prepared_at,
            said=said,
            ignore_balance=sealed.ignore_balance,
            prepared_by=sealed.prepared_by,
        )
        return replace(again, journal=journal)

    def _sheet(self, sealed: planning.SealedPlan) -> Sheet:
        path = Path(sealed.file.path)
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageError(
                f"The file of this plan, {path}, cannot be read ({error.strerror}).",
                "Put it back where it was, or make the plan again with the file that is meant.",
            ) from None
        try:
            # An upload lies under a random name; what people call it was sealed.
            return replace(load_sheet(path, self._parts.settings, _said(sealed)), name=sealed.file.name)
        except InputInvalid as error:
            if digest_of_file(path) == sealed.file.digest:
                raise
            raise InputInvalid(
                f"{sealed.file.name} is no longer the file that was sealed, and cannot be read; nothing was sent.",
                "Put the file back as it was, or mend it and make the plan again.",
                error.problems,
            ) from None

    def _meant(self, sealed: planning.SealedPlan) -> planning.Choices:
        """Its flags, which speak of nothing that was sent since; orders of unclear owner are bound by its digest.

        That a batch was never sent from elsewhere is no longer said where this ledger was put back since then, or where
        Runa may have forgotten the keys of that time: another life of the ledger may have carried it out.
        """
        said_at, knows_until = sealed.prepared_at, self._parts.ledger.knows_until()
        put_back = knows_until is not None and said_at <= knows_until
        holds = not put_back and not policy.key_is_old(said_at, self._parts.latest_now(None))
        return replace(sealed.meant, said_at=said_at, never_sent=sealed.meant.never_sent and holds)

    def _refuse_other_settings(self, sealed: planning.SealedPlan) -> None:
        told = planning.settings_that_differ(
            sealed,
            environment=self._parts.environment,
            api_version=self._parts.settings.api.version,
            reading=_plain(self._options(_said(sealed))),
            rules=self._rules,
        )
        if told:
            raise UsageError(
                f"This plan was made with other settings. {' '.join(told)} Nothing was sent.",
                "Set them as they were, or make the plan again.",
            )

    def _options(self, said: SaidOfFile) -> ReadOptions:
        return read_options(self._parts.settings, said)

    @property
    def _rules(self) -> Mapping[str, Any]:
        return {"duplicates_window_days": self._parts.settings.duplicates.window_days}


def write_sealed(sealed: planning.SealedPlan, path: Path) -> None:
    """Write the plan for its owner only, in place of an older plan. Raises `UsageError` where that cannot be."""
    refuse_to_replace(path)
    try:
        replacing.replace(path, planning.sealed_text(sealed).encode())
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the name of the sheet or its folder is no text"
        raise UsageError(
            f"The plan {path} could not be written ({reason}).", "Mend that, or name another place."
        ) from error


def refuse_to_replace(path: Path) -> None:
    """Raise `UsageError` where something lies at `path` that is no plan: a sheet, say, in the wrong place."""
    if (path.exists() or path.is_symlink()) and planning.marked(_text(path) if path.is_file() else "") is None:
        raise UsageError(f"{path} is there already and is no plan, so it is not replaced.", "Name another place.")


def read_sealed(path: Path) -> planning.SealedPlan:
    """The plan in the file at `path`. Raises `UsageError` for what is none, and where one byte of it was changed."""
    if not path.is_file():
        raise UsageError(f"There is no plan {path}.", "`batcher plan FILE --batch NAME --out PLAN` makes one.")
    try:
        sealed = planning.unsealed(_text(path))
        _said(sealed)
    except ValueError as error:
        raise UsageError(
            f"{path} {error}; nothing was sent.", "Make it with `batcher plan FILE --batch NAME --out PLAN`."
        ) from None
    return sealed


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).", "Name another file.") from None
    try:
        return data.decode() if len(data) <= MAX_BYTES else _NO_PLAN
    except UnicodeDecodeError:
        return _NO_PLAN


_NO_PLAN = ""
"""The text of what is no text, or far too long."""


def _refusal(sealed: planning.SealedPlan, differences: tuple[Problem, ...]) -> InputInvalid:
    return InputInvalid(
        f"What a run of batch {sealed.batch} would do is no longer what was sealed; nothing was sent.",
        f"Look at it anew and make the plan again: batcher plan FILE --batch {sealed.batch} --out PLAN.",
        differences,
    )


def _file(sheet: Sheet, path: Path, options: ReadOptions) -> planning.SealedFile:
    header = resolved(sheet.header_line, sheet.columns, options)
    titles = {ours: header.title(ours) for ours in FIELDS}
    return planning.SealedFile(
        path=str(path),
        name=sheet.name,
        digest=sheet.digest,
        rows=len(sheet.rows),
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        header_line=sheet.header_line,
        columns={ours: title for ours, title in titles.items() if title is not None},
    )


def _plain(value: ReadOptions | SaidOfFile) -> dict[str, Any]:
    plain: dict[str, Any] = to_jsonable_python(asdict(value))
    return plain


def _said(sealed: planning.SealedPlan) -> SaidOfFile:
    try:
        return TypeAdapter(SaidOfFile).validate_python(dict(sealed.said))
    except ValidationError:
        raise ValueError("was changed since it was made") from None
