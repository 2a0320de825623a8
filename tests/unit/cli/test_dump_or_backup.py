"""``restore NAME``: a backup if there is one, else the dump that lies there."""

import re

import pytest

from fakes.doors import doors_to
from fakes.sample_data import RECORDS
from fakes.services import sample_services
from mangrove.cli.main import run

BACKUP = RECORDS[0].backup


def explained(
    name: str, *more: str, paths: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    fakes = sample_services()
    fakes.dumps.paths = paths
    arguments = ["restore", name, "--to", "production", "--explain", *more]
    code = run(arguments, doors_to(fakes.services))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_folder_without_a_slash_is_taken_as_a_dump(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = explained("dump", paths=("dump",), capsys=capsys)

    assert code == 0
    assert "from the vault" not in err
    assert re.search(r"mongorestore .*\bdump\b", out)


def test_a_backup_goes_before_a_folder_of_its_name_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = explained(BACKUP, paths=(BACKUP,), capsys=capsys)

    assert code == 0
    assert f"'{BACKUP}' is taken from the vault; the path of that name is ./{BACKUP}" in err
    assert "mongorestore" in out


def test_a_hyphen_is_what_comes_in(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = explained("-", paths=("/dev/stdin",), capsys=capsys)

    assert code == 0
    assert "/dev/stdin" in out


def test_an_archive_and_a_report_do_not_go_to_the_same_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["export", BACKUP, "--archive", "-", "--json"]

    code = run(arguments, doors_to(sample_services().services))

    assert code == 2
    assert "standard output" in capsys.readouterr().out


def test_what_is_neither_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = explained("dump", paths=("other",), capsys=capsys)

    assert (code, out) == (4, "")
    assert "backup 'dump'" in err


def test_a_profile_whose_moment_is_wanted_goes_before_a_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, err = explained(
        "production", "--before-op", "1772366400:7", paths=("production",), capsys=capsys
    )

    assert "'production' is taken from the vault" in err


def test_latest_is_told_to_people_and_not_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    told = f"latest is {BACKUP} of {RECORDS[0].profile_name}, the newest of all profiles"

    _, _, err = explained("latest", paths=(), capsys=capsys)
    _, _, silent = explained("latest", "--json", paths=(), capsys=capsys)
    _, _, moment = explained("latest", "--before-op", "1772366400:7", paths=(), capsys=capsys)

    assert told in err
    assert "latest is" not in silent
    assert "latest is" not in moment  # there the best base is chosen, whichever that is
