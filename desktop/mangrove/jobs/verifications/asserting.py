"""Puts the owner's assertions to a restored copy, and keeps what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.assertion import Answer, Assertion, Measure, Verdict, judged, why_not_asked
from mangrove.core.assertion_words import found_words, result_sentence
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.ports.assertion import Asked
from mangrove.core.run import Loss
from mangrove.engine.queries import query_bytes
from mangrove.jobs.context import RunContext
from mangrove.jobs.verifications.ledger import Ledger

ASK_LIMIT_MS = 100_000
"""Below the time after which a silent server ends the run."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A restored copy that can be asked.

    Attributes:
        where: Where each collection of the deployment is; one that is missing was not there.
        stands_at: The moment that the data stand at; ages are counted from it.
    """

    manifest: Manifest
    where: Mapping[Namespace, Namespace]
    stands_at: datetime


def ask_all(
    ctx: RunContext, ledger: Ledger, asked: Asked, assertions: Sequence[Assertion], copy: Copy
) -> None:
    """Ask one assertion after the other.

    A broken one is a finding: the backup is readable, but not what its owner expects. One that
    got no answer says nothing against the backup, but its owner has to know.

    Raises:
        ConnectionLostError: The copy cannot be asked any more.
    """
    for assertion in assertions:
        ctx.check()
        ctx.note(assertion.name)
        question = assertion.question
        if why := why_not_asked(question, copy.manifest):
            ctx.log(f"assertion {assertion.name} was not asked: {why}")
            continue
        where = copy.where.get(question.namespace)
        answer = (
            Answer(0.0 if question.measure in (Measure.COUNT, Measure.SUM) else None)
            if where is None
            else asked.ask(where, question, query_bytes(question.query), ASK_LIMIT_MS)
        )
        result = judged(assertion.name, question, answer, copy.stands_at)
        ledger.assertions.append(result)
        ctx.log(result_sentence(result))
        if result.verdict is Verdict.BROKEN:
            ledger.find(f"assertion {assertion.name}", found_words(result))
        elif result.verdict is Verdict.UNANSWERED:
            ledger.unanswered.append(Loss(f"assertion {assertion.name}", result.problem))
