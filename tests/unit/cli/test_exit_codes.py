from dataclasses import replace

import pytest

from fakes import sample_runs
from mangrove.cli.exit_codes import (
    ExitCode,
    code_of_class,
    code_of_problem,
    code_of_run,
    error_classes,
)
from mangrove.cli.reports import ending_words
from mangrove.core.errors import (
    AuthenticationFailedError,
    BackupNotFoundError,
    BlobMismatchError,
    ChunkForgedError,
    ConfirmationMissingError,
    DamagedStateError,
    InvalidUriError,
    KeyringLockedError,
    MangroveError,
    MissingPrivilegeError,
    ProfileNotFoundError,
    ServerUnreachableError,
    StorageFullError,
    TargetNotEmptyError,
    WriteRefusedError,
    WrongIdentityError,
)
from mangrove.core.run import Problem, RunKind, RunState


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InvalidUriError, 2),
        (DamagedStateError, 1),
        (ProfileNotFoundError, 4),
        (BackupNotFoundError, 4),
        (TargetNotEmptyError, 5),
        (ConfirmationMissingError, 5),
        (ChunkForgedError, 6),
        (BlobMismatchError, 6),
        (WrongIdentityError, 6),
        (ServerUnreachableError, 7),
        (AuthenticationFailedError, 7),
        (MissingPrivilegeError, 7),
        (StorageFullError, 1),
        (KeyringLockedError, 1),
        (WriteRefusedError, 1),
        (MangroveError, 1),
    ],
)
def test_error_class_decides_the_exit_code(kind: type[MangroveError], code: int) -> None:
    assert code_of_class(kind) == code


def test_failed_run_ends_with_the_number_of_its_error_class() -> None:
    for kind in error_classes():
        assert code_of_problem(Problem(kind.code, "")) is code_of_class(kind), kind


def test_fault_of_ours_ends_with_70_whatever_its_code() -> None:
    assert code_of_problem(Problem("profile-not-found", "", is_bug=True)) == 70


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        (RunKind.BACKUP, RunState.SUCCEEDED, ExitCode.DONE),
        (RunKind.RESTORE, RunState.SUCCEEDED_WITH_WARNINGS, ExitCode.LOSSES),
        (RunKind.VERIFY, RunState.SUCCEEDED_WITH_WARNINGS, ExitCode.BAD_BACKUP),
        (RunKind.BACKUP, RunState.CANCELLED, ExitCode.CANCELLED),
        (RunKind.BACKUP, RunState.INTERRUPTED, ExitCode.FAILED),
    ],
)
def test_end_of_a_run_decides_the_exit_code(kind: RunKind, state: RunState, code: ExitCode) -> None:
    status = replace(sample_runs.restore_with_losses(), kind=kind, state=state, problem=None)

    assert code_of_run(status) is code


@pytest.mark.parametrize(
    ("kind", "words"),
    [(RunKind.RESTORE, "done with losses"), (RunKind.DRILL, "found something wrong")],
)
def test_the_end_of_a_run_is_said_in_words(kind: RunKind, words: str) -> None:
    status = replace(sample_runs.restore_with_losses(), kind=kind)
    bare = replace(status, kind=RunKind.BACKUP, result=None)

    assert [ending_words(s) for s in (status, bare)] == [words, "done with warnings"]
    assert ending_words(sample_runs.failed_backup()) == "failed"
