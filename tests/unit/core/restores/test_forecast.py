from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.vaults import entry
from mangrove.core.deployment import DiskUse, PrivilegeFinding
from mangrove.core.known import Known
from mangrove.core.manifest import NamespaceEntry, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.restores.forecast import (
    Forecast,
    FreeSpace,
    Measured,
    Room,
    SpaceForecast,
    TimeForecast,
    secondary_indexes,
    space_forecast,
    time_forecast,
)
from mangrove.core.restores.version_conflicts import Effect, VersionConflict

BLOB = StoredBlob("m", 0, "", 0)
USERS = Namespace("shop", "users")
ID = '{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}'
MAIL = '{"v":{"$numberInt":"2"},"key":{"mail":{"$numberInt":"1"}},"name":"mail"}'
DAY = datetime(2026, 3, 1, tzinfo=UTC)
MB = 10**6
PLENTY = FreeSpace(10**12)


def users(**changes: object) -> NamespaceEntry:
    whole = replace(entry(BLOB, (), USERS), indexes=(ID, MAIL), documents=1000, plain_bytes=200_000)
    return replace(whole, **changes)  # type: ignore[arg-type]  # as the tests name them


def space(*entries: NamespaceEntry, **choices: object) -> SpaceForecast:
    moved = [(e, e.namespace) for e in entries]
    return space_forecast(moved, PLENTY, **choices)  # type: ignore[arg-type]  # as the tests say


def restore(megabytes: float, seconds: float, days: int = 0, kind: str = "restore") -> Measured:
    took, ended_at = timedelta(seconds=seconds), DAY + timedelta(days=days)
    return Measured(kind, int(megabytes * MB), took, ended_at)


def test_what_was_measured_at_the_source_is_what_is_needed() -> None:
    found = space(users(disk=DiskUse(70_000, 50_000)))

    assert (found.data_bytes, found.index_bytes, found.needed_bytes) == (70_000, 50_000, 120_000)
    assert "120.0 kB, 50.0 kB of it for indexes" in found.sentence
    assert found.sentence.endswith("as it was at the source")


def test_what_nobody_measured_is_counted_uncompressed_and_says_so() -> None:
    found = space(users(), users(disk=DiskUse(70_000, 1)))

    assert found.data_bytes == 200_000 + 70_000
    assert found.index_bytes == 2 * 1000 * 32 + 1
    assert "1 collection was not measured at the source" in found.sentence


def test_a_collection_that_was_not_written_down_yet_counts_as_not_measured() -> None:
    disk = DiskUse(4096, 4096)

    settled, fresh = space(users(disk=disk, plain_bytes=80_000)), space(users(disk=disk))

    assert (settled.measured, settled.data_bytes) == (1, 4096)
    assert (fresh.measured, fresh.data_bytes) == (0, 200_000)


def test_of_a_filtered_collection_the_source_says_nothing() -> None:
    measured = users(disk=DiskUse(10**9, 10**9))

    found = space(measured, filtered=frozenset({USERS}))

    assert (found.data_bytes, found.measured) == (200_000, 0)


def test_without_indexes_only_the_one_on_id_takes_space() -> None:
    assert space(users(), with_indexes=False).index_bytes == 32_000
    assert space(users(disk=DiskUse(70_000, 90_000)), with_indexes=False).index_bytes == 32_000
    assert space(users(disk=DiskUse(70_000, 9_000)), with_indexes=False).index_bytes == 9_000


def test_a_dump_that_does_not_say_how_many_documents_it_holds_still_needs_room_for_indexes() -> (
    None
):
    found = space(users(documents=0, plain_bytes=512_000))

    assert found.index_bytes == 2 * 32_000


def test_views_take_nothing_and_an_empty_collection_takes_its_files() -> None:
    view = users(kind="view", documents=0, plain_bytes=0, indexes=())

    assert space(view).needed_bytes == 0
    assert space(view).measured == 1
    assert space(users(documents=0, plain_bytes=0)).needed_bytes == 3 * 4096


