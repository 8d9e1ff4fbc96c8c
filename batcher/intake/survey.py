"""The first reading of all blocks, for what only all of them tell, so that the second can judge each by itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batcher.intake.abreast import in_order
from batcher.intake.arrays import is_blank, literal, whole
from batcher.intake.facts import Facts
from batcher.intake.frame import Frame
from batcher.intake.meaning.amounts import Evidence
from batcher.intake.paid import evidence_of
from batcher.intake.peers import same_key, same_key_other_text
from batcher.intake.repeats import NO_DIGESTS, Digests, Repeats, digests
from batcher.intake.shapes import lone_numbers, unnamed
from batcher.intake.sixteens import Sixteens


@dataclass(frozen=True, slots=True)
class Repeated:
    """Digests of what stands in more than one row."""

    references: Digests
    recipients: Digests

    def __bool__(self) -> bool:
        return bool(len(self.references) or len(self.recipients))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one block shows."""

    frame: Frame
    evidence: Evidence
    counts: Mapping[int, int]
    """By number of cells, how many rows have so many."""
    lone_numbers: list[int]
    ends_empty: bool
    methods: frozenset[str]
    unnamed: tuple[int, str] | None
    second_header: int | None
    references: Digests
    recipients: Digests


def surveyed(frames: Iterable[Frame], facts: Facts) -> tuple[Facts, Repeated]:
    """The facts with what all blocks show of their columns, and what comes more than once."""
    evidence, rows, methods, nameless, second = facts.amounts, 0, set(facts.methods), facts.unnamed, facts.second_header
    references, recipients = Repeats(), Repeats()
    counts, ends_empty, width, short = Counter[int](), False, 0, Sixteens()
    lone = set[int]()
    for seen in in_order(_seen, frames):
        rows += len(seen.frame)
        width = len(seen.frame.header.titles)
        counts.update(seen.counts)
        lone.update(seen.lone_numbers)
        short.add(seen.frame)
        ends_empty = ends_empty or seen.ends_empty
        evidence = evidence.merged(seen.evidence)
        methods |= seen.methods
        nameless = nameless or seen.unnamed
        second = second or seen.second_header
        references.add(seen.references)
        recipients.add(seen.recipients)
    facts = replace(
        facts,
        amounts=evidence,
        rows=rows,
        methods=frozenset(methods),
        unnamed=nameless,
        second_header=second,
        lone_numbers=frozenset(lone),
        usual_count=_usual(counts, width),
        ends_empty=ends_empty,
        short_together=short.together(),
    )
    return facts, Repeated(references.found(), recipients.found())


def _seen(frame: Frame) -> _Seen:
    counts = _counts(frame)
    mails = frame.has("email") and frame.options.same_recipient != "allow"
    return _Seen(
        frame=frame,
        evidence=evidence_of(frame),
        counts=counts,
        lone_numbers=lone_numbers(frame) if 1 in counts and frame.facts.delimiter is not None else [],
        ends_empty=_ends_empty(frame),
        methods=frozenset(filter(None, frame["method"].unique().to_pylist())),
        unnamed=unnamed(frame),
        second_header=_second_header(frame),
        references=_filled(_of_payouts(frame, frame["reference_folded"])) if frame.has("reference") else NO_DIGESTS,
        recipients=_filled(_of_payouts(frame, pc.utf8_lower(frame["email"]))) if mails else NO_DIGESTS,
    )


def _of_payouts(frame: Frame, texts: pa.StringArray) -> pa.StringArray:
    """The texts, empty where the row is a total, a note or a header: what stands there is nobody's."""
    kinds = frame["row_kind"]
    return texts if is_blank(kinds) else pc.if_else(pc.equal(kinds, literal("")), texts, literal(""))


def _filled(texts: pa.StringArray) -> Digests:
    return digests(texts.filter(pc.not_equal(texts, literal(""))))


def _usual(counts: Counter[int], width: int) -> int:
    """What most rows have; of two counts that as many have, the header's."""
    return max(counts, key=lambda cells: (counts[cells], cells == width, cells), default=0)


def _counts(frame: Frame) -> dict[int, int]:
    found = frame["cells"].value_counts()
    return {one["values"]: one["counts"] for one in found.to_pylist()}


def _ends_empty(frame: Frame) -> bool:
    """Whether some row that is as wide as the header ends in an empty cell."""
    empty = pc.equal(pc.utf8_trim_whitespace(frame.block.columns[-1]), literal(""))
    return bool(pc.and_(empty, pc.equal(frame["cells"], literal(len(frame.header.titles)))).true_count)


def _second_header(frame: Frame) -> int | None:
    if is_blank(frame["row_kind"]):
        return None
    found: int | None = pc.min(frame["line"].filter(pc.equal(frame["row_kind"], literal("other_header")))).as_py()
    return found


def with_peers(facts: Facts, frames: Iterable[Frame], repeated: Repeated) -> Facts:
    """The facts with who shares a reference or an address with whom; only rows with a repeated digest are held."""
    lines: list[int] = []
    keys: list[str] = []
    texts: list[str] = []
    mail_lines: list[int] = []
    mails: list[str] = []
    for frame in frames:
        if len(repeated.references):
            rows = _among(_of_payouts(frame, frame["reference_folded"]), repeated.references)
            lines += frame["line"].take(rows).to_pylist()
            keys += frame["reference_folded"].take(rows).to_pylist()
            texts += frame["reference_read"].take(rows).to_pylist()
        if len(repeated.recipients):
            rows = _among(_of_payouts(frame, pc.utf8_lower(frame["email"])), repeated.recipients)
            mail_lines += frame["line"].take(rows).to_pylist()
            mails += pc.utf8_lower(frame["email"]).take(rows).to_pylist()
    references = _words(lines, same_key(lines, texts))
    # A row that is there twice has its recipient twice, of course.
    mails = ["" if line in references else mail for line, mail in zip(mail_lines, mails, strict=True)]
    return replace(
        facts,
        reference_peers=references,
        reference_lookalikes=_words(lines, same_key_other_text(lines, keys, texts)),
        recipient_peers=_words(mail_lines, same_key(mail_lines, mails)),
    )


def _among(texts: pa.StringArray, repeated: Digests) -> pa.Array:
    """The places of texts with a repeated digest, empty ones left out."""
    filled = np.array(pc.not_equal(texts, literal("")).to_pylist(), dtype=np.bool_)
    return whole(np.flatnonzero(np.isin(digests(texts), repeated) & filled))


def _words(lines: list[int], words: list[str]) -> dict[int, str]:
    return {line: said for line, said in zip(lines, words, strict=True) if said}
