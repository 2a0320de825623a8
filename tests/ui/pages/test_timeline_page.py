"""The timeline page: what it shows, what it answers, where it leads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import NOW, REPORT, evidence_summary
from fakes.services import FakeServices
from mangrove.core.deployment import PrivilegeFinding, Topology
from mangrove.core.errors import ServerUnreachableError
from mangrove.core.pitr.moments import Edge
from mangrove.core.pitr.planning import GapReason
from mangrove.core.restores.forecast import Measured
from mangrove.core.verification import Level
from mangrove.ui.models.spans_model import SpanColumn
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.timeline.page import TimelinePage
from mangrove.ui.theme.tokens import Tone
from ui.conftest import Ends

DAY = 86_400.0
NOW_S = NOW.timestamp()


def opened(qtbot: QtBot, ends: Ends, profile: str = "production") -> TimelinePage:
    page = TimelinePage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.select(profile=profile)
    page.resize(1080, 752)
    page.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    return page


def asked(qtbot: QtBot, page: TimelinePage, text: str, edge: Edge = Edge.BEFORE) -> None:
    page.form.field.setText(text)
    (page.form.including if edge is Edge.INCLUDING else page.form.before).setChecked(True)
    page.form.changed.emit()
    qtbot.waitUntil(lambda: page._answer is not None or bool(page.form.row.error))


def exact_text(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def buttons(qtbot: QtBot, page: TimelinePage) -> dict[str, QPushButton]:
    def shown() -> list[QPushButton]:
        return [b for b in page.answer.findChildren(QPushButton) if b.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))  # a layout shows its new widgets a moment later
    return {b.text(): b for b in shown()}


def test_windows_gaps_and_backups_are_drawn_and_listed(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    picture = page.picture
    assert picture is not None
    timeline = picture.timeline
    assert len(picture.marks.gaps.rows) == len(timeline.gaps)
    assert len(picture.marks.ticks.rows) == len(timeline.bases)
    assert page.spans.spans.rowCount() == 3 + len(timeline.gaps)
    first = page.spans.spans.index(0, SpanColumn.WHAT)
    assert first.data() == "Any second, 1 backup"
    assert page.card.words.text() == "Any second from yesterday 02:00 to today 14:00."
    assert "may stay away for 31 h" in page.card.note.text()


def test_a_window_is_as_proven_as_the_base_each_moment_is_rebuilt_from(
    qtbot: QtBot, ends: Ends
) -> None:
    page = opened(qtbot, ends)
    assert page.picture is not None

    tones = {row.tone for row in page.picture.marks.bands.rows}

    assert tones == {Tone.PROVEN, Tone.UNPROVEN}
    for row in page.picture.marks.bands.rows:
        asked(qtbot, page, exact_text(row.start_s + 1))
        assert page._answer is not None
        plan = page._answer.plan
        assert plan is not None
        is_proven = plan.base.record.proven is not None and (
            plan.base.record.proven.level.value == "restored"
        )
        assert is_proven is (row.tone is Tone.PROVEN)


def test_a_chosen_moment_names_base_slices_evidence_and_time(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.strip.moment_chosen.emit(NOW_S - 1.2 * DAY)

    qtbot.waitUntil(lambda: page._answer is not None)
    facts = dict(zip(page.answer.facts.texts()[::2], page.answer.facts.texts()[1::2], strict=True))
    assert page.form.text == "2026-11-22 09:14:00"
    assert page.answer.headline.text() == "Base yesterday 02:00 + 29 slices"
    assert facts["Replay"].startswith("104,401 entries")
    assert facts["Evidence"] == "never restored on trial; stored 36 h ago"
    assert (
        facts["Takes about"] == "14 min for the base, measured 3 days ago; for the replay unknown"
    )
    assert "nothing of that second" in page.answer.note.text()


def test_without_any_measured_restore_the_time_is_unknown(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows = [replace(r, evidence=()) for r in fakes.backups.rows]
    page = opened(qtbot, ends)

    asked(qtbot, page, "2026-11-22 09:14:00")

    assert "unknown: no restore of this size was ever measured" in page.answer.facts.texts()


def test_restores_to_the_deployment_tell_where_no_trial_does(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows = [replace(r, evidence=()) for r in fakes.backups.rows]
    size = fakes.backups.rows[0].plain_bytes
    fakes.backups.measured = [Measured("restore", size, timedelta(minutes=9), NOW)]
    page = opened(qtbot, ends)

    asked(qtbot, page, "2026-11-22 09:14:00")

    takes = page.answer.facts.texts()[-1]
    assert takes.startswith("the base about 7 min")
    assert "measured by" in takes
    assert takes.endswith("for the replay unknown")


def test_including_the_second_is_one_second_more(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    asked(qtbot, page, "2026-11-22 09:14:00")
    assert page._answer is not None
    before = page._answer.moment.limit
    page._answer = None
    page.form.including.click()
    qtbot.waitUntil(lambda: page._answer is not None)

    assert page._answer.moment.limit.seconds == before.seconds + 1
    assert page.strip.chosen_s == before.seconds


def test_restore_to_here_passes_the_moment_on(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    asked(qtbot, page, "2026-11-22 09:14:00")

    with qtbot.waitSignal(ends.navigator.rewind_wanted) as wanted:
        page.answer.restore.click()

    assert wanted.args[0] == "production"
    assert wanted.args[1].text == "2026-11-22 09:14:00"


def test_what_includes_its_second_is_passed_on_as_its_limit(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    asked(qtbot, page, "2026-11-22 09:14:00", Edge.INCLUDING)

    with qtbot.waitSignal(ends.navigator.rewind_wanted) as wanted:
        page.answer.restore.click()

    assert wanted.args[1].text == str(wanted.args[1].limit)


def test_a_moment_in_a_gap_says_why_and_leads_to_the_nearest(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    asked(qtbot, page, "2026-11-15 00:40:00")

    assert "nothing captured the oplog then" in page.answer.problem.text
    assert not page.answer.restore.isVisible()
    before, _after = buttons(qtbot, page).values()
    page._answer = None
    before.click()
    qtbot.waitUntil(lambda: page._answer is not None)
    assert page._answer.plan is not None
    assert page.strip.chosen_s == page.picture.timeline.gaps[1].start.seconds


def test_what_is_no_moment_is_told_at_the_field(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    asked(qtbot, page, "half past 9")

    assert "is not a moment" in page.form.row.error
    assert not page.answer.restore.isVisible()


def test_a_gap_is_explained_and_a_past_one_needs_nobody(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    assert page.picture is not None
    number, gap = next(
        (n, g)
        for n, g in enumerate(page.picture.timeline.gaps)
        if g.reason is GapReason.ROLLED_OVER
    )

    page.strip.gap_chosen.emit(number)

    assert page.answer.headline.text() == (
        "Gap from 2026-11-20 21:05:00 UTC to 2026-11-21 01:30:00 UTC"
    )
    assert "entries were lost" in page.answer.problem.text
    assert list(buttons(qtbot, page)) == ["Last moment before", "First moment after"]
    assert page.spans.selectionModel().selectedRows()
    assert gap.end is not None


def test_a_gap_that_goes_on_offers_to_start_capture(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.clock.advance(timedelta(hours=3))
    page = opened(qtbot, ends)
    assert page.picture is not None

    page.strip.gap_chosen.emit(len(page.picture.timeline.gaps) - 1)

    assert page.card.badge.word == "gap until now"
    assert "goes on" in page.answer.problem.text
    with qtbot.waitSignal(ends.navigator.capture_wanted) as wanted:
        buttons(qtbot, page)["Start &capture…"].click()
    assert wanted.args == ["production"]


def test_the_moment_of_a_backup_can_be_chosen(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.strip.tick_chosen.emit(3)

    qtbot.waitUntil(lambda: page._answer is not None)
    assert page.answer.headline.text().endswith(", as it is")
    assert page.answer.restore.isEnabled()


def test_a_backup_without_a_moment_is_restored_as_it_is(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends, "reporting")
    assert page.picture is not None
    base = page.picture.timeline.bases[0]

    page.strip.tick_chosen.emit(0)
    qtbot.waitUntil(lambda: page._answer is not None)

    assert "read at different moments" in page.answer.note.text()
    with qtbot.waitSignal(ends.navigator.restore_wanted) as wanted:
        buttons(qtbot, page)["Restore this &backup…"].click()
    assert wanted.args == [base.backup]


def test_where_nothing_was_captured_capture_is_offered(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends, "staging")

    assert "Nothing captures the oplog of staging yet" in page.advice.text
    assert not page.spans.isVisible()
    with qtbot.waitSignal(ends.navigator.capture_wanted):
        page.advice.action.click()


def test_a_standalone_server_is_told_why_and_how(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.report = replace(REPORT, topology=Topology.STANDALONE, oplog=None)

    page = opened(qtbot, ends, "reporting")

    qtbot.waitUntil(lambda: "standalone" in page.advice.text)
    assert "--replSet" in page.advice.text
    assert not page.advice.action.isVisible()


def test_a_missing_privilege_names_the_role(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    lacking = PrivilegeFinding("oplog", allowed=False, missing=("find on local.*",), role="backup")
    fakes.profiles.report = replace(REPORT, privileges=(lacking,))

    page = opened(qtbot, ends, "reporting")

    qtbot.waitUntil(lambda: "The role backup would allow that" in page.advice.text)


def test_a_deployment_that_is_down_still_shows_its_moments(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = ServerUnreachableError("nobody answers")

    page = opened(qtbot, ends, "reporting")

    assert page.banner.text == ""
    assert page.picture is not None
    assert len(page.picture.marks.ticks.rows) == 10


def test_choosing_a_line_shows_its_stretch(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    span = page.spans.spans.row_at(0)

    page.spans.span_chosen.emit(span)

    assert page.strip.scale.shows(span.start_s)
    assert page.strip.scale.length_s < 2 * (span.end_s - span.start_s)


def test_another_deployment_forgets_the_moment(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    asked(qtbot, page, "2026-11-22 09:14:00")

    page.profile.setCurrentText("staging")
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)

    assert page.form.text == ""
    assert page.strip.chosen_s is None
    assert not page.answer.restore.isVisible()


def test_a_reload_keeps_view_and_moment(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    page.strip.show_last(DAY)
    asked(qtbot, page, "2026-11-23 09:14:00")
    start = page.strip.scale.start_s

    page.reload()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    qtbot.waitUntil(lambda: page._answer is not None)

    assert page.strip.scale.start_s == pytest.approx(start)
    assert page.form.text == "2026-11-23 09:14:00"


def test_what_is_found_is_told_to_whoever_listens(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    asked(qtbot, page, "2026-11-22 09:14:00")

    said = page.strip.accessibleDescription()
    assert "Base yesterday 02:00 + 29 slices" in said
    assert "Evidence: never restored on trial" in said


def test_without_a_backup_the_page_offers_one(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows = []
    page = opened(qtbot, ends, "staging")

    with qtbot.waitSignal(ends.navigator.backup_wanted) as wanted:
        page.empty.button.click()

    assert wanted.args[0] == "staging"


def test_without_a_deployment_the_page_offers_to_add_one(qtbot: QtBot, empty_ends: Ends) -> None:
    page = opened(qtbot, empty_ends)

    assert not page.profile.isVisible()
    with qtbot.waitSignal(empty_ends.navigator.add_profile_wanted):
        page.empty.button.click()


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    asked(qtbot, page, "2026-11-22 09:14:00")

    assert cut_off(page) == []


def test_page_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert page.strip.scale.is_mirrored
    assert not page.grab().isNull()


def test_a_damaged_slice_leads_to_the_vaults(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    number = len(fakes.slices.rows) // 2
    fakes.slices.rows[number] = replace(fakes.slices.rows[number], problem="cannot be read")
    page = opened(qtbot, ends)
    assert page.picture is not None
    gaps = page.picture.timeline.gaps
    damaged = next(n for n, g in enumerate(gaps) if g.reason is GapReason.SLICE_DAMAGED)

    page.strip.gap_chosen.emit(damaged)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        buttons(qtbot, page)["Check &vault"].click()
    assert wanted.args[0] is PageName.VAULTS


def test_the_page_opens_with_the_profile_that_was_looked_at_last(qtbot: QtBot, ends: Ends) -> None:
    ends.navigator.profile = "staging"
    page = TimelinePage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)

    page.show()
    assert page.profile.currentText() == "staging"

    page.profile.setCurrentText("production")
    assert ends.navigator.profile == "production"


def test_a_window_on_a_backup_whose_check_failed_is_listed_as_failed(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    failed = evidence_summary(Level.RESTORED, NOW, passed=False)
    passed = evidence_summary(Level.RESTORED, NOW - timedelta(days=1))
    rows = [replace(r, evidence=(failed, passed)) for r in fakes.backups.rows]
    fakes.backups.rows = rows
    page = opened(qtbot, ends)
    assert page.picture is not None

    asked(qtbot, page, "2026-11-22 09:14:00")
    windows = [span for span in page.picture.spans if span.gap is None]

    assert {span.tone for span in windows} == {Tone.EXPOSED}
    assert windows[0].words == "Any second, 1 backup; the check of one or more failed"
    assert windows[0].sentence == "Any second, but from a backup whose check failed"
    assert {band.tone for band in page.picture.marks.bands.rows} == {Tone.EXPOSED}
    assert "check failed just now" in page.answer.facts.texts()
