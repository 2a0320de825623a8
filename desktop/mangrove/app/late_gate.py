"""A gate that loads the MongoDB driver when somebody first goes through it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property

from typing_extensions import override

from mangrove.core.deployment import CollectionSize, DeploymentReport, ScratchKind
from mangrove.core.ports import Asked, DumpSource, Gate, OplogSource, RestoreSink, StepListener
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri


class LateGate(Gate):
    """Stands before the real gate: loading the driver is a third of what a short command takes.

    Args:
        build: Makes the real gate; called once, or at worst once in each of several threads.
    """

    def __init__(self, build: Callable[[], Gate]) -> None:
        self._build = build

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
        return self._gate.probe(profile, password, on_step, tunnel_secret)

    @override
    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        return self._gate.collections(profile)

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
