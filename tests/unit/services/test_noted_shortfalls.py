"""What a report is told of failed backups and missed times."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes.figures import MemoryFiringFacts, MemoryRunFacts
from fakes.memory_state import MemoryJobs
from mangrove.core.figures.compliance import Fired
from mangrove.core.jobs.job import FiringState, Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.profile import ProfileId
from mangrove.core.reports.shortfalls import Shortfalls
from mangrove.core.run import Problem, RunId, RunKind, RunState, RunStatus
from mangrove.core.vaults.vault import VaultId
from mangrove.services.noted_shortfalls import NotedShortfalls

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHOP, TILL = ProfileId("shop-id"), ProfileId("till-id")
NIGHTLY = Job(
    JobId("n"),
    "nightly",
    JobKind.BACKUP,
    parse_schedule("daily 02:00", "UTC"),
    VaultId("v"),
    START - 30 * DAY,
    profile_id=SHOP,
)


def failed(at: datetime, profile: str = "shop") -> RunStatus:
    begun, why = at - HOUR, Problem("full", "the disk is full")
    return RunStatus(
        RunId(f"{at}"),
        RunKind.BACKUP,
        "",
        profile,
        "nas",
        None,
        RunState.FAILED,
        begun,
        begun,
        at,
        problem=why,
    )


def served(slot: datetime, late: timedelta = timedelta(0)) -> Fired:
    return Fired(slot, slot + late, slot + late + HOUR, FiringState.SUCCEEDED)


def noted(runs: Sequence[RunStatus] = (), fired: Sequence[Fired] = (), *jobs: Job) -> Shortfalls:
    store = MemoryJobs()
    for job in jobs or (NIGHTLY,):
        store.save(job)
    firings = MemoryFiringFacts(history={NIGHTLY.job_id: tuple(fired)})
    own = NotedShortfalls(MemoryRunFacts(lambda: runs), store, firings)
    return own.of("shop", SHOP, START, END)


def test_backups_of_the_profile_that_failed_within_the_time_are_told_with_their_reason() -> None:
    within, other = failed(START + DAY), failed(START + DAY, "till")

    found = noted([within, other, failed(START - DAY), failed(END + DAY)]).failed

    assert [(one.at, one.vault, one.why) for one in found] == [
        (START + DAY, "nas", "the disk is full")
    ]


def test_times_at_which_nothing_ran_are_told_and_others_are_not() -> None:
    night = START + 2 * HOUR

    found = noted((), [served(night), served(night + 2 * DAY, late=5 * HOUR)]).missed

    assert [(one.at, one.job) for one in found] == [(night + DAY, "nightly")]


def test_what_ran_after_the_time_changes_nothing_about_it() -> None:
    night = START + 2 * HOUR
    kept = [served(night), served(night + DAY)]
    caught_up = served(night + 2 * DAY, late=3 * DAY)

    assert noted((), kept) == noted((), [*kept, caught_up])
    assert len(noted((), kept).missed) == 1


def test_a_time_at_the_edge_belongs_to_one_month_only() -> None:
    job = replace(NIGHTLY, schedule=parse_schedule("daily 23:55", "UTC"))

    found = [one.at for one in noted((), (), job).missed]

    edge = START - timedelta(minutes=5)
    assert found == [edge, edge + DAY, edge + 2 * DAY]


def test_jobs_of_other_profiles_and_of_a_profile_that_is_gone_are_left_out() -> None:
    assert not noted((), (), replace(NIGHTLY, profile_id=TILL)).missed
    own = NotedShortfalls(MemoryRunFacts(), MemoryJobs(), MemoryFiringFacts())
    assert own.of("shop", None, START, END) == Shortfalls()
