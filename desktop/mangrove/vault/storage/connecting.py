"""From an address and its keys to obstore's own store, for each of the three kinds."""

import atexit
import base64
import json
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from obstore.store import AzureStore, GCSStore, S3Store

from mangrove.core.errors import InvalidKeyError, StorageDeniedError
from mangrove.core.patience import STALL_S
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageAddress, StorageKind
from mangrove.vault.storage.error_map import ObjectStoreFault, from_object_store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

DEFAULT_REGION = "us-east-1"
LAST_MOMENT_S = 0.1
CHECKSUM = "sha256"
"""Sent beside each object where a bucket locks by itself, which takes none without.

Source: Amazon S3 API reference, PutObject, "Content-MD5" and "x-amz-checksum-sha256".
"""
AnyStore = S3Store | AzureStore | GCSStore


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an object store may be silent, and how often a request is sent again.

    obstore does not read Retry-After. It waits twice as long after each refusal, up to
    ``longest_wait_s``, so that what a busy server asks for is outwaited within ``retry_s``.

    Units: seconds. ``read_s`` also covers sending one part of 8 MiB on a slow line;
    ``stall_s`` ends a call of ours, whatever obstore still tries.
    """

    connect_s: int = 15
    read_s: int = 180
    request_s: int = 1800
    retries: int = 10
    retry_s: int = 90
    first_wait_s: float = 0.25
    longest_wait_s: float = 20.0
    stall_s: float = STALL_S


PATIENCE = Patience()


def connect(
    bucket: str, address: StorageAddress, keys: tuple[str, Secret | None], patience: Patience
) -> AnyStore:
    """Return the store at an address; nothing is contacted.

    Raises:
        InvalidKeyError: If the secret is not what this kind of store takes.
        StorageDeniedError: If it takes nothing without a key, and there is none.
    """
    _leave_slowly()
    try:
        match address.kind:
            case StorageKind.AZURE:
                return _azure(bucket, address, keys[1], patience)
            case StorageKind.GOOGLE:
                return _google(bucket, address, keys[1], patience)
            case _:
                return _s3(bucket, address, keys, patience)
    except ObjectStoreFault as error:
        raise from_object_store(error, "") from error


@cache
def _leave_slowly() -> None:
    """Let obstore's threads put down what they hold before Python ends, once one was used.

    A thread of theirs that wants the interpreter while it ends is killed in the middle of Rust
    code, and the whole program aborts. Seen with obstore 0.12 on Python 3.11, at the end of a
    program whose last act was a large upload; ``tests/bench/upload.py`` shows when it is gone.
    """
    atexit.register(threading.Event().wait, LAST_MOMENT_S)


def _s3(
    bucket: str, address: StorageAddress, keys: tuple[str, Secret | None], patience: Patience
) -> S3Store:
    region = address.option("region") or DEFAULT_REGION
    # Always given: obstore would else take one from the environment.
    endpoint = endpoint_of(address)
    access_key, secret_key = keys
    checksum: dict[str, str] = (
        {"checksum_algorithm": CHECKSUM} if address.option("checksum") == CHECKSUM else {}
    )
    return S3Store(
        bucket,
        endpoint=endpoint,
        region=region,
        virtual_hosted_style_request=address.option("style") == "virtual",
        access_key_id=access_key,
        secret_access_key=secret_key.reveal() if secret_key else "",
        skip_signature=not (access_key and secret_key),  # a public bucket
        client_options=_client(endpoint, patience),
        retry_config=_retry(patience),
        **checksum,  # type: ignore[arg-type]  # only where it is wanted: not every server knows it
    )


def endpoint_of(address: StorageAddress) -> str:
    """Return where an S3 server is asked, without a slash at its end."""
    region = address.option("region") or DEFAULT_REGION
    return (address.option("endpoint") or f"https://s3.{region}.amazonaws.com").rstrip("/")


def _azure(
    container: str, address: StorageAddress, secret: Secret | None, patience: Patience
) -> AzureStore:
    account = address.option("account") or ""
    endpoint = address.option("endpoint") or f"https://{account}.blob.core.windows.net"
    given = _azure_credential(secret)
    return AzureStore(
        container,
        account_name=account,
        endpoint=endpoint.rstrip("/"),
        client_options=_client(endpoint, patience),
        retry_config=_retry(patience),
        **given,  # type: ignore[arg-type]  # one of three options, by its own name
    )


def _azure_credential(secret: Secret | None) -> dict[str, object]:
    """Tell an account's key, which is Base64, from a shared access signature, a query."""
    if not secret:
        return {"skip_signature": True}  # a public container
    text = secret.reveal().strip()
    if "sig=" in text:
        return {"sas_key": text.lstrip("?")}
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise InvalidKeyError(
            "this is neither the key of an Azure account nor a shared access signature; "
            "nothing was sent",
            hint="copy the key, or the query with sig=, as the Azure portal shows it",
        ) from None
    return {"account_key": text}


def _google(
    bucket: str, address: StorageAddress, secret: Secret | None, patience: Patience
) -> GCSStore:
    if not secret:
        raise StorageDeniedError(
            "Google Cloud Storage asks for a service account's key, and the vault has none",
            hint="make a key for a service account and give the content of its JSON file",
        )
    endpoint = address.option("endpoint") or "https://storage.googleapis.com"
    return GCSStore(
        bucket,
        base_url=endpoint.rstrip("/"),
        service_account_key=_service_account(secret),
        client_options=_client(endpoint, patience),
        retry_config=_retry(patience),
    )


def _service_account(secret: Secret) -> str:
    try:
        found = json.loads(secret.reveal())
        is_account = bool(found["client_email"] and found["private_key"])
    except (ValueError, KeyError, TypeError):
        is_account = False
    if not is_account:
        raise InvalidKeyError(
            "this is not the key of a Google Cloud service account; nothing was sent",
            hint="give the whole content of the JSON file that was made for the account",
        )
    return secret.reveal()


def _client(endpoint: str, patience: Patience) -> "ClientConfig":
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=patience.connect_s),
        "read_timeout": timedelta(seconds=patience.read_s),
        "timeout": timedelta(seconds=patience.request_s),
    }


def _retry(patience: Patience) -> "RetryConfig":
    return {
        "max_retries": patience.retries,
        "retry_timeout": timedelta(seconds=patience.retry_s),
        "backoff": {
            "init_backoff": timedelta(seconds=patience.first_wait_s),
            "max_backoff": timedelta(seconds=patience.longest_wait_s),
            "base": 2,
        },
    }
