"""The numbers that the command line ends with, found by error class, code or run."""

from collections.abc import Iterator
from enum import IntEnum
from functools import cache

from mangrove.core.errors import (
    AtlasComplianceError,
    AtlasDeniedError,
    BackupProtectedError,
    BlobExistsError,
    BlobNotFoundError,
    ChainTakenError,
    ConfigurationError,
    ConfirmationMissingError,
    ConnectError,
    CorruptBackupError,
    DamagedStateError,
    DeliveryError,
    IdentityMissingError,
    InvalidChannelError,
    MangroveError,
    MissingPrivilegeError,
    NamespaceConflictError,
    NotFoundError,
    PointNotReachableError,
    ReplayRefusedError,
    SelfCopyError,
    SnapshotRefusedError,
    StalledError,
    StorageDeniedError,
    StorageUnavailableError,
    TargetNotEmptyError,
    UnknownFormatError,
    WrongIdentityError,
)
from mangrove.core.run import Problem, RunKind, RunState, RunStatus


class ExitCode(IntEnum):
    """What a script may rely on (DESIGN.md section 7)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    LOSSES = 3
    NOT_FOUND = 4
    REFUSED = 5
    BAD_BACKUP = 6
    NOT_ALLOWED = 7
    BUG = 70
    CANCELLED = 130


# The first line that fits decides. What cannot be asked for in that way (a malformed URI, a name
# in use) is wrong usage; that our own state is damaged is not the caller's doing.
_BY_CLASS: tuple[tuple[type[MangroveError], ExitCode], ...] = (
    (DamagedStateError, ExitCode.FAILED),
    (ConfigurationError, ExitCode.USAGE),
    (NamespaceConflictError, ExitCode.USAGE),
    (InvalidChannelError, ExitCode.USAGE),
    (NotFoundError, ExitCode.NOT_FOUND),
    (PointNotReachableError, ExitCode.NOT_FOUND),
    (ChainTakenError, ExitCode.REFUSED),
    (TargetNotEmptyError, ExitCode.REFUSED),
    (ConfirmationMissingError, ExitCode.REFUSED),
    (ReplayRefusedError, ExitCode.REFUSED),
    (SelfCopyError, ExitCode.REFUSED),
    (SnapshotRefusedError, ExitCode.REFUSED),
    (BlobExistsError, ExitCode.REFUSED),
    (BackupProtectedError, ExitCode.REFUSED),
    (AtlasComplianceError, ExitCode.REFUSED),
    (CorruptBackupError, ExitCode.BAD_BACKUP),
    (WrongIdentityError, ExitCode.BAD_BACKUP),
    (IdentityMissingError, ExitCode.BAD_BACKUP),
    (UnknownFormatError, ExitCode.BAD_BACKUP),
    (BlobNotFoundError, ExitCode.BAD_BACKUP),
    (ConnectError, ExitCode.NOT_ALLOWED),
    (DeliveryError, ExitCode.NOT_ALLOWED),
    (AtlasDeniedError, ExitCode.NOT_ALLOWED),
    (MissingPrivilegeError, ExitCode.NOT_ALLOWED),
    (StorageDeniedError, ExitCode.NOT_ALLOWED),
    (StorageUnavailableError, ExitCode.NOT_ALLOWED),
    (StalledError, ExitCode.NOT_ALLOWED),
)

_PROOFS = (RunKind.VERIFY, RunKind.DRILL)


def code_of_class(kind: type[MangroveError]) -> ExitCode:
    """Return the exit code of an error class."""
    return next((code for base, code in _BY_CLASS if issubclass(kind, base)), ExitCode.FAILED)


def code_of_problem(problem: Problem) -> ExitCode:
    """Return the exit code of a failed run's problem."""
    if problem.is_bug:
        return ExitCode.BUG
    return _by_error_code().get(problem.code, ExitCode.FAILED)


def code_of_run(status: RunStatus) -> ExitCode:
    """Return the exit code of a run that is over; one that still runs counts as failed.

    A verification with findings did its work well, but its backup is bad: 6, not 3.
    """
    if status.state is RunState.SUCCEEDED:
        return ExitCode.DONE
    if status.state is RunState.SUCCEEDED_WITH_WARNINGS:
        figures = dict(status.result.figures) if status.result else {}
        is_bad = status.kind in _PROOFS and figures.get("findings", 1) > 0
        return ExitCode.BAD_BACKUP if is_bad else ExitCode.LOSSES
    if status.state is RunState.CANCELLED:
        return ExitCode.CANCELLED
    return code_of_problem(status.problem) if status.problem else ExitCode.FAILED


@cache
def _by_error_code() -> dict[str, ExitCode]:
    return {kind.code: code_of_class(kind) for kind in error_classes()}


def error_classes(root: type[MangroveError] = MangroveError) -> Iterator[type[MangroveError]]:
    """Yield an error class and all below it."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)
