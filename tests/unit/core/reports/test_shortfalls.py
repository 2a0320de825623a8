from datetime import UTC, datetime, timedelta

from mangrove.core.reports.report import RowTone
from mangrove.core.reports.shortfalls import (
    NONE_KNOWN,
    FailedBackup,
    MissedTime,
    Shortfalls,
    shortfall_sections,
)

NIGHT = datetime(2026, 3, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_failed_backups_are_counted_and_named_day_by_day() -> None:
    found = Shortfalls(
        failed=(
            FailedBackup(NIGHT + DAY, "nas", "the disk is full"),
            FailedBackup(NIGHT + HOUR, "nas", "the disk is full"),
            FailedBackup(NIGHT, "cloud", "no answer"),
        )
    )

    failed, _ = shortfall_sections(found)

    assert failed.heading == "Backups that failed"
    assert failed.table is not None
    assert [row.cells for row in failed.table.rows] == [
        ("2026-03-03", "2", "02:00 into cloud: no answer; 03:00 into nas: the disk is full"),
        ("2026-03-04", "1", "02:00 into nas: the disk is full"),
    ]
    assert {row.tone for row in failed.table.rows} == {RowTone.BAD}
    assert found.failed_words == "3, on 2 days"


def test_of_many_missed_times_a_day_tells_the_first_and_how_many_more() -> None:
    missed = tuple(MissedTime(NIGHT + n * HOUR, "hourly") for n in range(10))

    _, section = shortfall_sections(Shortfalls(missed=missed))

    assert section.table is not None
    ((day, count, said),) = [row.cells for row in section.table.rows]
    assert (day, count) == ("2026-03-03", "10")
    assert said.startswith("02:00 hourly; 03:00 hourly; ")
    assert said.endswith("; and 6 more")
    assert Shortfalls(missed=missed).missed_words == "10, on 1 day"


def test_where_nothing_went_wrong_the_report_says_that_none_is_known() -> None:
    for section in shortfall_sections(NONE_KNOWN):
        assert section.table is not None
        assert (section.table.rows, section.table.empty) == ((), "None is known.")
        assert "not from a vault" in section.words[0]
    assert NONE_KNOWN.failed_words == "none is known"
