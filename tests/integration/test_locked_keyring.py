"""A3: a keyring that is locked or gone at three in the morning is an outcome with a name."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.secrets.fallback import FallbackSecrets
from mangrove.connectors.secrets.os_keyring import OsKeyring
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.jobs.job import FiringState, JobKind
from mangrove.core.secret import Secret
from mangrove.services.bundle import Services
from mangrove.services.jobs import JobDraft
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft
from servers.keyring_service import SecretService

pytestmark = [pytest.mark.keyring, pytest.mark.slow]
NOBODY = "mongodb://ann@127.0.0.1:9/?serverSelectionTimeoutMS=200"


@pytest.fixture
def services(tmp_path: Path, secret_service: SecretService) -> Iterator[Services]:
    """A workstation whose secrets are in a real keyring, with one job."""
    assert secret_service.is_unlocked()
    paths = app_paths({"MANGROVE_HOME": str(tmp_path / "home")})
    paths.ensure()
    with open_services(paths, Parts(_secrets(), SystemClock())) as opened:
        opened.profiles.add(ProfileDraft("shop", NOBODY, Secret("a password")))
        opened.vaults.add(VaultDraft("attic", (tmp_path / "vault").as_uri()))
        opened.jobs.add(JobDraft("nightly", JobKind.BACKUP, "attic", "daily 02:00", "UTC", "shop"))
    # Another process, later: what the first one had in memory is gone.
    with open_services(paths, Parts(_secrets(), SystemClock())) as opened:
        yield opened


def _secrets() -> FallbackSecrets:
    return FallbackSecrets(OsKeyring(), SessionSecrets())


def test_a3_a_locked_keyring_fails_the_night_by_name(
    services: Services, secret_service: SecretService
) -> None:
    secret_service.lock()
    services.jobs.close()  # nobody waits for minutes here: the tries that follow are given up

    firing = services.jobs.run("nightly")

    assert (firing.state, firing.problem_code) == (FiringState.FAILED, "keyring-locked")
    assert "the keyring is locked" in firing.problem
    assert firing.ended_at is not None


def test_a3_an_absent_keyring_fails_the_night_by_name(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    services.jobs.close()

    firing = services.jobs.run("nightly")

    assert (firing.state, firing.problem_code) == (FiringState.FAILED, "keyring-unavailable")
    assert "no usable keyring" in firing.problem
