import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from integration.state.samples import a_profile
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.profiles import SqliteProfiles
from mangrove.core.errors import DamagedStateError, NameTakenError
from mangrove.core.profile import ProfileId, UnreadableProfile, tunnel_secret_ref
from mangrove.core.tunnel import TunnelAuth, TunnelSpec


@pytest.fixture
def profiles(database: StateDatabase) -> SqliteProfiles:
    return SqliteProfiles(database)


def edit(database: StateDatabase, profile_id: str, text: str | bytes) -> None:
    with database.writing() as connection:
        connection.execute(
            "UPDATE profiles SET value = CAST(? AS TEXT) WHERE profile_id = ?", (text, profile_id)
        )


def test_profiles_come_back_by_name_after_the_file_was_closed(tmp_path: Path) -> None:
    ann, bob = a_profile("ann", "p1"), a_profile("Bob", "p2")
    with closing(StateDatabase.open(tmp_path)) as database:
        for profile in (bob, ann):
            SqliteProfiles(database).save(profile)

    with closing(StateDatabase.open(tmp_path)) as database:
        assert SqliteProfiles(database).all() == (ann, bob)


def test_saving_again_replaces_by_id(profiles: SqliteProfiles) -> None:
    profiles.save(a_profile("Shop"))

    profiles.save(replace(a_profile("Shop"), name="Store"))

    assert [p.name for p in profiles.all()] == ["Store"]


def test_a_tunnel_comes_back_without_its_secret_being_stored(profiles: SqliteProfiles) -> None:
    ref = tunnel_secret_ref(ProfileId("p1"))
    tunnel = TunnelSpec("jump", "ann", 2222, TunnelAuth.KEY_FILE, "/id", "/known", ref)
    profile = replace(a_profile("Shop"), tunnel=tunnel)

    profiles.save(profile)

    assert profiles.all() == (profile,)


def test_a_profile_from_before_there_were_tunnels_is_read(
    profiles: SqliteProfiles, database: StateDatabase
) -> None:
    profiles.save(a_profile("Shop"))
    with database.reading() as connection:
        (text,) = connection.execute("SELECT value FROM profiles").fetchone()
    older = json.loads(text)
    del older["tunnel"]
    edit(database, "p1", json.dumps(older))

    assert profiles.all() == (a_profile("Shop"),)


@pytest.mark.parametrize("name", ["Straße", "STRASSE", "strasse"])
def test_a_name_is_taken_without_regard_to_case(profiles: SqliteProfiles, name: str) -> None:
    profiles.save(a_profile("straße", "p1", "strasse"))

    with pytest.raises(NameTakenError):
        profiles.save(a_profile(name, "p2", "other"))

    assert len(profiles.all()) == 1
    assert profiles.used_slugs() == {"strasse"}


def test_a_slug_stays_taken_for_ever(profiles: SqliteProfiles) -> None:
    profiles.save(a_profile("Shop", "p1", "shop"))
    profiles.remove(ProfileId("p1"))

    with pytest.raises(NameTakenError):
        profiles.save(a_profile("Shop", "p2", "shop"))

    assert profiles.used_slugs() == {"shop"}
    assert profiles.all() == ()


def test_a_removed_profile_may_come_back_with_its_own_slug(profiles: SqliteProfiles) -> None:
    profiles.save(a_profile())
    profiles.remove(ProfileId("p1"))

    profiles.save(a_profile())

    assert profiles.all() == (a_profile(),)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", b"\xff\xfe", json.dumps({"name": "Damaged"})],
    ids=["empty", "cut", "list", "no fields", "no text", "few fields"],
)
def test_a_damaged_row_is_shown_as_such_while_the_others_still_work(
    database: StateDatabase, profiles: SqliteProfiles, text: str | bytes
) -> None:
    profiles.save(a_profile("Damaged", "p1"))
    profiles.save(a_profile("Whole", "p2"))

    edit(database, "p1", text)

    damaged, whole = profiles.all()
    assert isinstance(damaged, UnreadableProfile)
    assert damaged.name == "Damaged"
    assert damaged.reason
    assert whole == a_profile("Whole", "p2")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"p1"', '"p9"'),
        ('"Shop"', '"Other"'),
        ("db1.example.net:27017", "db1.example.net:99999"),
        ("db1.example.net:27017", "eve:hunter2@db1.example.net"),
    ],
)
def test_an_edited_row_that_contradicts_itself_is_damaged(
    database: StateDatabase, profiles: SqliteProfiles, old: str, new: str
) -> None:
    profiles.save(a_profile())
    with database.reading() as connection:
        (text,) = connection.execute("SELECT value FROM profiles").fetchone()

    edit(database, "p1", text.replace(old, new))

    (found,) = profiles.all()
    assert isinstance(found, UnreadableProfile)
    assert "hunter2" not in found.reason


def test_only_damaged_records_can_be_removed_as_unreadable(
    database: StateDatabase, profiles: SqliteProfiles
) -> None:
    profiles.save(a_profile("Damaged", "p1"))
    profiles.save(a_profile("Whole", "p2"))
    edit(database, "p1", "{")

    profiles.remove_unreadable("Damaged")
    profiles.remove_unreadable("Whole")

    assert profiles.all() == (a_profile("Whole", "p2"),)


def test_a_missing_column_is_told_as_damage(
    database: StateDatabase, profiles: SqliteProfiles
) -> None:
    with database.writing() as connection:
        connection.execute("ALTER TABLE profiles DROP COLUMN value")

    with pytest.raises(DamagedStateError, match="untouched"):
        profiles.all()


def test_two_open_files_see_each_others_profiles(profiles: SqliteProfiles, tmp_path: Path) -> None:
    with closing(StateDatabase.open(tmp_path)) as second:
        SqliteProfiles(second).save(a_profile())

    assert profiles.all() == (a_profile(),)
