import pytest

from mangrove.core.errors import InvalidVaultUrlError
from mangrove.core.vaults.url import StorageAddress, StorageKind, parse_vault_url
from mangrove.core.vaults.vault import VaultId, identity_ref, signing_key_ref, storage_key_ref

FOLDER, S3 = StorageKind.FOLDER, StorageKind.S3


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("file:///srv/vault", StorageAddress(FOLDER, "/srv/vault")),
        ("file:///srv/vault/", StorageAddress(FOLDER, "/srv/vault")),
        ("file://localhost/srv", StorageAddress(FOLDER, "/srv")),
        ("file:///", StorageAddress(FOLDER, "/")),
        ("file:///with%20space/%C3%A9", StorageAddress(FOLDER, "/with space/é")),
        ("s3://bucket", StorageAddress(S3, "bucket")),
        ("s3://bucket/", StorageAddress(S3, "bucket")),
        ("s3://bucket/a/b/", StorageAddress(S3, "bucket/a/b")),
        ("  s3://bucket/a  ", StorageAddress(S3, "bucket/a")),
        (
            "s3://b/p?endpoint=http://localhost:9000&region=eu",
            StorageAddress(S3, "b/p", (("endpoint", "http://localhost:9000"), ("region", "eu"))),
        ),
        (
            "az://container/team?account=ourbackups",
            StorageAddress(StorageKind.AZURE, "container/team", (("account", "ourbackups"),)),
        ),
        ("gs://bucket/team/", StorageAddress(StorageKind.GOOGLE, "bucket/team")),
        (
            "sftp://ann@nas.example.net:2222/srv/vault%20one/",
            StorageAddress(StorageKind.SFTP, "ann@nas.example.net:2222/srv/vault one"),
        ),
        (
            "sftp://ann@[2001:db8::1]/~/vault?key=/home/ann/.ssh/id&known_hosts=/k",
            StorageAddress(
                StorageKind.SFTP,
                "ann@[2001:db8::1]/~/vault",
                (("key", "/home/ann/.ssh/id"), ("known_hosts", "/k")),
            ),
        ),
        ("rclone://drive/a/b", StorageAddress(StorageKind.RCLONE, "drive/a/b")),
        ("rclone://drive", StorageAddress(StorageKind.RCLONE, "drive")),
    ],
)
def test_a_vault_url_is_taken_apart(text: str, address: StorageAddress) -> None:
    assert parse_vault_url(text) == address


def test_an_option_is_found_by_name() -> None:
    address = parse_vault_url("s3://b?region=eu")

    assert (address.option("region"), address.option("endpoint")) == ("eu", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/srv/vault",
        "file:srv",
        "file://server/share",
        "ftp://host/x",
        "s3://",
        "s3:///prefix",
        "s3://bucket/a//b",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://[::1",
        "az://container",
        "az://?account=a",
        "az://container?account=a&region=eu",
        "gs://",
        "sftp://nas/srv",
        "sftp://ann@/srv",
        "sftp://ann@nas",
        "sftp://ann@nas/~/",
        "sftp://ann@nas/srv/../etc",
        "sftp://ann@nas:99999/srv",
        "sftp://ann@nas/srv?auth=hope",
        "rclone:///path",
        "rclone://drive/../x",
        "rclone://-remote/x",
        "rclone://a:b/x",
    ],
)
def test_a_vault_url_that_leads_nowhere_is_refused(text: str) -> None:
    with pytest.raises(InvalidVaultUrlError):
        parse_vault_url(text)


@pytest.mark.parametrize("text", ["s3://key:hunter2@bucket", "s3://hunter2@bucket", "s3://:@b"])
def test_keys_inside_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidVaultUrlError, match="no keys") as caught:
        parse_vault_url(text)

    assert "hunter2" not in f"{caught.value} {caught.value.hint} {caught.value.details}"


def test_each_secret_of_a_vault_has_a_name_of_its_own() -> None:
    makers = (identity_ref, signing_key_ref, storage_key_ref)

    assert len({make(VaultId(v)).name for make in makers for v in "ab"}) == 6


def test_a_path_is_told_how_it_is_written() -> None:
    with pytest.raises(InvalidVaultUrlError, match="not by a path") as refused:
        parse_vault_url("/srv/backups")

    assert refused.value.hint == "write file:///srv/backups"
