"""A bucket of S3 as an object storage that also tells, and uses, versions and locks."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import unquote
from xml.etree import ElementTree

import obstore
from typing_extensions import override

from mangrove.core.blobs import BlobName
from mangrove.core.errors import StorageDeniedError, StorageUnavailableError, VaultError
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import KEEPS_NOTHING, Keeping, ObjectLock, ObjectLockMode
from mangrove.core.vaults.url import StorageAddress
from mangrove.vault.blob_name import is_safe
from mangrove.vault.keeping import BlobVersion
from mangrove.vault.storage.connecting import PATIENCE, Patience
from mangrove.vault.storage.object_store import ObjectStorage
from mangrove.vault.storage.s3_requests import Answer, S3Requests, children, local_name, text_in

_DAYS_OF = {"Days": 1, "Years": 365}
_REFUSED = (401, 403)
_NOT_THERE = (400, 404, 405, 501)


class S3Storage(ObjectStorage):
    """What ``ObjectStorage`` does, and the questions about versions and locks that S3 answers."""

    def __init__(
        self,
        address: StorageAddress,
        access_key: str,
        secret_key: Secret | None,
        now: Callable[[], datetime],
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(address, access_key, secret_key, patience)
        self._requests = S3Requests(address, (access_key, secret_key), now, patience)
        self._asking = threading.Lock()
        self._keeping: Keeping | None = None

    @override
    def abort(self) -> None:
        """End transfers that block in other threads; later calls are given a moment each."""
        super().abort()
        self._requests.abort()

    def keeping(self) -> Keeping:
        """Say what the bucket does with what is removed; asked once.

        Source: Amazon S3 API reference, GetBucketVersioning, GetObjectLockConfiguration and
        GetBucketLifecycleConfiguration.
        """
        with self._asking:
            if self._keeping is None:
                self._keeping = self._asked()
            return self._keeping

    def _asked(self) -> Keeping:
        answer = self._requests.ask("GET", query={"versioning": ""})
        if answer.status in _REFUSED:
            return Keeping(problem="the access key may not ask (s3:GetBucketVersioning)")
        root = _document(answer)
        if root is None or not text_in(root, "Status"):
            return KEEPS_NOTHING
        lock = self._requests.ask("GET", query={"object-lock": ""})
        rules = self._requests.ask("GET", query={"lifecycle": ""})
        found = _document(lock)
        return Keeping(
            has_versions=True,  # also when suspended: those of before are there still
            has_lock=found is not None and text_in(found, "ObjectLockEnabled") == "Enabled",
            default_lock=_default_lock(found),
            clears_after_days=_cleared_after(_document(rules)),
        )

    def versions(self, prefix: str = "") -> Iterator[BlobVersion]:
        """Yield all versions of the blobs whose name starts with a prefix, newest first of each.

        Source: Amazon S3 API reference, ListObjectVersions.
        """
        query = {
            "versions": "",
            "encoding-type": "url",
            "max-keys": str(self.PAGE),
            "prefix": self._prefix + prefix,
        }
        while True:
            answer = self._requests.ask("GET", query=query)
            root = _document(answer)
            if root is None:
                raise self._refused(answer, "", "list its versions (s3:ListBucketVersions)")
            yield from self._versions_in(root)
            if text_in(root, "IsTruncated") != "true":
                return
            query |= {
                "key-marker": unquote(text_in(root, "NextKeyMarker")),
                "version-id-marker": text_in(root, "NextVersionIdMarker"),
            }

    def _versions_in(self, root: ElementTree.Element) -> Iterator[BlobVersion]:
        for element in children(root, "Version"):
            name = unquote(text_in(element, "Key")).removeprefix(self._prefix)
            size, moment = text_in(element, "Size"), _moment(text_in(element, "LastModified"))
            if is_safe(name) and size.isdecimal() and moment is not None:
                yield BlobVersion(
                    BlobName(name),
                    text_in(element, "VersionId"),
                    int(size),
                    moment,
                    text_in(element, "IsLatest") == "true",
                )

    def get_version(self, version: BlobVersion) -> Iterator[bytes]:
        """Yield the bytes of one version."""
        options: obstore.GetOptions = {"version": version.version}
        return self._read(version.name, options)

    def lock_object(self, name: BlobName, lock: ObjectLock, until: datetime) -> None:
        """Lock a blob's newest version.

        Source: Amazon S3 API reference, PutObjectRetention.
        """
        body = (
            "<Retention xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>"
            f"<Mode>{lock.mode.value.upper()}</Mode>"
            f"<RetainUntilDate>{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</RetainUntilDate>"
            "</Retention>"
        )
        answer = self._requests.ask("PUT", self._key(name), {"retention": ""}, body.encode())
        if not answer.is_good:
            raise self._refused(answer, name, "lock it (s3:PutObjectRetention)")

    def locked_until(self, version: BlobVersion) -> datetime | None:
        """Return until when a version is locked; None if it is not.

        Source: Amazon S3 API reference, HeadObject, "x-amz-object-lock-retain-until-date".
        """
        query = {"versionId": version.version}
        answer = self._requests.ask("HEAD", self._key(version.name), query)
        return _moment(answer.headers.get("x-amz-object-lock-retain-until-date", ""))

    def _refused(self, answer: Answer, name: str, what: str) -> VaultError:
        subject = f"'{name}'" if name else "the bucket"
        if answer.status in _REFUSED:
            return StorageDeniedError(
                f"the object store does not let us {what}: {answer.code or answer.status}",
                hint="allow it in the policy of the access key",
                blob=name,
            )
        if answer.status in _NOT_THERE:
            return StorageDeniedError(
                f"the object store cannot {what} at {subject}: {answer.code or answer.status}",
                hint="take a bucket that was made with object lock, or leave the lock out",
                blob=name,
            )
        return StorageUnavailableError(
            f"the object store did not {what} at {subject}: {answer.code or answer.status}",
            hint="run it again later",
            blob=name,
        )


def _document(answer: Answer) -> ElementTree.Element | None:
    """Return the document of a good answer.

    A server that does not know a question may answer the plainest one, with a listing.
    """
    root = answer.root if answer.is_good else None
    return root if root is not None and local_name(root) != "ListBucketResult" else None


def _default_lock(root: ElementTree.Element | None) -> ObjectLock | None:
    if root is None:
        return None
    rule = ("Rule", "DefaultRetention")
    mode = text_in(root, *rule, "Mode").lower()
    for unit, days in _DAYS_OF.items():
        number = text_in(root, *rule, unit)
        if number.isdecimal() and int(number) and mode in tuple(ObjectLockMode):
            return ObjectLock(int(number) * days, ObjectLockMode(mode))
    return None


def _cleared_after(root: ElementTree.Element | None) -> int | None:
    """Return after how many days a rule for the whole bucket removes earlier versions."""
    found = []
    for rule in children(root, "Rule") if root is not None else ():
        days = text_in(rule, "NoncurrentVersionExpiration", "NoncurrentDays")
        is_for_all = not (text_in(rule, "Filter", "Prefix") or text_in(rule, "Prefix"))
        if text_in(rule, "Status") == "Enabled" and is_for_all and days.isdecimal():
            found.append(int(days))
    return min(found, default=None)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
