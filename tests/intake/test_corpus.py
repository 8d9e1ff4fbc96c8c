"""Files as people have them, read as a careful person reads them; `tests/corpus/README.md` says how they are kept."""

import pytest

from batcher.errors import InputInvalid
from tests.corpus.cases import Case, cases, expectation_of, expectations, inputs
from tests.corpus.comparing import differences, found_in

each_file = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


def test_the_corpus_is_large_and_each_file_has_one_expectation() -> None:
    assert len(inputs()) >= 100
    assert sorted(map(expectation_of, inputs())) == expectations()


@each_file
def test_no_amount_is_paid_that_nobody_wrote(case: Case) -> None:
    asked = [payout for reading in case.readings for key in ("payouts", "perhaps") for payout in reading.get(key, [])]
    sums = {(line, amount, currency) for line, _, amount, currency, _ in asked}
    wrong = [paid for paid in found_in(case).payouts if (paid[0], paid[2], paid[3]) not in sums]
    assert not wrong, f"{case.name}: A WRONG AMOUNT WOULD BE PAID: {wrong}"


@each_file
def test_no_row_is_lost_between_the_table_and_the_payouts(case: Case) -> None:
    found = found_in(case)
    if not isinstance(found.outline, InputInvalid) and not isinstance(found.sheet, InputInvalid):
        assert [row.line for row in found.sheet.rows] == [record.line for record in found.outline.records]


@each_file
def test_a_file_is_read_as_a_careful_person_reads_it(case: Case) -> None:
    found = found_in(case)
    wrong = [differences(found, reading) for reading in case.readings]
    assert not all(wrong), f"{case.name}: " + "\n  or: ".join("; ".join(of) for of in wrong)
