from time import thread_time

from hypothesis import given
from hypothesis import strategies as st

from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.marks import Stretch, Stretches, StripMarks, Tick, Ticks
from mangrove.ui.widgets.timeline.scale import Scale

NOW = 1_795_010_520.0
HOUR, DAY = 3600.0, 86_400.0
WEEK = Scale.over(NOW - 7 * DAY, NOW).sized(1000, is_mirrored=False)


def stretches(*pairs: tuple[float, float]) -> Stretches:
    return Stretches([Stretch(NOW - start * HOUR, NOW - end * HOUR) for start, end in pairs])


def test_a_short_gap_is_never_too_narrow_to_see() -> None:
    found = list(stretches((50.001, 50)).drawn(WEEK, 1.5))

    assert [round(d.right - d.left, 3) for d in found] == [1.5]


def test_only_what_is_in_view_is_drawn() -> None:
    rows = stretches((100, 90), (50, 40), (10, 5))
    day = WEEK.fitted(NOW - 48 * HOUR, NOW - 42 * HOUR)

    assert [(d.first, d.last) for d in rows.drawn(day)] == [(1, 1)]


def test_what_goes_on_beyond_the_edge_is_drawn_beyond_it() -> None:
    inside = WEEK.fitted(NOW - 48 * HOUR, NOW - 42 * HOUR)

    (drawn,) = stretches((100, 1)).drawn(inside)

    assert drawn.left < 0
    assert drawn.right > 1000


def test_neighbours_that_touch_are_drawn_as_one() -> None:
    rows = Stretches([Stretch(NOW - n, NOW - n + 0.5) for n in range(600, 0, -1)])

    assert len(list(rows.drawn(WEEK))) == 1


@given(st.lists(st.floats(0, 7 * DAY), min_size=2, max_size=60, unique=True))
def test_every_stretch_in_view_is_part_of_exactly_one_drawn(points: list[float]) -> None:
    edges = sorted(points)[: len(points) // 2 * 2]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    rows = Stretches([Stretch(NOW - 7 * DAY + a, NOW - 7 * DAY + b) for a, b in pairs])

    found = [n for d in rows.drawn(WEEK) for n in range(d.first, d.last + 1)]

    assert found == list(range(len(rows.rows)))


def test_a_moment_finds_its_stretch_and_a_pointer_one_within_reach() -> None:
    rows = stretches((50, 40), (30, 20))

    assert rows.at(NOW - 45 * HOUR) == 0
    assert rows.at(NOW - 35 * HOUR) is None
    assert rows.at(NOW - 31 * HOUR, 2 * HOUR) == 1


def test_a_cluster_shows_its_worst_and_counts_the_rest() -> None:
    tones = (Tone.PROVEN, Tone.PROVEN, Tone.EXPOSED, Tone.UNPROVEN)
    ticks = Ticks([Tick(NOW - DAY + n, tone) for n, tone in enumerate(tones)])

    (cluster,) = ticks.clusters(WEEK, 30)

    assert cluster.tone is Tone.EXPOSED
    assert cluster.number == 4
    assert ticks.count(cluster, Tone.PROVEN) == 2


def test_ticks_with_room_stand_alone() -> None:
    ticks = Ticks([Tick(NOW - days * DAY, Tone.PROVEN) for days in (6, 4, 2)])

    found = list(ticks.clusters(WEEK, 30))

    assert [c.number for c in found] == [1, 1, 1]
    assert [round(c.x) for c in found] == [round(WEEK.x_of(t.at_s)) for t in ticks.rows]


def test_the_next_tick_is_found_in_both_directions() -> None:
    ticks = Ticks([Tick(NOW - 20, Tone.PROVEN), Tick(NOW - 10, Tone.PROVEN)])

    assert ticks.next_to(NOW - 15, 1) == 1
    assert ticks.next_to(NOW - 10, -1) == 0
    assert ticks.next_to(NOW - 10, 1) is None
    assert ticks.next_to(NOW - 20, -1) is None


def test_a_strip_of_nothing_begins_now() -> None:
    assert StripMarks(now_s=NOW).first_s == NOW
    assert StripMarks(gaps=stretches((5, 4)), now_s=NOW).first_s == NOW - 5 * HOUR


def test_the_work_of_a_frame_does_not_grow_with_what_is_kept() -> None:
    def work(number: int) -> float:
        rows = Stretches([Stretch(NOW - n, NOW - n + 0.9) for n in range(number, 0, -1)])
        ticks = Ticks([Tick(row.start_s, Tone.PROVEN) for row in rows.rows])
        whole = Scale.over(NOW - number, NOW).sized(1000, is_mirrored=False)
        taken = []
        for _ in range(5):
            start = thread_time()
            drawn = sum(1 for _ in rows.drawn(whole))
            clusters = sum(1 for _ in ticks.clusters(whole, 36.0))
            taken.append(thread_time() - start)
            assert drawn + clusters < 1100
        return min(taken)

    few, many = work(5_000), work(40_000)

    assert many < 4 * few  # eight times as many; a walk over all of them would take eight times
