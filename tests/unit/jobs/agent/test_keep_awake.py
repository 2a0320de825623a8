"""The machine stays awake from the first run to the last."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from typing_extensions import override

from mangrove.core.ports.agent import Wakefulness
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.jobs.agent.keep_awake import KeepAwake

BACKUP = RunStatus(
    run_id=RunId("r1"),
    kind=RunKind.BACKUP,
    title="Back up shop",
    profile="shop",
    vault="attic",
    backup=None,
    state=RunState.RUNNING,
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
)
OTHER = replace(BACKUP, run_id=RunId("r2"), title="Verify")
WAIT_S = 30


@dataclass
class Machine(Wakefulness):
    """Remembers why it was held awake, and tells when it is let go."""

    why: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    @override
    @contextmanager
    def hold(self, why: str) -> Iterator[bool]:
        self.why.append(why)
        self.free.clear()
        self.held.set()
        try:
            yield True
        finally:
            self.held.clear()
            self.free.set()


def over(status: RunStatus) -> RunStatus:
    return replace(status, state=RunState.SUCCEEDED)


def test_it_is_held_while_any_run_works_and_let_go_after_the_last() -> None:
    machine = Machine()
    keep = KeepAwake(machine)
    keep.watch(BACKUP)
    assert machine.held.wait(WAIT_S)
    keep.watch(OTHER)
    keep.watch(over(BACKUP))
    assert machine.held.is_set()

    keep.watch(over(OTHER))

    assert machine.free.wait(WAIT_S)
    assert machine.why == ["Back up shop"]
    keep.watch(OTHER)
    assert machine.held.wait(WAIT_S)
    keep.close()
    assert machine.free.wait(WAIT_S)


def test_what_only_waits_or_follows_an_oplog_keeps_nothing_awake() -> None:
    machine = Machine()
    keep = KeepAwake(machine)

    keep.watch(replace(BACKUP, state=RunState.QUEUED))
    keep.watch(replace(BACKUP, kind=RunKind.CAPTURE))
    keep.close()

    assert machine.why == []
