"""Expectations, proofs, a drill and a signed report, all on the command line."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from journeys.command_line import CommandLine
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService
from servers.mongod import mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]


@pytest.fixture
def server(fresh_replica_set: EmbeddedMongod) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](fresh_replica_set.uri) as client:
        now = SystemClock().now()
        client.shop.orders.insert_many({"_id": n, "placed_at": now} for n in range(500))
        yield client


@pytest.fixture
def mangrove(
    tmp_path: Path, secret_service: SecretService, fresh_replica_set: EmbeddedMongod
) -> CommandLine:
    """The program with an empty home, a real keyring, a vault and the profile ``shop``."""
    line = CommandLine(
        tmp_path / "home",
        variables={"MANGROVE_MONGOD": str(mongod_binary()), **secret_service.env},
    )
    assert line("profile", "add", "shop", "--uri", fresh_replica_set.uri).code == 0
    assert line("vault", "add", "attic", "--url", (tmp_path / "vault").as_uri()).code == 0
    return line


def test_a_person_says_what_to_expect_drills_and_shows_the_report_to_others(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    _says_what_to_expect(mangrove)
    assert mangrove("backup", "shop", "--vault", "attic").code == 0
    server.shop.orders.insert_many({"_id": n} for n in range(500, 700))
    assert mangrove("backup", "shop", "--vault", "attic").code == 0
    assert mangrove("capture", "shop", "--vault", "attic", "--once").code == 0

    verified = mangrove("verify", "latest")
    assert verified.code == 0, verified
    drilled = mangrove("drill", "shop", "--seed", "7")
    assert drilled.code == 0, drilled
    for words in ("the recovery to before", "replay", "clean up", "held"):
        assert words in drilled.out, words

    _shows_a_report(mangrove, tmp_path)

    server.shop.orders.delete_many({})
    assert mangrove("backup", "shop", "--vault", "attic").code == 0
    bad = mangrove("verify", "latest")
    assert bad.code == 6, bad
    assert "enough" in bad.out


def _says_what_to_expect(mangrove: CommandLine) -> None:
    ask = ("assertion", "add", "shop")
    where = ("--collection", "shop.orders")
    assert mangrove(*ask, "enough", *where, "--at-least", "500").code == 0
    fresh = ("--measure", "age", "--field", "placed_at", "--at-most", "26h")
    assert mangrove(*ask, "fresh", *where, *fresh).code == 0
    assert mangrove(*ask, "nothing", *where).code == 2
    live = mangrove("assertion", "run", "shop")
    assert live.code == 0, live
    assert "at most 26 h" in live.out


def _shows_a_report(mangrove: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    out.mkdir()
    month = f"{SystemClock().now().astimezone(UTC):%Y-%m}"
    written = mangrove("report", "month", month, "--out", str(out))
    assert written.code == 0, written
    reports = sorted(p for p in out.iterdir() if p.suffix != ".minisig")
    assert [p.suffix for p in reports] == [".html", ".pdf"]
    assert "attic" in mangrove("report", "check", str(reports[0])).out
    reports[0].write_bytes(reports[0].read_bytes() + b" ")
    assert mangrove("report", "check", str(reports[0])).code == 6
