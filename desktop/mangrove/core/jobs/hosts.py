"""Which machines a job talks to, as far as its profile and vault tell."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from mangrove.core.profile import Profile
from mangrove.core.vaults.url import StorageAddress, StorageKind, parse_vault_url

# What the libraries use where the URL names no other place.
_USUAL_HOSTS = {
    StorageKind.S3: "s3.amazonaws.com",
    StorageKind.AZURE: "blob.core.windows.net",
    StorageKind.GOOGLE: "storage.googleapis.com",
}


def job_hosts(profile: Profile | None, vault_url: str) -> tuple[str, ...]:
    """Return names and addresses without ports; folders and rclone's remotes name none."""
    return (*_of_profile(profile), *_of_vault(parse_vault_url(vault_url)))


def _of_profile(profile: Profile | None) -> Iterator[str]:
    if profile is None:
        return
    if profile.tunnel is not None:
        yield profile.tunnel.host
        return
    yield from (_host(host) for host in profile.uri.hosts)


def _of_vault(address: StorageAddress) -> Iterator[str]:
    endpoint = address.option("endpoint")
    if endpoint:
        yield _host(urlsplit(endpoint).netloc or endpoint)
    elif address.kind is StorageKind.SFTP:
        yield _host(address.root.partition("/")[0].rpartition("@")[2])
    elif address.kind in _USUAL_HOSTS:
        yield _USUAL_HOSTS[address.kind]


def _host(text: str) -> str:
    """Return a host without its port and brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
