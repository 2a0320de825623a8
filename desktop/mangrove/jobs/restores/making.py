"""Notes what a restore makes under its final name, so that a killed one is found out."""

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mangrove.core.errors import MangroveError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.state import MakingRegister
from mangrove.core.profile import ProfileId
from mangrove.core.restores.unfinished import Unfinished
from mangrove.jobs.context import RunContext

EVERY_S = 0.5
EVERY = 50
"""So many new collections, or so much later, are told apart with one question to the server."""


@dataclass(slots=True)
class Making:
    """What one restore makes where nothing was: registered before it is created.

    Threads: safe for several.

    Attributes:
        created: What is there now, as the loader has it; what stays in it could not be taken back.
    """

    ctx: RunContext
    sink: RestoreSink
    register: MakingRegister
    profile_id: ProfileId
    clock: Clock
    load: str = field(default_factory=lambda: secrets.token_hex(8))
    _noted: set[Namespace] = field(default_factory=set)
    _pending: set[Namespace] = field(default_factory=set)
    _asked_s: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def of(
        self, made: Sequence[Unfinished], filled: Sequence[Namespace], created: Sequence[Namespace]
    ) -> Iterator[None]:
        """Keep collections registered while the block lasts.

        Args:
            made: What is to be created.
            filled: Existing collections that are filled up: whoever asked for that wants them.
            created: What the restore created and did not take back, looked at in the end.

        Raises:
            StateUnavailableError: Nothing was written yet.
        """
        self.register.forget(self.profile_id, filled)
        self.register.begin(self.load, self.profile_id, made)
        self._noted = {item.namespace for item in made}
        try:
            yield
        finally:
            self._end(created)

    def began(self, namespace: Namespace) -> None:
        """Note that a collection is created now, or was just now."""
        with self._lock:
            if namespace in self._noted:
                self._pending.add(namespace)

    def beat(self, *, at_once: bool = False) -> None:
        """Ask now and then which collections those are that were created."""
        with self._lock:
            asked = tuple(self._pending)
            now_s = self.clock.monotonic_s()
            since = self._asked_s
            is_due = since is None or now_s - since >= EVERY_S or len(asked) >= EVERY
            if not asked or not (at_once or is_due):
                return
            self._asked_s = now_s
            self._pending.clear()
        try:
            found = self.sink.identities(asked)
            self.register.identify(self.load, self.profile_id, found)
        except MangroveError:  # the restore goes on; it is asked again with the next ones
            found = {}
        with self._lock:
            self._pending.update(n for n in asked if n not in found)

    def _end(self, created: Sequence[Namespace]) -> None:
        try:
            self.register.end(self.load, tuple(created))
        except MangroveError as error:
            self.ctx.log(f"the notes on this run's new collections stay: {error.message}")
