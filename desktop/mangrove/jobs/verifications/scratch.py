"""Scratch databases for trial restores: names nobody has, and nothing left behind."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mangrove.core.errors import MangroveError, NamespaceConflictError
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import SCRATCH
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.profile import Profile
from mangrove.jobs.context import RunContext

PREFIX = SCRATCH
SHORT_PREFIX = "mgv"
_PREFIXES = (PREFIX, SHORT_PREFIX)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScratchNames:
    """The scratch databases of one trial restore.

    Attributes:
        of: The scratch database of each database that is restored.
        claim: Claims a new name for a database.
        drop: Drops one; False if that failed for now.
    """

    claim: Callable[[str], str]
    drop: Callable[[str], bool]
    of: dict[str, str] = field(default_factory=dict)
    _claimed: list[str] = field(default_factory=list)

    def name_of(self, database: str) -> str:
        """Return the scratch database of a database, claimed now if it was not yet.

        An oplog may make databases that its base does not hold.

        Raises:
            NamespaceConflictError: As ``Scratch.databases``.
        """
        if database not in self.of:
            name = self.claim(database)
            self._claimed.append(name)
            self.of[database] = name
        return self.of[database]

    def leave_all(self) -> None:
        """Drop none of them: they go in another way."""
        self._claimed.clear()

    def drop_all(self) -> None:
        """Drop every database that was claimed and is not dropped yet."""
        while self._claimed:
            self.drop(self._claimed.pop())


@dataclass(frozen=True, slots=True)
class Scratch:
    """Makes and removes scratch databases on one deployment.

    Attributes:
        profile: None for the embedded server, which goes as a whole.
    """

    sink: RestoreSink
    register: ScratchRegister
    profile: Profile | None
    ctx: RunContext

    @contextmanager
    def databases(self, manifest: Manifest) -> Iterator[ScratchNames]:
        """Claim one new name for each database of a backup; drop them all at the end.

        Errors: whatever ends the block, the databases go; one that cannot be dropped stays
            registered and goes at the next verification on this deployment.

        Raises:
            NamespaceConflictError: If a name exists, against all odds; it is not touched.
        """
        drop_abandoned(self.sink, self.register, self.profile, self.ctx.log)
        names = ScratchNames(lambda name: self._claim(manifest.database_room(name)), self._drop)
        try:
            for name in manifest.databases:
                names.name_of(name)
            yield names
        except BaseException:
            if self.profile is None:
                names.leave_all()  # the server goes as a whole, and may be gone already
            raise
        finally:
            if self.ctx.cancelled.is_set():
                self.sink.abort()  # a server that does not answer is not waited for
            names.drop_all()

    def _claim(self, room: int) -> str:
        name = _new_name(room)
        if self.sink.existing(name):
            raise NamespaceConflictError(f"a database {name} exists already; it was not touched")
        if self.profile is not None:
            self.register.add(self.profile.profile_id, name)
        return name

    def _drop(self, name: str) -> bool:
        return _dropped(self.sink, self.register, self.profile, name, self.ctx.log)


def drop_abandoned(
    sink: RestoreSink, register: ScratchRegister, profile: Profile | None, say: Say
) -> tuple[str, ...]:
    """Drop what trial restores left on a deployment whose process is gone; returns their names.

    Only names that were registered before they were created go, whatever else looks like one.
    """
    if profile is None:
        return ()
    abandoned = register.abandoned(profile.profile_id)
    ours = (name for name in abandoned if name.startswith(_PREFIXES))
    dropped = tuple(name for name in ours if _dropped(sink, register, profile, name, say))
    for name in dropped:
        say(f"dropped {name}, left by a verification that was interrupted")
    return dropped


def _dropped(
    sink: RestoreSink, register: ScratchRegister, profile: Profile | None, name: str, say: Say
) -> bool:
    try:
        sink.drop_database(name)
    except MangroveError as error:
        say(f"scratch database {name} could not be dropped now: {error.message}")
        return False
    if profile is not None:
        register.remove(profile.profile_id, name)
    return True


def _new_name(room: int) -> str:
    """Return a name that nobody has; long collection names leave room for a short one only."""
    name = PREFIX + secrets.token_hex(8)
    return name if len(name) <= room else (SHORT_PREFIX + secrets.token_hex(8))[: max(1, room)]
