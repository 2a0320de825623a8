"""Looks at a server and its machine before a snapshot."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from posixpath import isabs

from mangrove.core.errors import MangroveError, SnapshotRefusedError
from mangrove.core.ports.snapshot import (
    OpenHost,
    SnapshotGate,
    SnapshotHost,
    SnapshotNode,
)
from mangrove.core.profile import Profile
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.preflight import Preflight, Wanted, preflight
from mangrove.core.snapshots.providers import likely_provider
from mangrove.core.snapshots.snapshot import SnapshotRequest
from mangrove.jobs.snapshots.machine import HostShell, machine_of, volumes_of


@dataclass(frozen=True, slots=True)
class Site:
    """A server, the machine with its files, and what was found there."""

    host: SnapshotHost
    shell: HostShell
    node: SnapshotNode
    checked: Preflight


@dataclass(frozen=True, slots=True)
class SiteOpener:
    """Opens the way to a server and to its machine."""

    gate: SnapshotGate
    open_host: OpenHost

    @contextmanager
    def open(self, profile: Profile, request: SnapshotRequest) -> Iterator[Site]:
        """Find the server that is meant and look at everything.

        Without a named one, it is the first member whose files are on that machine, secondaries
        before the primary.

        Raises:
            ConnectError, MissingPrivilegeError, SnapshotCommandError: As looking turns out.
        """
        with self.open_host(request.ssh) as host, ExitStack() as held:
            shell = HostShell(host)
            node, checked = self._find(held, shell, profile, request)
            yield Site(host, shell, node, checked)

    def _find(
        self, held: ExitStack, shell: HostShell, profile: Profile, request: SnapshotRequest
    ) -> tuple[SnapshotNode, Preflight]:
        names = (request.node,) if request.node else self.gate.nodes(profile)
        first: tuple[ExitStack, SnapshotNode, Preflight] | None = None
        lost: MangroveError | None = None
        for name in names:
            with ExitStack() as trying:
                try:
                    node = trying.enter_context(self.gate.open_node(profile, name))
                    checked = survey(shell, node, request)
                except MangroveError as error:
                    lost = lost or error
                    continue
                is_here = checked.machine.locked_by == checked.node.pid
                if is_here or first is None:
                    kept = trying.pop_all()
                    held.push(kept)
                    first = (kept, node, checked)
                if is_here:
                    return node, checked
        if first is None:
            raise lost or SnapshotRefusedError(f"{profile.name} has no server with data")
        return first[1], first[2]


def survey(shell: HostShell, node: SnapshotNode, request: SnapshotRequest) -> Preflight:
    """Look at one server and its machine."""
    facts = node.facts()
    facts = replace(facts, dbpath=_whole_path(shell, facts))
    volumes = volumes_of(shell, facts.dbpath) if _is_there(shell, facts.dbpath) else ()
    provider = request.provider or likely_provider(volumes)
    machine = machine_of(shell, facts, provider)
    wanted = Wanted(
        request.lock,
        provider,
        request.thick_bytes,
        has_own_commands=bool(request.commands.take),
        is_far=request.ssh is not None,
    )
    return preflight(facts, machine, volumes, wanted)


def _whole_path(shell: HostShell, facts: NodeFacts) -> str:
    """Return the data folder as seen from anywhere: a server may know it from where it stands."""
    if isabs(facts.dbpath):
        return facts.dbpath
    found = shell.ask(("readlink", "-f", f"/proc/{facts.pid}/cwd/{facts.dbpath}")).strip()
    return found or facts.dbpath


def _is_there(shell: HostShell, folder: str) -> bool:
    return bool(folder) and shell.run(("test", "-d", folder)).status == 0


def refuse_stops(checked: Preflight) -> None:
    """Raise the first thing that stands against a snapshot.

    Raises:
        SnapshotRefusedError: With the number of the others.
    """
    if not checked.stops:
        return
    first, more = checked.stops[0], len(checked.stops) - 1
    others = f" (and {more} more: mangrove snapshot preflight says which)" if more else ""
    raise SnapshotRefusedError(
        f"{first.text}{others}; nothing was locked and nothing was taken", hint=first.hint
    )
