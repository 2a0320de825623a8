"""The catalog's narrow rows answer as the records themselves do, after whatever was changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.record_facts import RecordFacts
from fakes.sample_figures import a_backup, a_proof
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import Cover, DatabaseCover
from mangrove.core.figures.facts import BackupFacts
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Level
from mangrove.vault.catalog.sqlite import FILE_NAME, SqliteCatalog

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
SINCE = NOON - timedelta(days=10)
COVERS = (
    Cover(True, (DatabaseCover("shop", True), DatabaseCover("billing", True))),
    Cover(False, (DatabaseCover("shop", False, ("orders",)),)),
    Cover(False, (DatabaseCover("shop", True),), is_filtered=True),
)
PROOFS = st.lists(
    st.tuples(st.integers(-1, 500), st.sampled_from(list(Level)), st.booleans()), max_size=3
)


@st.composite
def records(draw: st.DrawFn) -> BackupRecord:
    hours = draw(st.integers(-30, 900))
    made = a_backup(
        NOON - timedelta(hours=hours, microseconds=draw(st.integers(0, 3))),
        slug=draw(st.sampled_from(["shop", "shop-2"])),
        vault=draw(st.sampled_from(["v1", "v2"])),
        cover=draw(st.sampled_from(COVERS)),
        stored_bytes=draw(st.integers(0, 10**12)),
    )
    proofs = tuple(
        a_proof(NOON - timedelta(hours=age), level, passed=passed)
        for age, level, passed in draw(PROOFS)
    )
    state = draw(st.sampled_from([BackupState.COMPLETE] * 4 + [BackupState.UNREADABLE]))
    return replace(made, evidence=proofs, state=state)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[SqliteCatalog]:
    with closing(SqliteCatalog.open(tmp_path)) as opened:
        yield opened


def answers(facts: BackupFacts) -> dict[str, object]:
    """Ask everything, with groups under a name that does not depend on who numbers them."""
    groups = facts.groups(NOON)
    name = {g.group_id: (g.profile_slug, g.vault_id, g.cover) for g in groups}
    whole = tuple(g.group_id for g in groups if g.cover.is_deployment)
    return {
        "groups": {name[g.group_id]: replace(g, group_id="") for g in groups},  # type: ignore[arg-type]
        "moments": {name[k]: tuple(v) for k, v in facts.moments(SINCE).items()},
        "evidence": {name[k]: sorted(map(repr, v)) for k, v in facts.evidence(SINCE).items() if v},
        "restores": {
            name[k]: [e.finished_at for e in v] for k, v in facts.test_restores(3).items() if v
        },
        "days": list(facts.days(date(2026, 3, 1))),
        "totals": {(t.profile_slug, t.vault_id): t for t in facts.totals()},
        "newest": facts.newest(whole, SINCE),
        "count": facts.count([g for g in groups if not g.cover.is_deployment]),
    }


def without_gone(found: dict[str, object]) -> dict[str, object]:
    """Leave out what only the catalog remembers: moments of backups that were removed."""
    groups = found["groups"]
    assert isinstance(groups, dict)
    held = {key: group for key, group in groups.items() if group.newest is not None}
    return {**found, "groups": held, "moments": None}


def totals_but_newest(found: dict[str, object]) -> dict[str, object]:
    totals = found["totals"]
    assert isinstance(totals, dict)
    return found | {"totals": {k: replace(t, newest_bytes=0) for k, t in totals.items()}}


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    first=st.lists(records(), max_size=12, unique_by=lambda r: r.backup),
    later=st.lists(records(), max_size=6, unique_by=lambda r: r.backup),
    removed=st.integers(0, 5),
)
def test_the_catalog_answers_as_the_records_do(
    catalog: SqliteCatalog, first: list[BackupRecord], later: list[BackupRecord], removed: int
) -> None:
    for vault in (VaultId("v1"), VaultId("v2")):
        catalog.remove_vault(vault)
        catalog.replace_vault(vault, [r for r in first if r.vault_id == vault])
    for record in later:
        catalog.put(record)
    for record in catalog.all()[:removed]:
        catalog.remove(record.vault_id, record.backup)

    found, expected = answers(catalog.facts()), answers(RecordFacts(catalog.all()))

    if removed:
        found, expected = without_gone(found), without_gone(expected)
    assert totals_but_newest(found) == totals_but_newest(expected)


def test_a_replaced_backup_counts_once(catalog: SqliteCatalog) -> None:
    record = a_backup(NOON)
    catalog.put(record)
    catalog.put(replace(record, evidence=(a_proof(NOON),)))

    (total,) = catalog.facts().totals()

    assert (total.complete, total.proven) == (1, 1)


def test_a_removed_backup_counts_in_the_past_and_protects_nothing_now(
    catalog: SqliteCatalog,
) -> None:
    old, new = a_backup(NOON - timedelta(days=3)), a_backup(NOON - timedelta(days=1))
    lonely = a_backup(NOON - timedelta(days=2), cover=COVERS[1])
    for record in (old, new, lonely):
        catalog.put(record)

    for record in (old, lonely):
        catalog.remove(record.vault_id, record.backup)

    facts = catalog.facts()
    groups = {g.cover: g for g in facts.groups(NOON)}
    assert groups[new.protects].newest == new.backup
    assert groups[lonely.protects].newest is None
    moments = facts.moments(SINCE)
    assert [m.data_at for m in moments[groups[new.protects].group_id]] == [
        old.data_at,
        new.data_at,
    ]
    assert [m.data_at for m in moments[groups[lonely.protects].group_id]] == [lonely.data_at]
    assert sum(t.complete for t in facts.totals()) == 1


def test_removed_backups_are_forgotten_after_a_while_whatever_they_held(
    catalog: SqliteCatalog,
) -> None:
    ages = {COVERS[0]: 401, COVERS[1]: 402, COVERS[2]: 399}
    old = [a_backup(NOON - timedelta(days=days), cover=cover) for cover, days in ages.items()]
    newest = a_backup(NOON)
    for record in (*old, newest):
        catalog.put(record)

    for record in (*old, newest):
        catalog.remove(record.vault_id, record.backup)

    held = catalog.facts().moments(NOON - timedelta(days=500)).values()
    known = sorted(moment.data_at for moments in held for moment in moments)
    assert known == [old[2].data_at, newest.data_at]


def test_a_forgotten_vault_leaves_no_facts(catalog: SqliteCatalog) -> None:
    catalog.put(replace(a_backup(NOON), evidence=(a_proof(NOON),)))

    catalog.remove_vault(VaultId("v1"))

    assert answers(catalog.facts()) == answers(RecordFacts(()))


def test_backups_are_found_by_vault_profile_and_the_beginning_of_their_name(
    catalog: SqliteCatalog,
) -> None:
    old, new = a_backup(NOON - timedelta(days=3)), a_backup(NOON)
    other = a_backup(NOON, slug="other", vault="v2")
    for record in (old, new, other):
        catalog.put(record)

    assert catalog.of_profile("shop") == (new, old)
    assert catalog.of_profile("shop", NOON - timedelta(days=1)) == (new,)
    assert catalog.physical("shop") == ()
    assert catalog.of_vault(VaultId("v2")) == (other,)
    assert catalog.beginning("20260317") == (old,)
    assert catalog.find(BackupId("20260317")) is None


def test_backups_of_files_are_found_among_the_others(catalog: SqliteCatalog) -> None:
    old, new = (replace(a_backup(NOON - timedelta(days=days)), is_physical=True) for days in (3, 1))
    for record in (old, a_backup(NOON - timedelta(days=2)), new):
        catalog.put(record)
    catalog.put(replace(a_backup(NOON, slug="other"), is_physical=True))

    assert catalog.physical("shop") == (new, old)
    catalog.put(replace(new, is_physical=False))
    assert catalog.physical("shop") == (old,)


def test_a_catalog_from_before_an_index_gets_it(tmp_path: Path) -> None:
    record = replace(a_backup(NOON), is_physical=True)
    with closing(SqliteCatalog.open(tmp_path)) as catalog:
        catalog.put(record)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("DROP INDEX backups_physical")

    with closing(SqliteCatalog.open(tmp_path)) as again:
        assert again.physical("shop") == (record,)


def test_a_catalog_that_remembers_removed_backups_is_no_damaged_one(tmp_path: Path) -> None:
    old, new = (
        a_backup(NOON - timedelta(days=3)),
        replace(a_backup(NOON), evidence=(a_proof(NOON),)),
    )
    with closing(SqliteCatalog.open(tmp_path)) as opened:
        opened.put(old)
        opened.put(new)
        opened.remove(old.vault_id, old.backup)

    with closing(SqliteCatalog.open(tmp_path)) as again:
        assert [record.backup for record in again.all()] == [new.backup]
    assert not [*tmp_path.glob("*.damaged")]
