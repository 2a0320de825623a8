"""What evidence of a restored copy holds besides counts: amounts, assertions, a drill's moment."""

from collections.abc import Mapping

from mangrove.core.assertion import AssertionResult, Measure, Question, Verdict
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.verification import Amounts, Drill, Evidence
from mangrove.vault.codecs.strict_json import Node, Record

OPTIONAL_FIELDS = ("amounts", "assertions", "drill")
"""Written only where there is something to say, so that other evidence stays as it always was."""
_ASSERTION_FIELDS = (
    "name",
    "database",
    "collection",
    "measure",
    "field",
    "query",
    "at_least",
    "at_most",
    "verdict",
    "value",
    "problem",
)


def measured_document(evidence: Evidence) -> Mapping[str, object]:
    """Return the optional fields of evidence that are not empty."""
    drill = evidence.drill
    found: dict[str, object] = {
        "amounts": [{"name": n, "amount": a} for n, a in evidence.amounts],
        "assertions": [_assertion_document(result) for result in evidence.assertions],
        "drill": _drill_document(drill) if drill is not None else None,
    }
    return {name: value for name, value in found.items() if value}


def amounts_of(record: Record) -> Amounts:
    """Read the amounts."""
    pieces = [item.record(("name", "amount")) for item in _items(record, "amounts")]
    return tuple((p["name"].text(), p["amount"].integer()) for p in pieces)


def assertions_of(record: Record) -> tuple[AssertionResult, ...]:
    """Read the assertions."""
    return tuple(_assertion(item) for item in _items(record, "assertions"))


def drill_of(record: Record) -> Drill | None:
    """Read what a drill went back to."""
    node = record.get("drill")
    if node is None:
        return None
    piece = node.record(("limit", "seed", "compared_with"))
    limit = piece["limit"]
    return Drill(
        limit=None if limit.value is None else _timestamp(limit),
        seed=piece["seed"].text(),
        compared_with=piece["compared_with"].text(),
    )


def _items(record: Record, name: str) -> tuple[Node, ...]:
    node = record.get(name)
    return () if node is None else node.items()


def _drill_document(drill: Drill) -> Mapping[str, object]:
    limit = drill.limit
    return {
        "limit": None if limit is None else {"t": limit.seconds, "i": limit.increment},
        "seed": drill.seed,
        "compared_with": drill.compared_with,
    }


def _timestamp(node: Node) -> OplogTimestamp:
    record = node.record(("t", "i"))
    return OplogTimestamp(record["t"].integer(), record["i"].integer())


def _assertion_document(result: AssertionResult) -> Mapping[str, object]:
    question = result.question
    return {
        "name": result.name,
        "database": question.namespace.database,
        "collection": question.namespace.collection,
        "measure": question.measure,
        "field": question.field,
        "query": question.query,
        "at_least": question.at_least,
        "at_most": question.at_most,
        "verdict": result.verdict,
        "value": result.value,
        "problem": result.problem,
    }


def _assertion(node: Node) -> AssertionResult:
    record = node.record(_ASSERTION_FIELDS)
    question = Question(
        namespace=Namespace(record["database"].text(), record["collection"].text()),
        measure=record["measure"].choice(Measure),
        field=record["field"].text(),
        query=record["query"].text(),
        at_least=record["at_least"].optional_number(),
        at_most=record["at_most"].optional_number(),
    )
    return AssertionResult(
        name=record["name"].text(),
        question=question,
        verdict=record["verdict"].choice(Verdict),
        value=record["value"].optional_number(),
        problem=record["problem"].text(),
    )
