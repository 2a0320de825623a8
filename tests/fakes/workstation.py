"""A whole workstation for tests: the real services over real parts, with a memory keyring."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bson.binary import Binary
from pymongo import MongoClient
from typing_extensions import override

from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import BackupId, BackupRequest, RestoreRequest
from mangrove.core.patience import STALL_S
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.ports.clock import Clock
from mangrove.core.run import Phase, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.vaults.vault import VaultSpec
from mangrove.core.verification import VerifyRequest
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft

WAIT_S = 120.0
KIT_WORK_FACTOR = 4  # guessing a passphrase need not be hard in a test
PROFILE, VAULT = "shop", "attic"
DOCUMENT_BYTES = 20_000
SYSTEM_DATABASES = frozenset({"admin", "config", "local"})


class EagerClock(SystemClock):
    """The real clock, but every look at the seconds finds one more: each count is announced."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._lock = threading.Lock()

    @override
    def monotonic_s(self) -> float:
        with self._lock:
            self._seconds += 1.0
            return self._seconds


class MovedClock(SystemClock):
    """The real clock, ahead by what a test says."""

    ahead = timedelta(0)

    @override
    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass(slots=True)
class Workstation:
    """The services, and short ways to what a test does with them again and again."""

    services: Services
    secrets: SessionSecrets
    folder: Path
    statuses: list[RunStatus] = field(default_factory=list)

    @property
    def vault_folder(self) -> Path:
        """Where the vault lies, unless a test put it elsewhere."""
        return self.folder / "vault"

    def add_profile(self, uri: str, name: str = PROFILE, password: str | None = None) -> None:
        """Store a profile."""
        typed = Secret(password) if password else None
        self.services.profiles.add(ProfileDraft(name, uri, typed))

    def add_vault(self, url: str = "", name: str = VAULT, **keys: Any) -> VaultSpec:
        """Make a vault, in a folder unless told otherwise."""
        place = url or self.vault_folder.as_uri()
        return self.services.vaults.add(VaultDraft(name, place, **keys)).spec

    def when(
        self, holds: Callable[[RunStatus], bool], act: Callable[[RunStatus], object]
    ) -> threading.Event:
        """Act once, on the worker's own thread, when a run's status fits; tells when it did."""
        done = threading.Event()

        def look(status: RunStatus) -> None:
            if not done.is_set() and holds(status):
                done.set()
                act(status)

        self.services.activity.subscribe(look)
        return done

    def at_phase(
        self, phase: Phase, act: Callable[[RunStatus], object], *, half_way: bool = False
    ) -> threading.Event:
        """Act once when a phase begins, or when some of its work is done."""
        return self.when(lambda s: s.phase is phase and (s.done_bytes > 0 or not half_way), act)

    def cancel(self, status: RunStatus) -> None:
        """Cancel a run."""
        self.services.activity.cancel(status.run_id)

    def backup(self, profile: str = PROFILE, vault: str = VAULT, **choices: Any) -> RunStatus:
        """Take a backup and wait for its end."""
        request = BackupRequest(profile, vault, **choices)
        return self._ended(
            self.services.activity.wait(self.services.backups.start(request), WAIT_S)
        )

    def restore(self, backup: BackupId, profile: str = PROFILE, **choices: Any) -> RunStatus:
        """Restore a backup and wait for its end."""
        request = RestoreRequest(backup, profile, **choices)
        run_id = self.services.restores.start(request)
        return self._ended(self.services.activity.wait(run_id, WAIT_S))

    def capture(self, profile: str = PROFILE, vault: str = VAULT, **choices: Any) -> RunStatus:
        """Capture what is in the oplog now and wait for its end."""
        request = CaptureRequest(profile, vault, CaptureMode.ONCE, **choices)
        return self._ended(
            self.services.activity.wait(self.services.captures.start(request), WAIT_S)
        )

    def verify(self, request: VerifyRequest) -> RunStatus:
        """Verify a backup and wait for its end."""
        run_id = self.services.verifications.start(request)
        return self._ended(self.services.activity.wait(run_id, WAIT_S))

    def files(self) -> dict[str, bytes]:
        """Return every file of the vault with its content."""
        root = self.vault_folder
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def file(self, ending: str) -> Path:
        """Return the one file of the vault whose name ends like this."""
        (found,) = [p for p in self.vault_folder.rglob("*") if p.name.endswith(ending)]
        return found

    def _ended(self, status: RunStatus) -> RunStatus:
        assert status.state.is_over, f"still {status.state} in {status.phase} after {WAIT_S} s"
        self.statuses.append(status)
        return status


@contextmanager
def workstation(
    folder: Path, *, stall_s: float = STALL_S, clock: Clock | None = None
) -> Iterator[Workstation]:
    """Open the real services with all state in a folder, and close them at the end."""
    paths = app_paths({"MANGROVE_HOME": str(folder / "home")})
    paths.ensure()
    kept = SessionSecrets()
    with open_services(
        paths, Parts(kept, clock or EagerClock(), stall_s, KIT_WORK_FACTOR)
    ) as services:
        yield Workstation(services, kept, folder)


def fill(client: MongoClient[Any], database: str, megabytes: float, name: str = "big") -> None:
    """Put that much data into a collection that no compression makes smaller."""
    count = int(megabytes * 1_000_000 / DOCUMENT_BYTES)
    documents = (
        {"_id": n, "group": n % 7, "payload": Binary(secrets.token_bytes(DOCUMENT_BYTES - 60))}
        for n in range(count)
    )
    client[database][name].insert_many(documents, ordered=False)


def databases(server: EmbeddedMongod) -> set[str]:
    """Return the names of every ordinary database."""
    with MongoClient[Any](server.uri) as client:
        return set(client.list_database_names()) - SYSTEM_DATABASES


def content(client: MongoClient[Any]) -> dict[str, dict[str, int]]:
    """Return the number of documents of every collection of every ordinary database."""
    return {
        database: {
            entry["name"]: client[database][entry["name"]].count_documents({})
            for entry in client[database].list_collections()
            if not entry["name"].startswith("system.")
        }
        for database in client.list_database_names()
        if database not in SYSTEM_DATABASES
    }
