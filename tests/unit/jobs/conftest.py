"""The parts every job test works with: a deployment, a vault, a catalog, a runner."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import bson
import pytest

from fakes.clock import FakeClock
from fakes.deployment import ID_INDEX, FakeDeployment, FakeGate
from fakes.memory_state import (
    MemoryCatalog,
    MemoryMakingRegister,
    MemoryRuns,
    MemoryScratchRegister,
)
from fakes.vaults import SLUG, TestVault, new_id, new_vault
from mangrove.core.backup import BackupId, BackupRequest, RestoreRequest
from mangrove.core.namespace import Namespace
from mangrove.core.profile import Colour, Profile, ProfileId
from mangrove.core.run import Phase, RunId, RunKind, RunStatus
from mangrove.core.uri import parse_uri
from mangrove.core.verification import Level, VerifyRequest
from mangrove.jobs.backup import BackupBody, Origin
from mangrove.jobs.context import RunContext
from mangrove.jobs.restores.restore import RestoreBody
from mangrove.jobs.runner import Body, Runner, Ticket
from mangrove.jobs.verifications.verify import VerifyBody

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
USERS = [{"_id": n, "name": f"user {n}"} for n in range(9)]
ORDERS = [{"_id": n, "total": n * 10} for n in range(5)]
SHORT_WAITS_S = (0.001, 0.001, 0.001)
NAME_INDEX = bson.encode({"v": 2, "key": {"name": 1}, "name": "name_1"})


def profile_of(name: str) -> Profile:
    return Profile(
        profile_id=ProfileId(f"id-{name}"),
        name=name,
        slug=SLUG,
        uri=parse_uri("mongodb://127.0.0.1:1").uri,
        password=None,
        certificate_password=None,
        colour=Colour.GREY,
        created_at=MADE_AT,
    )


@dataclass(slots=True)
class Bench:
    """Everything wired together by hand, over memory."""

    shop: FakeDeployment = field(default_factory=FakeDeployment)
    target: FakeDeployment = field(default_factory=FakeDeployment)
    vault: TestVault = field(default_factory=new_vault)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    register: MemoryScratchRegister = field(default_factory=MemoryScratchRegister)
    making: MemoryMakingRegister = field(default_factory=MemoryMakingRegister)
    clock: FakeClock = field(default_factory=FakeClock)
    gate: FakeGate = field(init=False)
    runner: Runner = field(init=False)
    seen: list[RunStatus] = field(default_factory=list)
    at_phase: dict[Phase, Callable[[RunId], None]] = field(default_factory=dict)
    safety_taken: list[tuple[Namespace, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = FakeGate(shop=self.shop, target=self.target)
        self.runner = Runner(self.runs, self.clock, SHORT_WAITS_S)
        self.runner.subscribe(self._look)

    def _look(self, status: RunStatus) -> None:
        self.seen.append(status)
        if status.phase in self.at_phase and not status.state.is_over:
            self.at_phase[status.phase](status.run_id)

    def cancel_at(self, phase: Phase) -> None:
        """Cancel the next run as soon as it enters a phase."""
        self.at_phase[phase] = self.runner.cancel

    def run(self, body: Body, *phases: Phase) -> RunStatus:
        """Run a body to its end."""
        run_id = self.runner.start(Ticket(RunKind.BACKUP, "test", phases), body)
        return self.runner.wait(run_id, 20)

    def run_cancelled(self, body: Body) -> RunStatus:
        """Run a body that was cancelled before it starts."""

        def late(ctx: RunContext) -> None:
            ctx.cancel()

        def cancelled_first(ctx: RunContext) -> object:
            late(ctx)
            return body(ctx)

        return self.run(cancelled_first)  # type: ignore[arg-type]  # a body that never returns

    def backup(self, backup: BackupId | None = None, **changes: object) -> BackupBody:
        """Return a backup of the shop."""
        values: dict[str, object] = {
            "request": BackupRequest("shop", "attic"),
            "backup": backup or new_id(),
            "origin": Origin(profile_of("shop").name, profile_of("shop").slug),
            "open_source": lambda: self.gate.open_source(profile_of("shop")),
            "vault": self.vault.open(),
            "catalog": self.catalog,
            "clock": self.clock,
            "tool_version": "0.1.0",
        }
        return BackupBody(**(values | changes))  # type: ignore[arg-type]  # as named above

    def restore(self, **choices: object) -> RestoreBody:
        """Return a restore of the usual backup into the target."""
        request = RestoreRequest(new_id(), "target", **choices)  # type: ignore[arg-type]  # as given
        return RestoreBody(
            request=request,
            profile=profile_of("target"),
            gate=self.gate,
            vault=self.vault.open(),
            clock=self.clock,
            at=self.clock.now(),
            safety=self._take_safety,
            register=self.making,
        )

    def verify(
        self,
        level: Level = Level.RESTORED,
        target: str = "embedded",
        mirrors: Sequence[object] = (),
    ) -> VerifyBody:
        """Return a verification of the usual backup."""
        return VerifyBody(
            request=VerifyRequest(new_id(), level, target),
            target=None if target == "embedded" else profile_of(target),
            gate=self.gate,
            vault=self.vault.open(),
            catalog=self.catalog,
            scratch=self.register,
            clock=self.clock,
            tool_version="0.1.0",
            mirrors=mirrors,  # type: ignore[arg-type]  # as much as is asked
        )

    def blobs(self) -> list[str]:
        """Return the names of all blobs of backups."""
        return sorted(info.name for info in self.vault.storage.list(f"{SLUG}/"))

    def damage(self, ending: str, change: Callable[[bytes], bytes]) -> str:
        """Change the one blob whose name ends like this; returns its name."""
        (info,) = [i for i in self.vault.storage.list(f"{SLUG}/") if i.name.endswith(ending)]
        content = b"".join(self.vault.storage.get(info.name))
        self.vault.memory.tamper(info.name, change(content))
        return info.name

    def _take_safety(self, ctx: RunContext, namespaces: tuple[Namespace, ...]) -> str:
        ctx.check()
        self.safety_taken.append(namespaces)
        return "a-safety-backup"


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A shop with two collections and a view, and an empty target."""
    made = Bench()
    made.shop.add("shop.users", *USERS, indexes=(ID_INDEX, NAME_INDEX))
    made.shop.add("shop.orders", *ORDERS)
    view = bson.encode({"viewOn": "orders", "pipeline": []})
    made.shop.add("shop.big_orders", kind="view", options=view, indexes=())
    yield made
    made.runner.close(10)
    assert made.gate.open_count == 0


@pytest.fixture
def backed_up(bench: Bench) -> Bench:
    """The same, with a backup of the shop in the vault."""
    status = bench.run(bench.backup())
    assert status.problem is None, status.problem
    bench.seen.clear()
    bench.shop.calls.clear()
    return bench
