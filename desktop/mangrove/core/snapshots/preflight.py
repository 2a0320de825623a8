"""What is looked at before a snapshot, and what follows from it: a pure rule with its reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.deployment import Topology
from mangrove.core.explain import size_text
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.providers import is_one_moment, thick_bytes
from mangrove.core.snapshots.snapshot import LockUse, Provider
from mangrove.core.snapshots.volumes import Volume, identities
from mangrove.core.wording import counted

WIRED_TIGER = "wiredTiger"
LITTLE_FREE = 10  # percent


class Weight(StrEnum):
    """What a finding means for the snapshot."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """One thing that was looked at.

    Attributes:
        subject: ``server``, ``machine``, ``volumes``, ``lock``, ``space``, ``tools``.
    """

    weight: Weight
    subject: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine with the files says.

    Attributes:
        name: What it calls itself.
        locked_by: The process in the data folder's ``mongod.lock``; None if that is not there.
        may_everything: Whether commands run with the rights of root.
        missing: Programs that the provider needs and that are not there.
        used_bytes: What the files take; 0 when not counted.
        mongod: The server's own program; "" if it is not to be seen.
    """

    name: str
    locked_by: int | None
    may_everything: bool
    missing: tuple[str, ...] = ()
    used_bytes: int = 0
    mongod: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a request decides about findings.

    Attributes:
        is_far: Whether a network lies between us and the server.
    """

    lock: LockUse
    provider: Provider | None
    thick_bytes: int = 0
    has_own_commands: bool = False
    is_far: bool = False


@dataclass(frozen=True, slots=True)
class Preflight:
    """Everything that was looked at before a snapshot."""

    node: NodeFacts
    machine: Machine
    volumes: tuple[Volume, ...]
    provider: Provider | None
    findings: tuple[PreflightFinding, ...]

    @property
    def stops(self) -> tuple[PreflightFinding, ...]:
        """What stands against it."""
        return tuple(f for f in self.findings if f.weight is Weight.STOP)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know and that stops nothing."""
        return tuple(f.text for f in self.findings if f.weight is Weight.WARNING)

    @property
    def lock_is_needless(self) -> bool:
        """Whether the journal makes a snapshot good without holding writes back."""
        return _is_needless(self.node, self.volumes, self.provider)


def preflight(
    node: NodeFacts, machine: Machine, volumes: tuple[Volume, ...], wanted: Wanted
) -> Preflight:
    """Judge what was found."""
    findings = (
        *_server(node),
        *_machine(node, machine),
        *_volumes(volumes, wanted),
        *_lock(node, volumes, wanted),
        *_space(machine, volumes, wanted),
        *_tools(machine, wanted),
    )
    return Preflight(node, machine, volumes, wanted.provider, findings)


def _server(node: NodeFacts) -> Iterator[PreflightFinding]:
    subject = "server"
    if node.server.topology is Topology.SHARDED:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"{node.node} is a router of a sharded cluster and has no data files",
            "take a snapshot of each shard's secondary; they are not one moment together",
        )
        return
    if node.engine != WIRED_TIGER or not node.is_persistent:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"{node.node} keeps its data with the engine {node.engine}, not with WiredTiger",
            "take a dump instead",
        )
    else:
        version = node.server.version_text
        yield PreflightFinding(Weight.GOOD, subject, f"{node.node}, MongoDB {version}, WiredTiger")
    if node.encrypted_at_rest:
        yield PreflightFinding(
            Weight.WARNING,
            subject,
            "the server encrypts its files: a snapshot opens only with the server's own key",
        )
    if node.is_secondary:
        yield PreflightFinding(Weight.GOOD, subject, "it is a secondary: no client waits for it")
    elif node.has_secondaries:
        yield PreflightFinding(
            Weight.WARNING,
            subject,
            "it is the primary: while it is locked every write of every client waits",
            "take the snapshot on a secondary: --node HOST:PORT",
        )
    else:
        yield PreflightFinding(
            Weight.NOTE, subject, "no other server takes its writes: they wait while it is locked"
        )


def _machine(node: NodeFacts, machine: Machine) -> Iterator[PreflightFinding]:
    subject = "machine"
    if machine.locked_by is None:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"{machine.name} has no running server's data in {node.dbpath or 'any known folder'}",
            "name the machine that the server runs on with --ssh USER@HOST",
        )
    elif machine.locked_by != node.pid:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"the files in {node.dbpath} on {machine.name} belong to another server than "
            f"{node.node} (process {machine.locked_by} instead of {node.pid})",
            "name the right machine with --ssh USER@HOST, or the right server with --node",
        )
    else:
        yield PreflightFinding(
            Weight.GOOD, subject, f"the files are in {node.dbpath} on {machine.name}"
        )


