"""A workstation with a pretended Atlas in reach, and the command line on it."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from fakes.doors import doors_to
from journeys.command_line import Ended
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.cli.main import run
from mangrove.connectors.secrets.os_keyring import OsKeyring
from mangrove.core.atlas.account import SignIn
from mangrove.core.atlas.link import Located
from mangrove.core.ports.clock import Clock
from mangrove.core.secret import Secret
from mangrove.services.atlas.accounts import AccountDraft
from mangrove.services.bundle import Services
from servers.atlas import FakeAtlas

POLL_S = 0.01
ACCOUNT = "work"


@dataclass(slots=True)
class AtlasDesk:
    """The services, the server, and short ways to both."""

    services: Services
    fake: FakeAtlas
    folder: Path

    def add_account(self) -> None:
        """Sign in with the service account."""
        known = self.fake.sign_in
        draft = AccountDraft(
            ACCOUNT,
            SignIn.SERVICE_ACCOUNT,
            known.client_id,
            Secret(known.client_secret),
            self.fake.url,
        )
        self.services.atlas.accounts.add(draft)

    def place(self, name: str) -> Located:
        """Find a cluster."""
        return self.services.atlas.clusters.find(name)

    def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        """Run one command in this process."""
        out, err = io.StringIO(), io.StringIO()
        typed = patch.object(sys, "stdin", io.StringIO(stdin))
        with redirect_stdout(out), redirect_stderr(err), typed:
            code = run(arguments, doors_to(self.services))
        return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def atlas_desk(folder: Path, fake: FakeAtlas, clock: Clock | None = None) -> Iterator[AtlasDesk]:
    """Open the real services; secrets go to the keyring of the test."""
    paths = app_paths({"MANGROVE_HOME": str(folder / "home")})
    paths.ensure()
    parts = Parts(OsKeyring(), clock or SystemClock(), atlas_poll_s=POLL_S)
    with open_services(paths, parts) as services:
        yield AtlasDesk(services, fake, folder)
