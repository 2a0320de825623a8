"""Wiring of filesystem snapshots: loaded late what takes long to load."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path

from typing_extensions import override

from mangrove.app.watchdog import watchdog_command
from mangrove.connectors.host.local import LocalHost
from mangrove.connectors.host.target import FolderTarget
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.snapshot_copies import SqliteCopyLedger
from mangrove.connectors.state.snapshots import SqliteSnapshots
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.snapshot import Opened, SnapshotGate, SnapshotHost, SnapshotNode
from mangrove.core.profile import Profile
from mangrove.core.tunnel import TunnelSpec
from mangrove.services.backups import BackupTools
from mangrove.services.snapshots import SnapshotTools


def snapshot_tools(
    tools: BackupTools,
    catalog: WholeCatalog,
    secrets: SecretStore,
    database: StateDatabase,
    folders: Sequence[Path],
) -> SnapshotTools:
    """Return what the snapshot service works with.

    Args:
        tools: What the services share.
        catalog: With the slices.
        secrets: Where passwords are.
        database: Where snapshots are registered.
        folders: Where a mongod program may lie besides PATH.
    """
    return SnapshotTools(
        profiles=tools.profiles,
        gate=LateSnapshotGate(secrets, folders),
        open_host=HostOpener(secrets),
        store=SqliteSnapshots(database),
        runner=tools.runner,
        clock=tools.clock,
        shared=tools,
        catalog=catalog,
        ledger=SqliteCopyLedger(database),
        open_target=FolderTarget,
    )


class HostOpener:
    """Opens this machine, or one behind SSH."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    @contextmanager
    def __call__(self, spec: TunnelSpec | None) -> Iterator[SnapshotHost]:
        """Open the machine for as long as the block lasts."""
        if spec is None:
            yield LocalHost()
            return
        # Loaded only for what lies behind an SSH server: the library takes long to load.
        from mangrove.connectors.ssh.host import open_ssh_host  # noqa: PLC0415

        secret = self._secrets.fetch(spec.secret) if spec.secret else None
        with open_ssh_host(spec, secret) as host:
            yield host


class LateSnapshotGate(SnapshotGate):
    """Loads the MongoDB driver when somebody first goes through it."""

    def __init__(self, secrets: SecretStore, folders: Sequence[Path]) -> None:
        self._secrets = secrets
        self._folders = folders

    @cached_property
    def _gate(self) -> SnapshotGate:
        from mangrove.connectors.embedded.mongod import find_mongod  # noqa: PLC0415
        from mangrove.connectors.mongo.snapshots.gate import MongoSnapshotGate  # noqa: PLC0415

        def find() -> Path:
            return find_mongod(self._folders)

        return MongoSnapshotGate(self._secrets, find, watchdog_command())

    @override
    def nodes(self, profile: Profile) -> tuple[str, ...]:
        return self._gate.nodes(profile)

    @override
    def open_node(self, profile: Profile, node: str) -> AbstractContextManager[SnapshotNode]:
        return self._gate.open_node(profile, node)

    @override
    def answers(self, port: int) -> bool:
        return self._gate.answers(port)

    @override
    def look(self, port: int, each: Callable[[str], None]) -> Opened:
        return self._gate.look(port, each)

    @override
    def newest(self, port: int) -> OplogTimestamp | None:
        return self._gate.newest(port)

    @override
    def open_sink(self, port: int) -> AbstractContextManager[RestoreSink]:
        return self._gate.open_sink(port)

    @override
    def find_mongod(self) -> str:
        return self._gate.find_mongod()
