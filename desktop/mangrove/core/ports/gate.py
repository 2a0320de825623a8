"""The way into deployments: looking at them, reading them, writing to them."""

from contextlib import AbstractContextManager
from typing import Protocol

from mangrove.core.deployment import CollectionSize, DeploymentReport, ScratchKind
from mangrove.core.ports.assertion import Asked
from mangrove.core.ports.dump import DumpSource
from mangrove.core.ports.oplog import OplogSource
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri


class Gate(Protocol):
    """The way into deployments."""

    def check_options(self, uri: MongoUri) -> None:
        """Look at a connection string's options, without connecting.

        Raises:
            InvalidUriError: If there is one that the driver does not know, or does not take so.
        """
        ...

    def probe(
        self,
        profile: Profile,
        password: Secret | None,
        on_step: StepListener,
        tunnel_secret: Secret | None = None,
    ) -> DeploymentReport:
        """Connect and look at everything a person wants to know beforehand.

        Args:
            profile: May be one that is not saved yet.
            password: Used instead of the stored one when given.
            on_step: Told of each step.
            tunnel_secret: Used instead of the SSH tunnel's stored one when given.
        """
        ...

    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        """Return the database tree with estimated sizes."""
        ...

    def sees_everything(self, profile: Profile) -> bool:
        """Whether the user is shown every database."""
        ...

    def open_source(self, profile: Profile) -> AbstractContextManager[DumpSource]:
        """Connect for reading."""
        ...

    def open_oplog(self, profile: Profile) -> AbstractContextManager[OplogSource]:
        """Connect for capturing the oplog."""
        ...

    def open_asked(self, profile: Profile) -> AbstractContextManager[Asked]:
        """Connect for asking; nothing is ever written through it."""
        ...

    def open_sink(self, profile: Profile) -> AbstractContextManager[RestoreSink]:
        """Connect for writing."""
        ...

    def open_scratch(self, kind: ScratchKind) -> AbstractContextManager[RestoreSink]:
        """Start an embedded server for a trial restore, and remove it afterwards."""
        ...
