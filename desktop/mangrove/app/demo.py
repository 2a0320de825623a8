"""The demo: a sample shop, a backup, a proof, an accident, and the way back, all measured."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, embedded_folders, open_services
from mangrove.app.demo_load import (
    DATABASE,
    ORDERS,
    Loaded,
    count_orders,
    load_shop,
    lose_half_the_orders,
)
from mangrove.app.demo_shop import PAGE_TIMES, Shop, Words
from mangrove.app.gui import show_window
from mangrove.app.logs import logging_to
from mangrove.app.paths import AppPaths
from mangrove.app.redaction import Redaction, WatchedSecrets
from mangrove.cli.exit_codes import ExitCode, code_of_run
from mangrove.cli.output import Output, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.connectors.embedded.mongod import EmbeddedMongod, find_mongod
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import BackupId, BackupRequest, RestoreRequest
from mangrove.core.errors import ConfigurationError
from mangrove.core.explain import size_text
from mangrove.core.profile import Colour
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest
from mangrove.core.wording import counted
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft

PROFILE = "Sample shop"
VAULT = "Demo vault"
OPENING = "a throw-away MongoDB starts and a sample shop moves in; nothing of yours is touched"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One step of the story: what was done, what came of it, how long it took."""

    title: str
    outcome: str
    seconds: float


class StoryEndedError(Exception):
    """Raised inside the demo when a run did not succeed; carries the run."""

    def __init__(self, status: RunStatus) -> None:
        super().__init__(status.run_id)
        self.status = status


def run_demo(*, headless: bool, home: Path | None, output: Output) -> int:
    """Tell the story on a server and a vault of its own; returns the exit code.

    Nothing of the person's state, keyring or deployments is touched. Everything is in one
    folder, which goes at the end unless it was given.
    """
    with _folder(home) as folder:
        paths = AppPaths(folder / "state", folder / "catalog", folder / "logs", folder / "cache")
        paths.ensure()
        redaction = Redaction()
        parts = Parts(WatchedSecrets(SessionSecrets(), redaction), SystemClock())
        if not output.as_json:
            output.say(OPENING)
        with (
            logging_to(paths.logs, redaction),
            EmbeddedMongod(find_mongod(embedded_folders()), folder / "mongod") as server,
            open_services(paths, parts) as services,
        ):
            story = _Story(services, server.uri, folder, paths.resources / "demo", output)
            try:
                story.tell()
            except StoryEndedError as ended:
                report_run(output, ended.status)
                return code_of_run(ended.status) or ExitCode.FAILED
            if not headless:
                return show_window(services, paths, ["mangrove"])
    return ExitCode.DONE


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    if home is not None:
        chosen = home.expanduser().absolute()
        if chosen.exists() and any(chosen.iterdir()):
            raise ConfigurationError(
                f"the folder '{chosen}' is not empty; nothing was changed",
                hint="give the demo a folder of its own",
            )
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="mangrove-demo-") as folder:
        yield Path(folder)


@dataclass(slots=True)
class _Story:
    """The chapters told so far, and what they need."""

    services: Services
    uri: str
    folder: Path
    resources: Path
    output: Output
    chapters: list[Chapter] = field(default_factory=list)

    def tell(self) -> None:
        """Go through all chapters, then print them."""
        begun_s = self.services.clock.monotonic_s()
        self._open_shop()
        self.services.profiles.add(ProfileDraft(PROFILE, self.uri, colour=Colour.GREEN))
        self.services.vaults.add(VaultDraft(VAULT, (self.folder / "vault").as_uri()))
        backup = self._back_up()
        self._prove(backup)
        before, after = self._accident()
        self._bring_back(backup, before, after)
        self._print(self.services.clock.monotonic_s() - begun_s)

    def _open_shop(self) -> None:
        shop = Shop(Words.read(self.resources), self.services.clock.now())
        loaded, seconds = self._timed(partial(load_shop, self.uri, shop))
        self._add("the shop opens", _loaded_text(loaded), seconds)

    def _back_up(self) -> BackupId:
        request = BackupRequest(PROFILE, VAULT)
        status = self._run(self.services.backups.start(request))
        figures = dict(status.result.figures) if status.result else {}
        plain, stored = figures.get("bson_bytes", 0), figures.get("stored_bytes", 0)
        self._add(
            "encrypted backup",
            f"{figures.get('documents', 0):,.0f} documents, {size_text(plain)} of BSON in "
            f"{size_text(stored)}; every stored object was read back",
            figures.get("seconds", 0),
        )
        return status.backup or self.services.backups.find("latest").backup

    def _prove(self, backup: BackupId) -> None:
        request = VerifyRequest(backup, Level.RESTORED)
        status = self._run(self.services.verifications.start(request))
        figures = dict(status.result.figures) if status.result else {}
        self._add(
            "trial restore",
            "restored on a throw-away server: counts, digests, options and indexes are the same",
            figures.get("seconds", 0),
        )

    def _accident(self) -> tuple[int, int]:
        (before, after), seconds = self._timed(partial(lose_half_the_orders, self.uri))
        self._add(
            "the accident",
            f"a clean-up script deletes {before - after:,} of {before:,} orders",
            seconds,
        )
        return before, after

    def _bring_back(self, backup: BackupId, before: int, after: int) -> None:
        request = RestoreRequest(backup, PROFILE, include=(f"{DATABASE}.{ORDERS}",))
        status = self._run(self.services.restores.start(request))
        result = status.result
        copy = result.targets[0] if result and result.targets else ""
        found = count_orders(self.uri, copy)
        seconds = dict(result.figures).get("seconds", 0) if result else 0
        verdict = "all of them" if found == before else f"but {before:,} were there"
        self._add(
            "the way back",
            f"{copy} holds {found:,} orders, {verdict}; {DATABASE} still has its {after:,}",
            seconds,
        )
        if found != before:
            raise StoryEndedError(status)

    def _run(self, run_id: RunId) -> RunStatus:
        status = follow(self.services, run_id, self.output)
        if status.state is not RunState.SUCCEEDED:
            raise StoryEndedError(status)
        return status

    def _timed(self, work: Callable[[], T]) -> tuple[T, float]:
        begun_s = self.services.clock.monotonic_s()
        result = work()
        return result, self.services.clock.monotonic_s() - begun_s

    def _add(self, title: str, outcome: str, seconds: float) -> None:
        self.chapters.append(Chapter(title, outcome, seconds))
        if not self.output.as_json:
            self.output.say(f"{title}: {outcome} ({seconds:.1f} s)")

    def _print(self, seconds: float) -> None:
        rows = tuple((c.title, c.outcome, f"{c.seconds:.1f} s") for c in self.chapters)
        self.output.give(
            {"chapters": self.chapters, "seconds": seconds},
            "",
            Table(("chapter", "what came of it", ">took"), rows),
            f"The whole story took {seconds:.1f} s. It is over; nothing of yours was touched.",
        )


def _loaded_text(loaded: Loaded) -> str:
    return (
        f"{counted(loaded.documents, 'document')} in {counted(loaded.collections, 'collection')} "
        f"with {counted(loaded.indexes, 'index', 'indexes')}; "
        f"{PAGE_TIMES:,} of them share the buckets of a time series"
    )