@pytest.mark.parametrize(
    ("free", "room"),
    [
        (None, Room.UNKNOWN),
        (99, Room.LACKING),
        (100, Room.TIGHT),
        (111, Room.TIGHT),
        (112, Room.ENOUGH),
    ],
)
def test_room_is_judged_by_what_is_free(free: int | None, room: Room) -> None:
    found = SpaceForecast(60, 40, 1, 1, FreeSpace(free, "nobody may ask"), replaced_bytes=7)

    assert found.room is room
    assert ("ONLY" in found.sentence) is (room in (Room.LACKING, Room.TIGHT))
    assert ("unknown: nobody may ask" in found.sentence) is (room is Room.UNKNOWN)
    assert "the 7 B that are replaced become free at the end" in found.sentence


def test_time_is_unknown_until_something_was_measured() -> None:
    found = time_forecast(MB, [], "staging")

    assert (found.likely, found.at_worst) == (None, None)
    assert found.sentence == "unknown: no restore to staging was measured yet"


def test_one_restore_tells_the_time_and_is_named() -> None:
    found = time_forecast(100 * MB, [restore(50, 5)], "staging")

    assert found.likely == found.at_worst == timedelta(seconds=10)
    assert found.sentence == (
        "about 10 s; measured by 1 restore to staging at 10.0 MB/s, last on 2026-03-01"
    )


def test_of_many_restores_the_middle_one_is_likely_and_nine_of_ten_are_better_than_the_worst() -> (
    None
):
    history = [restore(100, 100 / rate, days=rate) for rate in range(1, 11)]

    found = time_forecast(100 * MB, history, "staging")

    assert found.likely == timedelta(seconds=100 / 6)
    assert found.at_worst == timedelta(seconds=50)
    assert "10 restores to staging at 1.0 MB/s to 10.0 MB/s, last on 2026-03-11" in found.sentence
    assert "up to 50 s if it goes badly" in found.sentence


def test_restores_of_another_size_say_nothing() -> None:
    found = time_forecast(MB * 1000, [restore(1, 1), restore(49, 1)], "staging")

    assert found.likely is None
    assert "the 2 restores to staging measured so far moved 1.0 MB to 49.0 MB" in found.sentence
    assert "moved 1.0 MB, which" in time_forecast(MB * 1000, [restore(1, 1)], "x").sentence


def test_kinds_of_evidence_are_told_apart() -> None:
    history = [restore(10, 1), restore(10, 1, kind="copy"), restore(10, 1, kind="trial restore")]

    evidence = time_forecast(10 * MB, history, "x").evidence

    assert "1 restore and 1 copy and 1 trial restore to x" in evidence


@given(
    st.integers(0, 10**13),
    st.lists(
        st.builds(
            Measured,
            st.just("restore"),
            st.integers(0, 10**13),
            st.timedeltas(timedelta(0), timedelta(days=9)),
            st.just(DAY),
        )
    ),
)
def test_the_worst_is_never_better_than_the_likely(size: int, history: list[Measured]) -> None:
    found = time_forecast(size, history, "x")

    assert (found.likely is None) == (found.at_worst is None)
    if found.likely is not None and found.at_worst is not None:
        assert found.at_worst >= found.likely
    assert found.sentence


def test_copies_are_told_by_their_plural() -> None:
    history = [restore(20, 4, kind="copy"), restore(20, 4, kind="copy")]

    assert "measured by 2 copies to x" in time_forecast(20 * MB, history, "x").evidence


def test_small_or_short_runs_count_only_while_nothing_else_is_known() -> None:
    small, short = restore(9, 90), restore(90, 1)

    alone = time_forecast(20 * MB, [small, short], "x")
    beside = time_forecast(20 * MB, [small, short, restore(20, 4)], "x")

    assert "measured by 2 restores" in alone.evidence
    assert alone.evidence.endswith("; all small or short, which tells little")
    assert beside.likely == timedelta(seconds=4)
    assert "measured by 1 restore to x at 5.0 MB/s" in beside.evidence
    assert "tells little" not in beside.evidence


