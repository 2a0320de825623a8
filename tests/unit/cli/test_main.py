import json
from dataclasses import replace

import pytest

from fakes.doors import doors_to
from fakes.services import empty_services, sample_services
from guards import LogGuard
from mangrove.__main__ import is_for_window
from mangrove.cli.front import Doors
from mangrove.cli.main import run


def doors(*, empty: bool = False) -> Doors:
    return doors_to((empty_services() if empty else sample_services()).services)


def test_an_unreachable_vault_is_not_called_empty(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = sample_services()
    name, health = next(iter(fakes.vaults.health.items()))
    fakes.vaults.health[name] = replace(
        health, reachable=False, problem="the folder is not there", debris=()
    )

    assert run(["vault", "check", name], doors_to(fakes.services)) == 7

    shown = capsys.readouterr().out
    assert "the folder is not there" in shown
    assert "no debris" not in shown
    assert "backups       unknown" in shown


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["backups", "--nonsense"], 2),
        (["explode"], 2),
        (["backup", "production"], 2),
        (["verify", "latest", "--level", "drilled"], 2),
        (["backup", "production", "--vault", "v", "--db", "a.b"], 2),
        (["restore", "latest", "--to", "production", "--rename", "shop"], 2),
        (["restore", "latest", "--to", "production", "--db", "shop"], 2),
        (["restore", "latest", "--to", "production", "--safety-vault", "cloud"], 2),
        (["profile", "add", "bad", "--uri", "http://host"], 2),
        (["vault", "kit", "v"], 2),
        (["capture", "production"], 2),
        (["copy", "production", "--to", "dev", "--consistency", "oplog"], 2),
        (["backups", "--profile", "nobody"], 4),
        (["profile", "show", "nobody"], 4),
        (["runs", "show", "nothing"], 4),
        (["backups"], 0),
        (["status"], 0),
        (["runs"], 0),
        (["runs", "list"], 0),
        (["profile", "list"], 0),
        (["vault", "list"], 0),
        (["--help"], 0),
        (["restore", "--help"], 0),
    ],
)
def test_call_ends_with_its_number(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, doors()) == code
    assert (code == 0) is ("error: " not in capsys.readouterr().err)


@pytest.mark.parametrize("verb", [["backups"], ["status"], ["runs"], ["profile", "list"]])
@pytest.mark.parametrize("empty", [True, False])
def test_json_may_stand_anywhere_and_prints_one_document(
    verb: list[str], empty: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--json", *verb], doors(empty=empty)) == 0
    first = json.loads(capsys.readouterr().out)
    assert run([*verb, "--json"], doors(empty=empty)) == 0
    assert json.loads(capsys.readouterr().out) == first


def test_wrong_usage_is_told_in_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backups", "--nonsense", "--json"], doors()) == 2

    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "usage"
    assert captured.err == ""


def test_run_found_dead_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    run(["backups"], doors())

    told = capsys.readouterr().err.splitlines()
    assert told == [
        "interrupted: Verify production (run r-gone) ended without finishing; start it again"
    ]


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], doors()) == 0
    assert capsys.readouterr().out == "mangrove 1.2.3\n"


def test_fault_of_ours_is_told_as_such(
    capsys: pytest.CaptureFixture[str], log_guard: LogGuard
) -> None:
    log_guard.expect("a command met a bug")

    assert run(["demo", "--headless"], doors()) == 70

    assert "went wrong (RuntimeError)" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["-platform", "offscreen"], ["-style=fusion"]])
def test_window_opens_without_arguments_or_with_those_of_qt(arguments: list[str]) -> None:
    assert is_for_window(arguments)


@pytest.mark.parametrize("arguments", [["backups"], ["--help"], ["-h"], ["--json"]])
def test_everything_else_stays_on_the_command_line(arguments: list[str]) -> None:
    assert not is_for_window(arguments)


def test_a_password_is_refused_where_no_keyring_would_keep_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fakes = empty_services()
    fakes.profiles.notice = "no usable keyring was found"

    arguments = ["profile", "add", "shop", "--uri", "mongodb://ann:secret@db1"]
    assert run(arguments, doors_to(fakes.services)) == 1

    told = capsys.readouterr().err
    assert "the password would be lost at once; nothing was stored" in told
    assert fakes.services.profiles.all() == ()
    without = ["profile", "add", "shop", "--uri", "mongodb://db1"]
    assert run(without, doors_to(fakes.services)) == 0


def test_the_table_of_backups_names_the_profile_and_cuts_nothing_of_what_it_is_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["backups"], doors()) == 0

    lines = capsys.readouterr().out.splitlines()
    headings = lines[0].split()
    assert (headings[:2], headings[-1]) == (["BACKUP", "PROFILE"], "OF")
    assert any(line.split()[1] == "production" for line in lines[1:])
    assert max(line.rfind("  ") for line in lines) <= 120
    assert not any(line.endswith("…") for line in lines)


def test_status_answers_every_question_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status"], doors()) == 0

    shown = capsys.readouterr().out
    for line in (
        "If reporting died now you would lose at most 2 d 9 h.",
        "reporting   billing   2 d 9 h     26 h (nothing is scheduled)",
        "staging     14 min       14 min  14 min       1 restore to embedded, the last",
        "production: any second of 2026-11-13 02:00 to 2026-11-1",
        "production  3 d 3 h ago",
        "nightly       ......x",
        "Back up staging: read and store, 54%",
        "cloud            30  12.5 GB  403.9 MB  not foreseeable  mangrove prune cloud",
        "cloud       age1qyqszqgp...  stored",
        "    mangrove backup reporting --vault VAULT",
    ):
        assert line in shown


def test_status_of_a_new_install_names_the_first_steps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["status"], doors(empty=True)) == 0

    shown = capsys.readouterr().out
    assert "Nothing is protected yet." in shown
    assert "mangrove profile add NAME --uri URI" in shown
    assert "How long until it is back" not in shown


def test_objectives_are_set_shown_and_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    own = doors()
    assert run(["profile", "objective", "staging", "--rpo", "1h", "--evidence", "7 d"], own) == 0
    assert "1 h (set by you)" in capsys.readouterr().out

    assert run(["profile", "objective", "staging", "--rpo", "-", "--json"], own) == 0
    kept = json.loads(capsys.readouterr().out)["objectives"]
    assert kept == [
        {"database": "", "objectives": {"rpo": None, "rto": None, "evidence_age": 604800.0}}
    ]

    assert run(["profile", "objective", "staging", "--rto", "soon"], own) == 2

    nope = ["profile", "objective", "production", "--database", "nope", "--rpo"]
    capsys.readouterr()
    assert run([*nope, "1h"], own) == 0
    assert "warning: no database 'nope' of production was ever seen" in capsys.readouterr().out
    assert run([*nope, "-", "--json"], own) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []
    seen = ["profile", "objective", "production", "--database", "shop", "--rpo", "1h"]
    assert run(seen, own) == 0
    assert "ever seen" not in capsys.readouterr().out
