"""What storages of files on another machine share: listing, leftovers, and stubborn removal."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import StalledError, StorageUnavailableError
from mangrove.vault.blob_name import TEMPORARY_PREFIX, checked, is_safe, is_safe_part


class DistantFolder(ABC):
    """A folder with blobs as files, reached by calls that another thread may end."""

    @property
    @abstractmethod
    def _is_aborted(self) -> bool:
        """Whether somebody gave up, so that what is left to do is done in a hurry."""

    @abstractmethod
    def _walk(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield every file whose name starts with a prefix, temporary ones too."""

    @abstractmethod
    def _delete(self, name: BlobName) -> None:
        """Remove a file; one that is not there is no error."""

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        return (info for info in self._walk(prefix) if is_safe(info.name))

    def leftovers(self) -> Iterator[BlobInfo]:
        """Yield the temporary files of writers that did not finish, or still write."""
        found = self._walk("")
        return (i for i in found if i.name.rpartition("/")[2].startswith(TEMPORARY_PREFIX))

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error.

        One that an abort interrupts is begun once more: it is how an abort cleans up.
        """
        if not all(map(is_safe_part, name.split("/"))):
            checked(name)
        was_aborted = self._is_aborted
        try:
            self._delete(name)
        except (StorageUnavailableError, StalledError):
            if was_aborted or not self._is_aborted:
                raise
            self._delete(name)
