"""What a schedule reports reaches people who do not look, but for what is told of its runs anyway."""

from datetime import UTC, datetime

import pytest

from batcher.assembly.notifying import Notified
from batcher.notices import Event, Notice
from batcher.schedules import Report, ReportKind

OF_ITS_RUNS = {ReportKind.STARTED_LATE, ReportKind.FINISHED, ReportKind.UNFINISHED}
"""The desk tells how a run ends."""

EVENTS = {
    ReportKind.WAITING: Event.NOT_STARTED,
    ReportKind.DID_NOT_START: Event.NOT_STARTED,
    ReportKind.MISSED: Event.NOT_STARTED,
    ReportKind.NEEDS_APPROVAL: Event.NEEDS_APPROVAL,
    ReportKind.NEEDS_PERSON: Event.NEEDS_PERSON,
    ReportKind.UNREACHABLE: Event.NOT_STARTED,
    ReportKind.FILE_CHANGED: Event.NEEDS_PERSON,
}


class Said:
    def __init__(self) -> None:
        self.reports: list[Report] = []

    def tell(self, report: Report) -> None:
        self.reports.append(report)


@pytest.mark.parametrize("kind", ReportKind)
def test_a_report_is_said_and_told_once(kind: ReportKind) -> None:
    said, notices = Said(), list[Notice]()
    report = Report(
        kind=kind,
        schedule="incentives",
        period="2026-11",
        batch="incentives-2026-11",
        message="It stands so; ask ann@example.com first.",
        exit_code=5,
        at=datetime(2026, 11, 28, 9, tzinfo=UTC),
    )

    Notified(said, notices.append).tell(report)

    assert said.reports == [report]
    assert [notice.event for notice in notices] == ([] if kind in OF_ITS_RUNS else [EVENTS[kind]])
    assert all(notice.body == "It stands so; ask [address] first." for notice in notices)
