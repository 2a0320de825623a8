"""Turns what the file system and obstore raise into our own errors."""

import errno

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from mangrove.core.errors import (
    BlobExistsError,
    BlobNotFoundError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
    VaultError,
)

ObjectStoreFault = (BaseError, FileNotFoundError, PermissionError, OSError, ValueError)
"""Everything that a call of obstore may raise."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EINVAL})
_REFUSALS = (
    "403 Forbidden",
    "401 Unauthorized",
    "AccessDenied",
    "SignatureDoesNotMatch",
    "InvalidKey",
    "Invalid Access Key",
)
_NO_ROOT = {"NoSuchBucket": "bucket", "ContainerNotFound": "container"}
# What S3 and Azure Blob say to a request from another time; Google only says no.
_CLOCK_WORDS = (
    "RequestTimeTooSkewed",
    "Request date header too old",
)
_NOT_UNDERSTOOD = "400 Bad Request"
_FULL_WORDS = ("507 ", "QuotaExceeded", "XMinioStorageFull", "no space left", "StorageFull")


def from_os(error: OSError, name: str) -> VaultError:
    """Turn a file system error about a blob, or the root when the name is empty."""
    subject = f"'{name}'" if name else "the vault's folder"
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return StorageFullError(
            f"the storage is full: {subject} was not written",
            hint="free space or choose another vault, then run it again",
            blob=name,
        )
    if error.errno in _DENIED:
        return StorageDeniedError(
            f"the storage refuses access to {subject}: {reason.lower()}",
            hint="check the owner and the permissions of the vault's folder",
            blob=name,
        )
    return StorageUnavailableError(
        f"the storage cannot be used at {subject}: {reason.lower()}",
        hint="check that the disk is connected and mounted",
        blob=name,
    )


def from_object_store(error: Exception, name: str, *, has_keys: bool = True) -> VaultError:
    """Turn an object store's error about a blob, or a listing when the name is empty.

    Without keys, a server that refuses the request or cannot make sense of it asks for them.

    Source: Amazon S3 API reference, "Error responses", for the codes looked for; which of
    them arrive as which class of obstore 0.12 was seen on two servers.
    """
    text = str(error)
    subject = f"'{name}'" if name else "the listing"
    if (found := _of_whole_store(text, name)) is not None:
        return found
    if isinstance(error, AlreadyExistsError):
        return already_there(name)
    if isinstance(error, FileNotFoundError):
        return BlobNotFoundError(f"{subject} is not in the storage", blob=name)
    if _is_refusal(error, text) or (not has_keys and _NOT_UNDERSTOOD in text):
        return _refused(text, name, has_keys=has_keys)
    if any(word in text for word in _FULL_WORDS):
        return StorageFullError(
            f"the object store is full: {subject} was not written",
            hint="free space or choose another vault, then run it again",
            blob=name,
        )
    return StorageUnavailableError(
        f"the object store did not answer as it should at {subject}: {_first_line(text)}",
        hint="check the endpoint and the network, then run it again",
        blob=name,
    )


def _of_whole_store(text: str, name: str) -> VaultError | None:
    """Tell what is wrong with every request alike: the clock, or the bucket."""
    if any(word in text for word in _CLOCK_WORDS):
        return StorageDeniedError(
            "the object store refuses us because this computer's clock is wrong",
            hint="set the clock, best with the system's time service, then run it again",
            blob=name,
        )
    if word := next((word for word in _NO_ROOT if word in text), None):
        what = _NO_ROOT[word]
        return StorageUnavailableError(
            f"the {what} does not exist", hint=f"create the {what} or correct the vault's URL"
        )
    return None


def _refused(text: str, name: str, *, has_keys: bool) -> StorageDeniedError:
    subject = f"'{name}'" if name else "the listing"
    if not has_keys:
        return StorageDeniedError(
            f"the object store asks for keys at {subject}, and the vault has none",
            hint="give them: --access-key KEY with --secret-key-stdin, or in the vault's dialog",
            blob=name,
        )
    return StorageDeniedError(
        f"the object store refuses us ({_code_in(text)}) at {subject}",
        hint="check access key, secret key and the policy of the bucket, and this computer's clock",
        blob=name,
    )


def already_there(name: str) -> BlobExistsError:
    """Say that nothing is written over an existing blob."""
    return BlobExistsError(
        f"'{name}' exists already and was not touched",
        hint="another run may have written it; run it again for a new backup",
        blob=name,
    )


def _is_refusal(error: Exception, text: str) -> bool:
    denied = (PermissionDeniedError, UnauthenticatedError, PermissionError)
    return isinstance(error, denied) or any(word in text for word in _REFUSALS)


def _code_in(text: str) -> str:
    code = text.partition("<Code>")[2].partition("</Code>")[0]
    return code if code.isalnum() else "access denied"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    plain = (line.partition("<")[0].strip() for line in lines)  # what follows is the body, XML
    line = next(filter(None, plain), "no reason given")
    return line.rpartition(" - ")[2].lower().rstrip(".:") or "no reason given"
