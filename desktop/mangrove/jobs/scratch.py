"""Scratch databases for trial restores: names nobody has, and nothing left behind."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mangrove.core.errors import MangroveError, NamespaceConflictError
from mangrove.core.manifest import Manifest
from mangrove.core.ports import RestoreSink, ScratchRegister
from mangrove.core.profile import Profile
from mangrove.jobs.context import RunContext

PREFIX = "mangrove_verify_"
SHORT_PREFIX = "mgv"
_PREFIXES = (PREFIX, SHORT_PREFIX)


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
    def databases(self, manifest: Manifest) -> Iterator[dict[str, str]]:
        """Claim one new name for each database of a backup; drop them all at the end.

        Errors: whatever ends the block, the databases go; one that cannot be dropped stays
            registered and goes at the next verification on this deployment.

        Raises:
            NamespaceConflictError: If a name exists, against all odds; it is not touched.
        """
        self._drop_abandoned()
        names = {name: _new_name(manifest.database_room(name)) for name in manifest.databases}
        claimed: list[str] = []
        try:
            for name in names.values():
                self._claim(name)
                claimed.append(name)
            yield names
        finally:
            if self.ctx.cancelled.is_set():
                self.sink.abort()  # a server that does not answer is not waited for
            for name in claimed:
                self._drop(name)

    def _claim(self, name: str) -> None:
        if self.sink.existing(name):
            raise NamespaceConflictError(f"a database {name} exists already; it was not touched")
        if self.profile is not None:
            self.register.add(self.profile.profile_id, name)

    def _drop_abandoned(self) -> None:
        if self.profile is None:
            return
        for name in self.register.abandoned(self.profile.profile_id):
            if name.startswith(_PREFIXES) and self._drop(name):
                self.ctx.log(f"dropped {name}, left by a verification that was interrupted")

    def _drop(self, name: str) -> bool:
        try:
            self.sink.drop_database(name)
        except MangroveError as error:
            self.ctx.log(f"scratch database {name} could not be dropped now: {error.message}")
            return False
        if self.profile is not None:
            self.register.remove(self.profile.profile_id, name)
        return True


def _new_name(room: int) -> str:
    """Return a name that nobody has; long collection names leave room for a short one only."""
    name = PREFIX + secrets.token_hex(8)
    return name if len(name) <= room else (SHORT_PREFIX + secrets.token_hex(8))[: max(1, room)]
