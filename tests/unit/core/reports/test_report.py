from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.oplog_story import record
from fakes.vaults import evidence_for
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.pitr.planning import Timeline
from mangrove.core.pitr.timeline import timeline_of
from mangrove.core.reports.gaps import gaps_section, longest_stretch
from mangrove.core.reports.period import Covered, month_of, period_report
from mangrove.core.reports.report import ReportKind, ReportSigner, how_to_check
from mangrove.core.verification import Drill, Evidence, EvidenceSummary, Level

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 3, 8, tzinfo=UTC)
NOTHING: Timeline = timeline_of([], [], (), END)


def on(day: float, **changes: object) -> BackupRecord:
    """Make a backup of the whole deployment so many days after the start."""
    at = START + day * DAY
    made = replace(
        record(1), backup=BackupId(f"day-{day}"), started_at=at, finished_at=at, data_at=at
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # as named


def whats(*records: BackupRecord, pieces: tuple[Evidence, ...] = ()) -> list[str]:
    section = gaps_section(records, pieces, NOTHING, START, END)
    assert section.table is not None
    return [" ".join(filter(None, row.cells[:3])) for row in section.table.rows]


def test_days_without_a_backup_are_named_in_runs() -> None:
    said = whats(on(0.1), on(3.5), on(3.9))

    assert "2 days without a backup of the whole deployment 2026-03-02 2026-03-03" in said
    assert "3 days without a backup of the whole deployment 2026-03-05 2026-03-07" in said


def test_a_part_or_an_unreadable_backup_fills_no_day() -> None:
    part = on(0.1, is_whole=False)
    lost = on(1.1, state=BackupState.UNREADABLE, problem="its manifest is gone")

    said = whats(part, lost)

    assert "7 days without a backup of the whole deployment 2026-03-01 2026-03-07" in said
    assert any(words.startswith("day-1.1 cannot be read") for words in said)


def test_what_was_never_restored_failed_or_drilled_is_owned_up_to() -> None:
    bad = replace(evidence_for(BackupId("day-1"), passed=False), finished_at=START + DAY)
    good = EvidenceSummary(Level.RESTORED, True, START + 2 * DAY, DAY, "embedded")

    said = whats(on(1), on(2, evidence=(good,)), pieces=(bad,))

    assert any(words.startswith("day-1 was not restored on trial") for words in said)
    assert not any(words.startswith("day-2 was not restored") for words in said)
    assert any(words.startswith("a proof of day-1 failed") for words in said)
    assert "no recovery was drilled" in said
    drilled = replace(bad, passed=True, findings=(), drill=Drill(None))
    assert "no recovery was drilled" not in whats(on(1), pieces=(drilled,))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), "there is no backup"),
        ((0, 1, 2, 3, 4, 5, 6), "1 d"),
        ((0, 1, 2), "5 d"),
        ((-1, 4, 6), "5 d"),
        ((5,), "5 d"),
    ],
    ids=["none", "daily", "open end", "from before the start", "open start"],
)
def test_the_longest_stretch_has_the_edges_in_it(days: tuple[int, ...], expected: str) -> None:
    words = longest_stretch([on(day) for day in days], START, END)

    hours = {"1 d": "24 h", "5 d": "5 d"}.get(expected, expected)
    assert words.startswith(hours), words


def test_a_month_is_whole_and_nothing_but_a_month() -> None:
    assert month_of("2026-02") == (
        datetime(2026, 2, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert month_of(" 2025-12 ")[1] == datetime(2026, 1, 1, tzinfo=UTC)
    for text in ("2026", "2026-13", "March", ""):
        with pytest.raises(ValueError, match=r"format|month|remains"):
            month_of(text)


def test_several_profiles_keep_their_sections_apart_and_what_came_later_is_not_in_it() -> None:
    late = replace(evidence_for(BackupId("day-1"), passed=True), finished_at=END + DAY)
    one = Covered("shop", START, END, (on(1),), {BackupId("day-1"): (late,)}, NOTHING, ())

    alone = period_report(ReportKind.PROFILE, "t", "s", [one])
    both = period_report(ReportKind.MONTH, "t", "s", [one, replace(one, name="till")])

    assert "Proof" in [s.heading for s in alone.sections]
    assert {s.heading.split(":")[0] for s in both.sections} == {"shop", "till"}
    proof = next(s for s in alone.sections if s.heading == "Proof")
    assert proof.table is not None
    assert proof.table.rows == ()
    assert alone.as_of == END


def test_how_to_check_names_key_and_file() -> None:
    _, command, trust = how_to_check(ReportSigner("attic", "RWQkey", "1"), "a.html")

    assert command == "minisign -V -P RWQkey -m a.html"
    assert "not from this page" in trust
