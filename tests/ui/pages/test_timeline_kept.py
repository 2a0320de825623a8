"""The timeline page with what Atlas keeps: drawn, listed, told, and led to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.elsewhere import Elsewhere, KeptGap, KeptPoint, KeptProof, KeptSpan
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Gap, GapReason, Timeline
from mangrove.ui.models.spans_model import SpanColumn
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.timeline.kept import Kept, gaps_left
from mangrove.ui.pages.timeline.page import TimelinePage
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.marks import Stretch
from ui.conftest import Ends

NOW_S = NOW.timestamp()
IN_GAP = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)


def kept(*points: timedelta, reaches: timedelta = timedelta(days=7)) -> Elsewhere:
    return Elsewhere(
        keeper="Atlas",
        place="Shop/production",
        points=tuple(
            KeptPoint(f"s{n}", NOW - ago, NOW - ago, "Atlas snapshot, hourly", NOW + ago)
            for n, ago in enumerate(points)
        ),
        seen_at=NOW - timedelta(minutes=5),
        spans=(KeptSpan(NOW - reaches, NOW - timedelta(minutes=6)),),
        trusted_for=timedelta(minutes=45),
        restore_command="mangrove atlas restore production --to CLUSTER",
    )


def opened(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, by: Elsewhere, profile: str = "production"
) -> TimelinePage:
    own = fakes.points.timeline
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes.points, "timeline", lambda name: replace(own(name), elsewhere=(by,)))
        page = TimelinePage(ends.services, ends.calls, ends.bridge, ends.navigator)
        qtbot.addWidget(page)
        page.select(profile=profile)
        page.resize(1080, 752)
        page.show()
        qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    return page


def button(qtbot: QtBot, page: TimelinePage, caption: str) -> QPushButton:
    def shown() -> dict[str, QPushButton]:
        parts = page.answer.findChildren(QPushButton)
        return {part.text(): part for part in parts if part.isVisible()}

    qtbot.waitUntil(lambda: caption in shown())
    return shown()[caption]


def test_without_backups_of_our_own_the_page_shows_those_of_atlas(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows = []
    page = opened(qtbot, ends, fakes, kept(timedelta(hours=2)), "staging")

    assert not page.empty.isVisible()
    assert page.card.badge.word == "any second"
    assert page.card.words.text().endswith("kept by Atlas.")
    assert page.spans.spans.index(0, SpanColumn.WHAT).data() == "Any second, by Atlas"
    assert not page.advice.isVisible()


def test_a_snapshot_of_atlas_is_told_and_leads_there(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows = []
    page = opened(qtbot, ends, fakes, kept(timedelta(hours=2)), "staging")

    page.strip.tick_chosen.emit(0)

    assert page.answer.headline.text() == "Atlas snapshot, hourly, today 12:02"
    assert "Kept by: Atlas, Shop/production" in page.answer.words
    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        button(qtbot, page, "Show in &Atlas").click()
    assert wanted.args == [PageName.ATLAS, {"profile": "staging"}]


def test_a_gap_that_atlas_fills_is_none_and_its_moments_lead_there(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends, fakes, kept(timedelta(hours=2)))
    assert page.picture is not None

    page.form.field.setText(IN_GAP.isoformat())
    page.form.changed.emit()
    qtbot.waitUntil(lambda: page._answer is not None)

    reasons = [gap.reason for gap in page.picture.gaps]
    assert GapReason.ROLLED_OVER not in reasons
    assert page.picture.marks.bands.at(IN_GAP.timestamp()) is not None
    assert page.answer.note.text() == "Atlas can restore this very second (Shop/production)."
    assert button(qtbot, page, "Show in &Atlas").toolTip().startswith("mangrove atlas restore")


def test_ticks_of_both_stand_in_order_and_each_tells_its_own(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends, fakes, kept(timedelta(hours=2), timedelta(days=3)))
    assert page.picture is not None

    ticks = page.picture.marks.ticks.rows

    assert len(ticks) == len(page.picture.timeline.bases) + 2
    assert [t.at_s for t in ticks] == sorted(t.at_s for t in ticks)
    is_kept = [isinstance(point, Kept) for point in page.picture.points]
    assert is_kept == [tick.words.startswith("Atlas") for tick in ticks]
    assert is_kept.count(True) == 2


@pytest.mark.usefixtures("large_text")
def test_what_atlas_keeps_is_not_cut_off(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = opened(qtbot, ends, fakes, kept(timedelta(hours=2)))
    page.strip.tick_chosen.emit(len(page.picture.points) - 1 if page.picture else 0)

    qtbot.waitUntil(lambda: not cut_off(page))


def ts(seconds: float) -> OplogTimestamp:
    return OplogTimestamp(int(seconds), 0)


def timeline(gap: Gap | None, *elsewhere: Elsewhere) -> Timeline:
    return Timeline((), (), (gap,) if gap else (), (), 1, elsewhere=elsewhere)


def test_what_atlas_does_not_reach_of_a_gap_is_left() -> None:
    gap = Gap(ts(NOW_S - 10 * 86_400), None, GapReason.CAPTURE_OFF)

    (left,) = gaps_left(timeline(gap, kept()), [], NOW_S)

    assert isinstance(left, Gap)
    assert (left.start, left.end) == (gap.start, ts(NOW_S - 7 * 86_400))


def test_an_old_look_at_atlas_leaves_the_gap_open() -> None:
    gap = Gap(ts(NOW_S - 86_400), None, GapReason.CAPTURE_OFF)
    later = NOW_S + 3600

    (left,) = gaps_left(timeline(gap, kept()), [], later)

    assert isinstance(left, Gap)
    assert left.end is None
    assert left.start == ts(NOW_S - 6 * 60)


def test_a_gap_of_atlas_counts_where_we_have_nothing() -> None:
    gap = KeptGap(NOW - timedelta(hours=4), NOW - timedelta(hours=2), "the oplog overran")
    by = replace(kept(), spans=(), gaps=(gap,))
    own = [Stretch(NOW_S - 3 * 3600, NOW_S)]

    (left,) = gaps_left(timeline(None, by), own, NOW_S)

    assert left == replace(gap, end=NOW - timedelta(hours=3))
    assert gaps_left(timeline(None, by), [Stretch(NOW_S - 9 * 3600, NOW_S)], NOW_S) == ()


@pytest.mark.parametrize(
    ("passed", "tone"), [((), Tone.UNPROVEN), ((True,), Tone.PROVEN), ((True, False), Tone.EXPOSED)]
)
def test_a_band_is_as_proven_as_the_last_restore(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, passed: tuple[bool, ...], tone: Tone
) -> None:
    proofs = tuple(
        KeptProof("s0", ok, NOW - timedelta(days=9 - n), timedelta(minutes=5), "copy")
        for n, ok in enumerate(passed)
    )
    by = replace(kept(timedelta(hours=2)), proofs=proofs)
    fakes.backups.rows = []
    page = opened(qtbot, ends, fakes, by, "staging")
    assert page.picture is not None

    assert [b.tone for b in page.picture.marks.bands.rows] == [tone]
    assert [t.tone for t in page.picture.marks.ticks.rows] == [tone]


@pytest.mark.parametrize(("is_proven", "tone"), [(True, Tone.PROVEN), (False, Tone.UNPROVEN)])
def test_a_failed_point_is_marked_and_a_span_is_as_proven_as_its_own_bases(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, is_proven: bool, tone: Tone
) -> None:
    by = kept(timedelta(hours=2))
    by = replace(
        by,
        points=tuple(replace(p, problem="its newest verification failed") for p in by.points),
        spans=tuple(replace(s, is_proven=is_proven) for s in by.spans),
        proofs=(KeptProof("s0", not is_proven, NOW, timedelta(minutes=5), "copy"),),
    )
    fakes.backups.rows = []
    page = opened(qtbot, ends, fakes, by, "staging")
    assert page.picture is not None

    (tick,) = page.picture.marks.ticks.rows
    assert tick.tone is Tone.EXPOSED
    assert tick.words.endswith("Its newest verification failed.")
    assert [b.tone for b in page.picture.marks.bands.rows] == [tone]
    assert [s.tone for s in page.picture.spans if s.keeper] == [tone]
