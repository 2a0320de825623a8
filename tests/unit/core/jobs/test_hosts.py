"""Which machines a job waits for when there is no network."""

from datetime import UTC, datetime

import pytest

from mangrove.core.jobs.hosts import job_hosts
from mangrove.core.profile import Colour, Profile, ProfileId
from mangrove.core.uri import MongoUri


def profile(*hosts: str) -> Profile:
    uri = MongoUri("mongodb", hosts)
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return Profile(ProfileId("p"), "shop", "shop", uri, None, None, Colour.GREY, moment)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///var/backups", ()),
        ("s3://bucket/x?endpoint=http://10.0.0.7:9000&region=r", ("10.0.0.7",)),
        ("s3://bucket", ("s3.amazonaws.com",)),
        ("az://box/x?account=a", ("blob.core.windows.net",)),
        ("gs://bucket", ("storage.googleapis.com",)),
        ("sftp://ann@nas.example.net:2222/backups", ("nas.example.net",)),
        ("rclone://remote/path", ()),
    ],
)
def test_a_vault_names_its_machine(url: str, expected: tuple[str, ...]) -> None:
    assert job_hosts(None, url) == expected


def test_a_deployment_names_its_machines_without_ports() -> None:
    found = job_hosts(profile("db1.example.net:27017", "[::1]:27018", "db3"), "file:///x")

    assert found == ("db1.example.net", "::1", "db3")
