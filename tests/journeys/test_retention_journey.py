from pathlib import Path

import bson
import pytest

from journeys.command_line import CommandLine, Ended
from servers.keyring_service import SecretService

pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]

METADATA = '{"options":{},"indexes":[],"collectionName":"orders","type":"collection"}'


@pytest.fixture
def mangrove(tmp_path: Path, secret_service: SecretService) -> CommandLine:
    """The program with an empty home, a real keyring, and an empty vault."""
    line = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    assert line("vault", "add", "Local", "--url", (tmp_path / "vault").as_uri()).code == 0
    return line


def refused(ended: Ended, code: int, words: str) -> None:
    assert ended.code == code, ended
    assert words in ended.err, ended


def test_a_person_says_what_stays_looks_first_and_prunes(
    mangrove: CommandLine, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    (dump / "shop").mkdir(parents=True)
    orders = b"".join(bson.encode({"_id": n, "note": "x" * 50}) for n in range(100))
    (dump / "shop" / "orders.bson").write_bytes(orders)
    (dump / "shop" / "orders.metadata.json").write_text(METADATA)
    backups = []
    for _ in range(3):
        done = mangrove.json("import", str(dump), "--vault", "local", "--name", "shop")
        backups.append(done["run"]["backup"])
    old, mid, new = backups

    assert "everything is kept" in mangrove("vault", "policy", "local").out
    refused(mangrove("vault", "policy", "local", "--keep-daily", "0"), 2, "no number of backups")
    said = mangrove("vault", "policy", "local", "--keep-last", "1", "--undo", "0d")
    assert (said.code, "last 1" in said.out) == (0, True), said

    wide = mangrove.json("backups", "--wide")["backups"]
    assert [b["retention"]["stays"] for b in wide] == [True, True, True]
    assert "younger than 24 h" in wide[0]["retention"]["because"]
    assert "stays: " in mangrove("backups", "--wide").out
    (listed,) = mangrove.json("vault", "list")["vaults"]
    assert listed["growth"]["backups"] == 3
    preview = mangrove.json("prune", "local")
    assert [b["stays"] for b in preview["backups"]] == [True, True, True]
    assert "younger than 24 h" in preview["backups"][0]["because"]
    assert preview["purged_now"] == []

    assert mangrove("pin", old, "--note", "before the migration").code == 0
    refused(mangrove("delete", old), 5, "pinned: before the migration")
    assert mangrove("delete", mid).code == 0
    assert "deleted, goes" in mangrove("prune", "local").out
    assert mangrove("undelete", mid).code == 0
    assert mangrove("unpin", mid).code == 0
    assert mangrove("delete", mid).code == 0

    pruned = mangrove.json("prune", "local", "--apply")["run"]
    assert pruned["figures"]["purged"] == 1
    assert pruned["figures"]["freed_bytes"] > 0
    assert {b["backup"] for b in mangrove.json("backups")["backups"]} == {old, new}
    assert not [p for p in (tmp_path / "vault").rglob("*") if mid in str(p)]

    checked = mangrove.json("vault", "check", "local")
    assert checked["report"]["findings"] == []
    assert checked["health"]["missing"] == []
    nobody = mangrove("vault", "unlock", "local")
    assert (nobody.code, "nobody holds one" in nobody.out) == (0, True)
