"""Profiles and vaults through the services, with real local state and a memory keyring."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fakes.workstation import Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.connectors.state.database import FILE_NAME
from mangrove.core.errors import (
    BlobExistsError,
    InvalidVaultUrlError,
    MangroveError,
    NameTakenError,
    ProfileNotFoundError,
)
from mangrove.core.profile import Profile, password_ref
from mangrove.core.secret import Secret
from mangrove.services.profiles import ProfileDraft
from mangrove.services.vaults import VaultDraft

URI = "mongodb://anna@db.example.org/?authSource=admin"
OTHER_URI = "mongodb://bert@db.example.org/?authSource=admin"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        yield opened


@pytest.fixture
def secret() -> Secret:
    return Secret("swamp-tree-42")


def stored(desk: Workstation, name: str = "shop") -> Profile:
    return desk.services.profiles.find(name)


def test_a_password_inside_the_address_goes_to_the_keyring(desk: Workstation) -> None:
    text = URI.replace("anna@", "anna:from-the-uri@")

    desk.services.profiles.add(ProfileDraft("shop", text))

    profile = stored(desk)
    assert profile.password is not None
    assert desk.secrets.fetch(profile.password).reveal() == "from-the-uri"
    state = b"".join(p.read_bytes() for p in desk.folder.rglob("*") if p.is_file())
    assert b"from-the-uri" not in state


def test_an_edit_keeps_the_password_of_the_same_user_only(
    desk: Workstation, secret: Secret
) -> None:
    profiles = desk.services.profiles
    profiles.add(ProfileDraft("shop", URI, secret))
    own = stored(desk).profile_id

    profiles.update(own, ProfileDraft("store", URI))
    assert stored(desk, "store").password == password_ref(own)
    profiles.update(own, ProfileDraft("store", OTHER_URI))

    assert stored(desk, "store").password is None
    assert not desk.secrets.holds(password_ref(own))


def test_a_removed_profile_leaves_no_secret_however_its_name_is_typed(
    desk: Workstation, secret: Secret
) -> None:
    desk.services.profiles.add(ProfileDraft("Shop", URI, secret))

    desk.services.profiles.remove("  shop ")

    assert desk.services.profiles.all() == ()
    assert desk.secrets.count == 0
    with pytest.raises(ProfileNotFoundError):
        desk.services.profiles.remove("shop")


def test_a_copy_of_a_profile_has_secrets_of_its_own(desk: Workstation, secret: Secret) -> None:
    desk.services.profiles.add(ProfileDraft("shop", URI, secret))

    desk.services.profiles.duplicate("shop", "copy")
    desk.services.profiles.remove("shop")

    kept = stored(desk, "copy").password
    assert kept is not None
    assert desk.secrets.fetch(kept).reveal() == secret.reveal()


def test_two_profiles_never_share_a_name_or_a_slug(desk: Workstation) -> None:
    profiles = desk.services.profiles
    profiles.add(ProfileDraft("Shop", URI))
    first = stored(desk).slug

    with pytest.raises(NameTakenError):
        profiles.add(ProfileDraft("shop", URI))
    profiles.remove("shop")
    profiles.add(ProfileDraft("shop", URI))

    assert stored(desk).slug != first


@pytest.mark.parametrize("kind", ["occupied", "no address", "name taken"])
def test_a_vault_that_cannot_be_made_leaves_no_keys(desk: Workstation, kind: str) -> None:
    vaults = desk.services.vaults
    vaults.add(VaultDraft("attic", (desk.folder / "attic").as_uri()))
    before = desk.secrets.count
    name, url, error = {
        "occupied": ("cellar", (desk.folder / "attic").as_uri(), BlobExistsError),
        "no address": ("cellar", "attic", InvalidVaultUrlError),
        "name taken": ("Attic", (desk.folder / "cellar").as_uri(), NameTakenError),
    }[kind]

    with pytest.raises(error):
        vaults.add(VaultDraft(name, url))

    assert desk.secrets.count == before
    assert [v.name for v in vaults.all()] == ["attic"]


def test_a_vault_that_cannot_be_noted_leaves_nothing_in_its_place(desk: Workstation) -> None:
    (state,) = (desk.folder / "home").rglob(FILE_NAME)
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON vaults BEGIN SELECT RAISE(ABORT, 'full'); END"
        )

    with pytest.raises(MangroveError):
        desk.add_vault()

    assert not desk.vault_folder.exists()
    assert (desk.services.vaults.all(), desk.secrets.count) == ((), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at open files as Linux shows them")
def test_a_catalog_that_cannot_be_opened_leaves_no_file_open(tmp_path: Path) -> None:
    paths = app_paths({"MANGROVE_HOME": str(tmp_path / "home")})
    paths.ensure()
    paths.catalog.rmdir()
    paths.catalog.write_text("no folder")

    with (
        pytest.raises((MangroveError, OSError)),
        open_services(paths, Parts(SessionSecrets(), SystemClock())),
    ):
        pass

    targets = []
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, by another thread
            targets.append(str(file.readlink()))
    assert not [t for t in targets if t.startswith(str(tmp_path))]


def test_a_forgotten_vault_keeps_storage_and_keys(desk: Workstation) -> None:
    desk.add_vault()
    files, secrets = desk.files(), desk.secrets.count

    desk.services.vaults.remove("attic")

    assert desk.services.vaults.all() == ()
    assert (desk.files(), desk.secrets.count) == (files, secrets)


def test_state_outlives_the_process(tmp_path: Path) -> None:
    with workstation(tmp_path) as first:
        first.add_profile(URI)
        first.add_vault()
    with workstation(tmp_path) as second:
        assert [p.name for p in second.services.profiles.all()] == ["shop"]
        assert [v.name for v in second.services.vaults.all()] == ["attic"]
