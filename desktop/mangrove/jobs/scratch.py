"""Scratch databases for trial restores: names nobody has, and nothing left behind."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mangrove.core.errors import MangroveError, NamespaceConflictError
from mangrove.core.ports import RestoreSink, ScratchRegister
from mangrove.core.profile import Profile
from mangrove.jobs.context import RunContext

PREFIX = "mangrove_verify_"


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
    def databases(self, sources: Sequence[str]) -> Iterator[dict[str, str]]:
        """Claim one new name for each source database; drop them all at the end.

        Errors: whatever ends the block, the databases go; one that cannot be dropped stays
            registered and goes at the next verification on this deployment.

        Raises:
            NamespaceConflictError: If a name exists, against all odds; it is not touched.
        """
        self._drop_abandoned()
        names = {source: PREFIX + secrets.token_hex(8) for source in sources}
        claimed: list[str] = []
        try:
            for name in names.values():
                self._claim(name)
                claimed.append(name)
            yield names
        finally:
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
            if name.startswith(PREFIX) and self._drop(name):
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
