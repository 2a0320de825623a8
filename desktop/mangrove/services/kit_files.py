"""The two files of a recovery kit on disk: new ones only, for their owner only, both or none."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mangrove.core.errors import ConfigurationError, NameTakenError

LIMIT_BYTES = 16 << 20
SHEET_SUFFIX, SEALED_SUFFIX = ".pdf", ".age"


@dataclass(frozen=True, slots=True)
class KitFiles:
    """Where a kit was written."""

    sheet: Path
    sealed: Path


def kit_files(target: str) -> KitFiles:
    """Return the two files of a kit: what was typed, with .pdf and with .age at its end."""
    path = Path(target).expanduser().absolute()
    if not path.name:
        raise ConfigurationError("the recovery kit needs a file name; nothing was written")
    is_named = path.suffix.lower() in (SHEET_SUFFIX, SEALED_SUFFIX)
    stem = path.stem if is_named else path.name
    return KitFiles(
        path.with_name(f"{stem}{SHEET_SUFFIX}"), path.with_name(f"{stem}{SEALED_SUFFIX}")
    )


def refuse_existing(path: Path) -> None:
    """Raise NameTakenError if a file is there, ConfigurationError if its folder is not."""
    if path.exists():
        raise NameTakenError(
            f"there is a file '{path}' already; nothing was written",
            hint="choose another name, or move that one away",
        )
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"there is no folder '{path.parent}'; nothing was written",
            hint="make it, or choose another place",
        )


def write_all(contents: dict[Path, bytes]) -> None:
    """Write new files that only their owner may read; all of them or none."""
    written: dict[Path, bytes] = {}
    try:
        for path, data in contents.items():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                written[path] = data
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
    except OSError as error:
        remove_all(written)
        raise ConfigurationError(
            f"the recovery kit could not be written: {error.strerror}; nothing was left",
            hint="choose a folder that you may write to, with some space",
        ) from error


def remove_all(contents: dict[Path, bytes]) -> None:
    """Remove files again, as far as that can be done."""
    for path in contents:
        with suppress(OSError):
            path.unlink()


def content_of(path: Path) -> bytes:
    """Return a kit's file; raises ConfigurationError if it cannot be read."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ConfigurationError(f"'{path}' is too large to be a recovery kit")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the recovery kit '{path}' cannot be read: {error.strerror}",
            hint="give the file that ends in .age",
        ) from error