def test_what_is_only_known_to_be_at_least_so_much_takes_at_least_so_long() -> None:
    history = [restore(100, 10)]

    least = time_forecast(100 * MB, history, "x", Known.AT_LEAST)
    unknown = time_forecast(0, history, "x", Known.UNKNOWN)

    assert least.sentence.startswith("at least 10 s; ")
    assert unknown.sentence == "unknown: only reading tells how much comes"


def test_space_for_at_least_so_much_is_never_said_to_be_enough() -> None:
    found = space(users(documents=0, bytes_known=Known.AT_LEAST))

    assert (found.known, found.room) == (Known.AT_LEAST, Room.UNKNOWN)
    assert found.sentence.startswith("at least 2")
    assert "ONLY" not in found.sentence
    assert replace(found, free=FreeSpace(100_000)).room is Room.LACKING


def test_space_is_enough_where_even_the_most_that_can_come_would_fit() -> None:
    found = space(users(documents=0, bytes_known=Known.AT_LEAST, most_bytes=1_400_000))
    most = 1_400_000 + 4096 + 2 * (100_000 * 32 + 4096)

    fits, barely = (replace(found, free=FreeSpace(free)) for free in (most * 2, most))

    assert found.most_bytes == most
    assert (fits.room, barely.room) == (Room.ENOUGH, Room.UNKNOWN)
    assert " and at most 7.8 MB, " in fits.sentence
    assert "at most" not in barely.sentence


def test_space_for_what_only_reading_tells_is_unknown() -> None:
    found = space(users(documents=0, plain_bytes=0, bytes_known=Known.UNKNOWN))

    assert found.room is Room.UNKNOWN
    assert found.sentence.startswith("unknown, as only reading tells how much comes; at least ")


def test_work_says_what_is_not_known() -> None:
    unknown = forecast(documents=0, documents_known=Known.UNKNOWN, bytes_known=Known.AT_LEAST)
    nothing = forecast(plain_bytes=0, bytes_known=Known.UNKNOWN)

    assert "an unknown number of documents, at least 3.0 MB of BSON" in unknown.work
    assert "1,000 documents, an unknown amount of BSON" in nothing.work


def forecast(**changes: object) -> Forecast:
    whole = Forecast(
        collections=2,
        documents=1000,
        plain_bytes=3 * MB,
        indexes=1,
        space=space(users()),
        time=TimeForecast(None, None, "nothing was measured"),
        privileges=PrivilegeFinding("restore", True),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # as the tests name them


def test_a_forecast_says_each_part_in_words() -> None:
    assert [name for name, _ in forecast().lines()] == [
        "work",
        "space",
        "time",
        "privileges",
        "versions",
    ]
    assert forecast().work == "2 collections, 1,000 documents, 3.0 MB of BSON, 1 index"
    assert "3.0 MB of BSON, 2 indexes" in forecast(indexes=2).work
    assert forecast().allowance == "the user may do all of it"
    assert forecast().versions == "nothing is known that this server would not take"


def test_missing_privileges_name_the_role() -> None:
    missing = PrivilegeFinding("restore", False, tuple("abcde"), "restore")

    assert forecast(privileges=missing).allowance == (
        "MISSING: a, b, c and 2 more; the role restore on admin has it"
    )
    unknown = PrivilegeFinding("restore", None)
    assert "could not be found out" in forecast(privileges=unknown).allowance


def test_conflicts_are_said_one_after_the_other() -> None:
    conflicts = (
        VersionConflict("a.b", "a time series", Effect.NOT_CREATED, "5.0"),
        VersionConflict("a.c index x", "a geoHaystack index", Effect.INDEX_MISSING),
    )

    assert forecast(conflicts=conflicts).versions == (
        "the target will not create a.b: it is or uses a time series, which MongoDB has since 5.0; "
        "the target will not build a.c index x: it is or uses a geoHaystack index, which it took "
        "away"
    )


def test_secondary_indexes_are_counted() -> None:
    clustered = '{"key":{"_id":1},"name":"by id","clustered":true}'

    assert secondary_indexes([(users(indexes=(ID, MAIL, clustered)), USERS)]) == 1
