"""The way into deployments: the port ``Gate`` on MongoDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.asked import MongoAsked
from mangrove.connectors.mongo.client import Connection, check_options, open_connection, open_uri
from mangrove.connectors.mongo.dump_source import MongoDumpSource
from mangrove.connectors.mongo.error_map import working
from mangrove.connectors.mongo.oplog_source import MongoOplogSource
from mangrove.connectors.mongo.privileges import read_privileges
from mangrove.connectors.mongo.probe import collection_sizes, probe
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.deployment import CollectionSize, DeploymentReport, ScratchKind
from mangrove.core.errors import ConnectError, EmbeddedServerError, MangroveError
from mangrove.core.patience import STALL_S
from mangrove.core.ports.assertion import Asked
from mangrove.core.ports.dump import DumpSource
from mangrove.core.ports.oplog import OplogSource
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri, parse_uri

DYING_S = 5.0


class MongoGate:
    """Opens deployments by profile.

    Args:
        secrets: Where passwords are.
        find_mongod: Finds the server program for trial restores; None where there is none.
        stall_s: A server that takes and gives nothing for so long ends the run.
    """

    def __init__(
        self,
        secrets: SecretStore,
        find_mongod: Callable[[], Path] | None,
        stall_s: float = STALL_S,
    ) -> None:
        self._secrets = secrets
        self._stall_s = stall_s
        self._find_mongod = find_mongod

    def check_options(self, uri: MongoUri) -> None:
        """Refuse what the driver would refuse or pass over, without connecting."""
        check_options(uri)

    def probe(
        self,
        profile: Profile,
        password: Secret | None,
        on_step: StepListener,
        tunnel_secret: Secret | None = None,
    ) -> DeploymentReport:
        """Connect and look at everything a person wants to know beforehand."""
        return probe(profile, self._secrets, password, on_step, tunnel_secret)

    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        """Return the database tree with estimated sizes."""
        with open_connection(profile, self._secrets) as connection, working(connection.hosts):
            return collection_sizes(connection)

    def sees_everything(self, profile: Profile) -> bool:
        """Whether the user is shown every database; the server leaves others out in silence.

        Source: MongoDB manual, "listDatabases", ``authorizedDatabases``.
        """
        with open_connection(profile, self._secrets) as connection, working(connection.hosts):
            return read_privileges(connection).allows_on_cluster("listDatabases")

    @contextmanager
    def open_source(self, profile: Profile) -> Iterator[DumpSource]:
        """Connect for reading."""
        with open_connection(profile, self._secrets, stall_s=self._stall_s) as connection:
            yield MongoDumpSource(connection)

    @contextmanager
    def open_oplog(self, profile: Profile) -> Iterator[OplogSource]:
        """Connect for capturing the oplog; refused where there is none that may be read."""
        with open_connection(profile, self._secrets, stall_s=self._stall_s) as connection:
            source = MongoOplogSource(connection)
            source.check()
            yield source

    @contextmanager
    def open_asked(self, profile: Profile) -> Iterator[Asked]:
        """Connect for asking, where the profile likes to read."""
        with open_connection(profile, self._secrets, stall_s=self._stall_s) as connection:
            yield MongoAsked(connection)

    @contextmanager
    def open_sink(self, profile: Profile) -> Iterator[RestoreSink]:
        """Connect for writing: to the primary, wherever the profile likes to read."""
        writing = replace(profile, uri=_without_read_preference(profile.uri))
        with open_connection(writing, self._secrets, stall_s=self._stall_s) as connection:
            yield MongoRestoreSink(connection)

    @contextmanager
    def open_scratch(self, kind: ScratchKind) -> Iterator[RestoreSink]:
        """Start an embedded server for a trial restore, and remove it afterwards.

        Raises:
            EmbeddedServerError: If there is no server program, or it does not come up.
        """
        if self._find_mongod is None:
            raise EmbeddedServerError(
                "this installation has no mongod for trial restores; nothing was started",
                hint="install MongoDB Community Server, or verify on a deployment of yours",
            )
        name = "scratch" if kind is ScratchKind.REPLICA_SET else None
        with (
            EmbeddedMongod(self._find_mongod(), replica_set=name) as server,
            open_uri(parse_uri(server.uri).uri) as connection,
        ):
            try:
                yield _ScratchSink(connection, server)
            except MangroveError as error:
                # One that crashes writes down where it was before it ends.
                dying_s = DYING_S if isinstance(error, ConnectError) else 0.0
                if (death := server.death(dying_s)) is not None:
                    raise death from error
                raise


class _ScratchSink(MongoRestoreSink):
    """A sink into a server of our own: one that died is not looked for."""

    def __init__(self, connection: Connection, server: EmbeddedMongod) -> None:
        super().__init__(connection)
        self._server = server

    @override
    def reconnect(self) -> None:
        if (death := self._server.death()) is not None:
            raise death
        super().reconnect()


def _without_read_preference(uri: MongoUri) -> MongoUri:
    for option in ("readPreference", "readPreferenceTags", "maxStalenessSeconds"):
        uri = uri.with_option(option, None)
    return uri
