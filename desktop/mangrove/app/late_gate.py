"""A gate that loads the MongoDB driver when somebody first goes through it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property

from typing_extensions import override

from mangrove.core.deployment import CollectionSize, DeploymentReport, ScratchKind
from mangrove.core.ports.assertion import Asked
from mangrove.core.ports.dump import DumpSource
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.oplog import OplogSource
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile, ProfileId
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri


class LateGate(Gate):
    """Stands before the real gate: loading the driver is a third of what a short command takes.

    Args:
        build: Makes the real gate; called once, or at worst once in each of several threads.
        on_listed: Told the databases of a deployment whenever they are listed, each named once
            for every collection of it.
    """

    def __init__(
        self, build: Callable[[], Gate], on_listed: Callable[[ProfileId, list[str]], None]
    ) -> None:
        self._build = build
        self._on_listed = on_listed

    @cached_property
    def _gate(self) -> Gate:
        return self._build()

    @override
    def check_options(self, uri: MongoUri) -> None:
        self._gate.check_options(uri)

    @override
    def probe(
        self,
        profile: Profile,
        password: Secret | None,
        on_step: StepListener,
        tunnel_secret: Secret | None = None,
    ) -> DeploymentReport:
        report = self._gate.probe(profile, password, on_step, tunnel_secret)
        if password is None:  # else it may be one that is not saved yet
            names = [d.name for d in report.databases for _ in range(d.collections)]
            self._on_listed(profile.profile_id, names)
        return report

    @override
    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        found = self._gate.collections(profile)
        self._on_listed(profile.profile_id, [size.database for size in found])
        return found

    @override
    def sees_everything(self, profile: Profile) -> bool:
        return self._gate.sees_everything(profile)

    @override
    def open_source(self, profile: Profile) -> AbstractContextManager[DumpSource]:
        return self._gate.open_source(profile)

    @override
    def open_oplog(self, profile: Profile) -> AbstractContextManager[OplogSource]:
        return self._gate.open_oplog(profile)

    @override
    def open_asked(self, profile: Profile) -> AbstractContextManager[Asked]:
        return self._gate.open_asked(profile)

    @override
    def open_sink(self, profile: Profile) -> AbstractContextManager[RestoreSink]:
        return self._gate.open_sink(profile)

    @override
    def open_scratch(self, kind: ScratchKind) -> AbstractContextManager[RestoreSink]:
        return self._gate.open_scratch(kind)
