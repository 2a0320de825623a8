"""Makes the golden vaults: ``python tests/format/vaults_golden.py``, with a real server.

Vaults are added, never made anew: an existing folder is left alone. The passphrases and keys in
them open nothing else.
"""

import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "desktop"), str(REPO / "tests")]

from bson import Decimal128, ObjectId  # noqa: E402 - the path comes first
from pymongo import MongoClient  # noqa: E402

from fakes.workstation import Workstation, workstation  # noqa: E402
from mangrove.connectors.embedded.mongod import EmbeddedMongod  # noqa: E402
from mangrove.core.accounts import UsersAndRoles  # noqa: E402
from mangrove.core.backup import (  # noqa: E402
    CollectionQuery,
    Compression,
    Consistency,
    Selection,
)
from mangrove.core.namespace import Namespace  # noqa: E402
from mangrove.core.ports.storage import as_they_come  # noqa: E402
from mangrove.core.secret import Secret  # noqa: E402
from mangrove.core.vaults.key_changes import Holder  # noqa: E402
from mangrove.core.verification import Level, VerifyRequest  # noqa: E402
from mangrove.vault.crypto.recipients import X25519Identity  # noqa: E402
from servers.mongod import mongod_binary  # noqa: E402

GOLDEN = Path(__file__).parent / "golden" / "vaults"
PASSPHRASE = Secret("tide turns mangrove roots")
ORDERS = Namespace("shop", "orders")


def fill(uri: str) -> None:
    """Put a small shop into the server, with a user of its own."""
    client: MongoClient[dict[str, object]] = MongoClient(uri)
    shop = client["shop"]
    shop["orders"].insert_many(
        {"_id": n, "amount": Decimal128(f"{n}.50"), "paid": n % 2 == 0} for n in range(40)
    )
    shop["orders"].create_index([("paid", 1), ("amount", -1)], name="unpaid")
    shop["people %/é"].insert_one({"_id": ObjectId("65f000000000000000000001"), "name": "Änne"})
    shop.command("create", "paid", viewOn="orders", pipeline=[{"$match": {"paid": True}}])
    shop.command("createUser", "clerk", pwd="golden-clerk", roles=["readWrite"])  # noqa: S106
    client.close()


def encrypted(desk: Workstation) -> None:
    """A whole backup with users and evidence, one with an oplog, and a filtered one."""
    desk.add_vault(name="golden")
    whole = Selection(databases=("shop",), users_and_roles=UsersAndRoles.INCLUDE)
    backup = desk.backup(vault="golden", selection=whole).backup
    assert backup is not None
    desk.verify(VerifyRequest(backup, Level.DECODED))
    desk.backup(
        vault="golden",
        selection=Selection(databases=("shop",)),
        consistency=Consistency.OPLOG,
    )
    query = CollectionQuery(ORDERS, '{"paid":true}')
    desk.backup(vault="golden", selection=Selection(collections=(ORDERS,), queries=(query,)))


def plain(desk: Workstation) -> None:
    """Not encrypted, packed with gzip."""
    desk.add_vault(name="golden", encrypted=False, compression=Compression.GZIP)
    desk.backup(vault="golden", selection=Selection(databases=("shop",)))


def keys(desk: Workstation) -> None:
    """One backup by the first key; one for two recipients by the second; one re-wrapped."""
    desk.add_vault(name="golden")
    selection = Selection(databases=("shop",))
    first = desk.backup(vault="golden", selection=selection).backup
    assert first is not None
    ana = X25519Identity.generate()
    (desk.folder / "ana.txt").write_text(ana.to_text() + "\n")
    desk.services.keys.add_recipient("golden", Holder(ana.recipient.to_text(), "Ana"))
    desk.services.keys.rotate_signing_key("golden")
    desk.backup(vault="golden", selection=selection)
    third = desk.backup(vault="golden", selection=selection).backup
    assert third is not None
    spec = desk.services.vaults.find("golden")
    desk.services.keys._keeper.open(spec).rewrap(third, as_they_come, lambda _: None)


KINDS = {"v1-encrypted": encrypted, "v1-plain": plain, "v1-keys": keys}


def main() -> None:
    """Make the vaults that are not there yet."""
    for name, make in KINDS.items():
        target = GOLDEN / name
        if target.exists():
            continue
        with (
            tempfile.TemporaryDirectory() as folder,
            workstation(Path(folder)) as desk,
            EmbeddedMongod(mongod_binary()) as server,
        ):
            fill(server.uri)
            desk.add_profile(server.uri)
            make(desk)
            desk.services.kits.make("golden", str(desk.folder / "kit"), PASSPHRASE)
            target.mkdir(parents=True)
            desk.vault_folder.rename(target / "vault")
            for file in ("kit.age", "ana.txt"):
                if (desk.folder / file).exists():
                    (target / file).write_bytes((desk.folder / file).read_bytes())
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        print(name, sum(p.is_file() for p in target.rglob("*")), "files")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