def _volumes(volumes: tuple[Volume, ...], wanted: Wanted) -> Iterator[PreflightFinding]:
    subject = "volumes"
    if not volumes:
        return
    if len(volumes) == 1:
        only = volumes[0]
        yield PreflightFinding(
            Weight.GOOD, subject, f"data and journal are on one volume ({_named(only)})"
        )
    else:
        apart = ", ".join(f"{v.attach} on {_named(v)}" for v in volumes if v.attach)
        places = counted(len(identities(volumes)), "file system")
        is_set = wanted.provider is not None and is_one_moment(wanted.provider, volumes)
        if is_set:
            text = f"{apart}; all of it is taken as one set"
            yield PreflightFinding(Weight.GOOD, subject, text)
        elif wanted.lock is LockUse.LOCK and wanted.provider is not Provider.COMMANDS:
            text = f"{apart}; all of it ({places}) is taken under one lock"
            yield PreflightFinding(Weight.GOOD, subject, text)
        elif wanted.lock is LockUse.LOCK:
            text = f"{apart}: your commands must take all of it ({places})"
            yield PreflightFinding(Weight.WARNING, subject, text)
        else:
            yield PreflightFinding(
                Weight.STOP,
                subject,
                f"{apart}: without the lock these would be taken at different moments, and no "
                "server could open them together",
                "take the snapshot with the lock: the whole set is locked then",
            )
    if wanted.provider is None:
        kinds = ", ".join(sorted({v.filesystem for v in volumes}))
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"nothing that Mangrove knows takes a snapshot of {kinds} here: neither Btrfs, ZFS, "
            "LVM nor XFS with reflinks",
            "give your own commands with --provider commands --take-command ...",
        )


def _named(volume: Volume) -> str:
    logical = f"{volume.group}/{volume.logical}, " if volume.logical else ""
    return f"{logical}{volume.filesystem}, mounted at {volume.mount}"


def _lock(
    node: NodeFacts, volumes: tuple[Volume, ...], wanted: Wanted
) -> Iterator[PreflightFinding]:
    subject = "lock"
    if wanted.lock is LockUse.LOCK:
        yield from _with_lock(node, subject)
        if wanted.is_far:
            yield PreflightFinding(
                Weight.WARNING,
                subject,
                "the watchdog runs on this computer: should the network fail while the server is "
                "locked, writes wait until it is back",
                "run Mangrove on the server's machine, or take it with --no-lock",
            )
        is_needless = _is_needless(node, volumes, wanted.provider)
        if is_needless and wanted.provider is not Provider.COMMANDS:
            yield PreflightFinding(
                Weight.NOTE,
                subject,
                "the journal is on and the snapshot holds one single moment, so it would be good "
                "without the lock, too",
                "nobody has to wait with: --no-lock",
            )
        return
    if not node.has_journal:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            "the journal is off: without the lock the files would be of no use",
            "take the snapshot with the lock",
        )
    elif wanted.provider is Provider.REFLINK:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            "a reflink copy takes one file after the other: without the lock they would not fit",
            "take the snapshot with the lock",
        )
    elif node.server.topology is Topology.REPLICA_SET:
        yield PreflightFinding(
            Weight.WARNING,
            subject,
            "without the lock the newest writes are in the snapshot's oplog only: opened as a "
            "plain standalone it shows older data or none; the restore guide and verify know",
        )
    if wanted.provider is Provider.COMMANDS:
        yield PreflightFinding(
            Weight.WARNING,
            subject,
            "without the lock your commands must take the volume at one single moment",
        )


def _is_needless(node: NodeFacts, volumes: tuple[Volume, ...], provider: Provider | None) -> bool:
    return provider is not None and node.has_journal and is_one_moment(provider, volumes)


def _with_lock(node: NodeFacts, subject: str) -> Iterator[PreflightFinding]:
    if node.is_locked:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"somebody has locked {node.node} already; ours would end with theirs",
            "wait until it is unlocked (db.fsyncUnlock() in mongosh), then try again",
        )
    elif node.may_lock is False:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            "the user may not lock and unlock the server",
            "grant the built-in role hostManager",
        )
    else:
        yield PreflightFinding(Weight.GOOD, subject, "writes are held back, under a watchdog")


def _space(
    machine: Machine, volumes: tuple[Volume, ...], wanted: Wanted
) -> Iterator[PreflightFinding]:
    subject = "space"
    for volume in {v.identity: v for v in volumes}.values():
        if wanted.provider is Provider.LVM:
            needed, free = thick_bytes(volume, wanted.thick_bytes), volume.group_free_bytes
            what = f"volume group {volume.group}"
            if free < needed:
                yield PreflightFinding(
                    Weight.STOP,
                    subject,
                    f"{what} has {size_text(free)} free, the snapshot wants {size_text(needed)}",
                    "make room in the group, or ask for less with --thick-size",
                )
                continue
        else:
            needed, free, what = machine.used_bytes, volume.free_bytes, volume.mount
        if free * 100 < needed * LITTLE_FREE:
            yield PreflightFinding(
                Weight.WARNING,
                subject,
                f"{what} has only {size_text(free)} free, and what changes while the snapshot "
                "exists takes room there; a full volume stops the server",
                "delete the snapshot soon, or copy it to a vault first",
            )
        else:
            yield PreflightFinding(Weight.GOOD, subject, f"{what} has {size_text(free)} free")


def _tools(machine: Machine, wanted: Wanted) -> Iterator[PreflightFinding]:
    subject = "tools"
    if machine.missing:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            f"{', '.join(machine.missing)} is not installed on {machine.name}",
            "install it there",
        )
    if wanted.provider is Provider.COMMANDS and not wanted.has_own_commands:
        yield PreflightFinding(
            Weight.STOP,
            subject,
            "there is no command that takes the snapshot",
            "give one with --take-command",
        )
    if machine.may_everything:
        yield PreflightFinding(Weight.GOOD, subject, "commands run with the rights of root")
    elif wanted.provider is not Provider.COMMANDS:
        yield PreflightFinding(
            Weight.WARNING,
            subject,
            f"commands run on {machine.name} without the rights of root, and may be refused",
            "sign in as root, or allow sudo without a password for this",
        )
