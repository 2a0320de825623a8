"""Which collections take a query, and how a time series is asked."""

import bson
import pytest

from mangrove.connectors.mongo.listing import EMPTY_DOCUMENT, Listed
from mangrove.connectors.mongo.queries import filter_for, filters_of, is_scan
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace

HEAT = Namespace("shop", "heat")


def listed(kind: str, **options: object) -> Listed:
    return Listed(HEAT, kind, bson.encode(options) if options else EMPTY_DOCUMENT, "u", b"")


SERIES = listed("timeseries", timeseries={"timeField": "t", "metaField": "m"})


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, {}),
        ({"m": 1}, {"meta": 1}),
        ({"m.z": 1, "m.a": {"$gt": 2}}, {"meta.z": 1, "meta.a": {"$gt": 2}}),
    ],
)
def test_a_time_series_is_asked_for_its_meta_field(
    query: dict[str, object], asked: dict[str, object]
) -> None:
    found = filter_for(SERIES, bson.encode(query))

    assert found == bson.encode(asked)  # the order of fields is part of it


@pytest.mark.parametrize(
    ("of", "query", "words"),
    [
        (SERIES, {"t": 1}, "metaField m only"),
        (SERIES, {"m2": 1}, "metaField m only"),
        (SERIES, {"$or": [{"m": 1}]}, "metaField m only"),
        (listed("timeseries", timeseries={"timeField": "t"}), {"m": 1}, "has no metaField"),
        (listed("view", viewOn="a"), {}, "is a view"),
    ],
)
def test_what_cannot_be_filtered_is_refused(
    of: Listed, query: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidSelectionError, match=words):
        filter_for(of, bson.encode(query))


def test_an_ordinary_collection_is_asked_as_it_was_written() -> None:
    query = bson.encode({"b": 1, "a": {"$in": [1, 2]}})

    assert filters_of({HEAT: query}, [listed("collection")]) == {HEAT: query}


def test_a_query_for_what_is_not_dumped_is_refused() -> None:
    with pytest.raises(InvalidSelectionError, match="which is not selected"):
        filters_of({Namespace("shop", "other"): EMPTY_DOCUMENT}, [listed("collection")])


SCAN, BY_INDEX = {"stage": "COLLSCAN"}, {"stage": "FETCH", "inputStage": {"stage": "IXSCAN"}}
EITHER_INDEX = {"stage": "FETCH", "inputStage": {"stage": "OR", "inputStages": [SCAN, SCAN]}}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(SCAN, True, id="scan"),
        pytest.param({"stage": "SUBPLAN", "inputStage": SCAN}, True, id="planned in parts"),
        pytest.param({"queryPlan": SCAN, "slotBasedPlan": {}}, True, id="slot-based scan"),
        pytest.param(BY_INDEX, False, id="index"),
        pytest.param({"queryPlan": BY_INDEX}, False, id="slot-based index"),
        pytest.param(EITHER_INDEX, False, id="branches"),
        pytest.param({"stage": "CLUSTERED_IXSCAN"}, False, id="clustered index"),
        pytest.param({"stage": "EOF"}, False, id="nothing to be found"),
        pytest.param({}, False, id="told nothing"),
    ],
)
def test_a_plan_is_a_scan_or_by_an_index(plan: dict[str, object], *, expected: bool) -> None:
    assert is_scan({"queryPlanner": {"winningPlan": plan}}) is expected


def test_an_explanation_without_a_plan_is_no_scan() -> None:
    assert not is_scan({})
