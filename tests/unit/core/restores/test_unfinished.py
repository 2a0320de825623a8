import pytest

from mangrove.core.deployment import CollectionSize
from mangrove.core.namespace import Namespace
from mangrove.core.restores.unfinished import Unfinished, unfinished_in

ORDERS = Namespace("killed", "orders")
OURS, THEIRS = "a" * 32, "b" * 32


def found(documents: int = 12_052, kind: str = "collection") -> list[CollectionSize]:
    return [
        CollectionSize("killed", "orders", kind, documents, 99),
        CollectionSize("killed", "other", "collection", 1, 1),
    ]


def test_a_half_filled_collection_is_named_with_what_it_holds_and_was_to_hold() -> None:
    noted = [Unfinished(ORDERS, OURS, 120_000)]

    (left,) = unfinished_in(found(), noted, {ORDERS: OURS})

    assert left.sentence == "killed.orders: incomplete: 12,052 of 120,000 documents"
    assert left.is_safe


@pytest.mark.parametrize(
    "here",
    [pytest.param({ORDERS: THEIRS}, id="another of that name"), pytest.param({}, id="gone")],
)
def test_what_somebody_else_made_there_is_none(here: dict[Namespace, str]) -> None:
    assert unfinished_in(found(), [Unfinished(ORDERS, OURS, 120_000)], here) == ()


@pytest.mark.parametrize(
    ("entry", "documents", "is_safe"),
    [
        pytest.param(Unfinished(ORDERS, "", 120_000), 5, False, id="nobody knows whose"),
        pytest.param(Unfinished(ORDERS, OURS, 4), 5, False, id="somebody wrote to it"),
        pytest.param(Unfinished(ORDERS, OURS, 4, is_estimate=True), 5, True, id="a copy's guess"),
        pytest.param(Unfinished(ORDERS, OURS), 5, True, id="of unknown size"),
    ],
)
def test_only_what_is_certainly_ours_is_safe(
    entry: Unfinished, documents: int, *, is_safe: bool
) -> None:
    (left,) = unfinished_in(found(documents), [entry], {ORDERS: OURS})

    assert left.is_safe is is_safe
    assert ("look at it" in left.sentence) is not is_safe


@pytest.mark.parametrize(
    ("wanted", "kind", "said"),
    [
        pytest.param(7, "collection", "as many as it was to get, but", id="all there"),
        pytest.param(None, "collection", "incomplete, 7 documents", id="nobody knows"),
        pytest.param(9, "timeseries", "incomplete: 7 of 9 buckets", id="time series"),
        pytest.param(None, "view", "a view of a restore that did not end", id="view"),
    ],
)
def test_the_sentence_says_what_is_known(wanted: int | None, kind: str, said: str) -> None:
    (left,) = unfinished_in(found(7, kind), [Unfinished(ORDERS, OURS, wanted)], {ORDERS: OURS})

    assert said in left.sentence
