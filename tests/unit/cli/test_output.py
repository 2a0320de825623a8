import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from typing_extensions import override

from fakes import sample_data, sample_runs
from mangrove.cli.json_value import json_value, profile_document, run_document
from mangrove.cli.output import Facts, Output, Table, printable
from mangrove.cli.reports import loss_text, report_run
from mangrove.core.backup import BackupId
from mangrove.core.namespace import Namespace
from mangrove.core.run import Loss, Problem
from mangrove.core.secret import Secret, SecretRef

TABLE = Table(("name", ">size"), (("first", "1 B"), ("second one", "22 MB")), "nothing here")


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def written(*, as_json: bool = False, terminal: bool = False) -> tuple[Output, Any, Any]:
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    return Output(out, err, as_json=as_json), out, err


def test_pipe_gets_aligned_columns() -> None:
    output, out, _ = written()

    output.give({}, TABLE, Facts((("a", "1"), ("long", "2"))))

    assert out.getvalue() == (
        "NAME         SIZE\nfirst         1 B\nsecond one  22 MB\na     1\nlong  2\n"
    )


@pytest.mark.parametrize("terminal", [False, True])
def test_a_name_with_a_line_break_keeps_its_row(terminal: bool) -> None:
    output, out, _ = written(terminal=terminal)

    output.give({}, Table(("name", ">size"), (("odd.new\nline\tname", "1 B"),)))

    assert len(out.getvalue().splitlines()) == 2
    assert "odd.new\\nline\\tname" in out.getvalue()


LONG = ("shop." + "a" * 200 + "_old", "shop." + "a" * 200 + "_new")
NAMES = Table(
    ("from", "to", ">size"), ((*LONG, "1 B"), ("shop.a", "copy.a", "22 MB")), names=("from", "to")
)


def test_a_long_name_on_a_terminal_lacks_its_middle_and_keeps_its_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    output, out, _ = written(terminal=True)

    output.give({}, NAMES)

    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert max(map(len, lines[1:])) <= 100  # the heading is bold
    assert lines[1].count("…") == 2
    assert "_old" in lines[1]
    assert "_new" in lines[1]


@pytest.mark.parametrize("terminal", [False, True])
def test_whole_names_are_to_be_had(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    output, out, _ = written(terminal=terminal)

    output.give({}, replace(NAMES, whole=True))

    assert all(name in out.getvalue() for name in LONG)


def test_in_a_pipe_a_long_name_is_whole_and_pushes_only_its_own_row() -> None:
    output, out, _ = written()

    output.give({}, NAMES)

    head, long, short = out.getvalue().splitlines()
    assert all(name in long for name in LONG)
    assert len(head) == len(short) < 140


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("shop.a\u202eb", "shop.a\\u202eb"),
        ("shop.a\x7f", "shop.a\\x7f"),
        ("shop.a ", '"shop.a "'),
        ("shop.ä 漢", "shop.ä 漢"),
    ],
)
@pytest.mark.parametrize("terminal", [False, True])
def test_what_cannot_be_seen_in_a_name_is_shown(terminal: bool, name: str, shown: str) -> None:
    output, out, _ = written(terminal=terminal)

    output.give({}, Table(("name",), ((name,), ("x",)), names=("name",)))

    assert out.getvalue().splitlines()[1].rstrip() == shown


def test_terminal_gets_the_same_cells() -> None:
    output, out, _ = written(terminal=True)

    output.give({}, TABLE)

    assert all(cell in out.getvalue() for row in TABLE.rows for cell in row)


def test_empty_table_says_so() -> None:
    output, out, _ = written()

    output.give({}, Table(("name",), (), "no profile yet"))

    assert out.getvalue() == "no profile yet\n"


def test_stored_name_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in printable("shop\x1b[2J\x07.orders")


def test_json_is_one_document_without_any_text() -> None:
    output, out, _ = written(as_json=True)

    output.give({"size": 1}, "text", TABLE)

    assert json.loads(out.getvalue()) == {"size": 1}


def test_error_is_three_lines_on_standard_error() -> None:
    output, out, err = written()

    output.refuse(Problem("vault-not-found", "there is no vault 'x'", "known vaults: none yet"))

    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == [
        "error: there is no vault 'x'",
        "hint:  known vaults: none yet",
        "code:  vault-not-found",
    ]


def test_error_in_json_is_a_document_on_standard_output() -> None:
    output, out, err = written(as_json=True)

    output.refuse(Problem("vault-not-found", "there is no vault 'x'", "known vaults: none yet"))

    assert err.getvalue() == ""
    assert json.loads(out.getvalue()) == {
        "error": {
            "code": "vault-not-found",
            "message": "there is no vault 'x'",
            "hint": "known vaults: none yet",
        }
    }


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T10:00:00Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 5, UTC), "2026-03-01T12:00:00.000005Z"),
        (timedelta(minutes=1.5), 90.0),
        (Namespace("shop", "a.b"), "shop.a.b"),
        ({"a": (1, None, True)}, {"a": [1, None, True]}),
        (SecretRef("profile/1/password"), {"name": "profile/1/password"}),
    ],
)
def test_value_has_its_json_form(value: object, form: object) -> None:
    assert json_value(value) == form


@pytest.mark.parametrize("value", [Secret("hush"), {"deep": [Secret("hush")]}, object()])
def test_secret_has_no_json_form(value: object) -> None:
    with pytest.raises(TypeError) as raised:
        json_value(value)
    assert "hush" not in str(raised.value)


def test_every_sample_record_profile_and_run_has_a_json_form() -> None:
    rows = [*sample_data.RECORDS, *sample_data.VAULTS, sample_data.REPORT]
    documents = [profile_document(p) for p in sample_data.PROFILES]
    runs = [run_document(r) for r in sample_runs.RUNS]

    text = json.dumps(json_value([*rows, *documents, *runs]))

    assert sample_data.RECORDS[0].backup in text


def test_losses_name_twenty_documents_and_count_the_rest() -> None:
    ids = tuple(f'{{"$numberInt":"{n}"}}' for n in range(60))

    lines = loss_text(Loss("shop.orders", "duplicate key", ids, 75)).splitlines()

    assert lines[0] == "lost: shop.orders: duplicate key (75 documents)"
    assert lines[20] == '  _id {"$numberInt":"19"}'
    assert lines[21:] == ["  and 55 more"]


def test_run_with_losses_is_reported_with_them_and_ends_with_3() -> None:
    output, out, _ = written()
    status = sample_runs.restore_with_losses()

    code = report_run(output, status)

    assert code == 3
    assert status.result is not None
    assert status.result.losses[0].subject in out.getvalue()


def test_the_safety_backup_of_a_restore_is_named_in_text_and_json() -> None:
    text, said, _ = written()
    machine, document, _ = written(as_json=True)
    status = sample_runs.restore_with_losses()
    assert status.result is not None
    saved = replace(status, result=replace(status.result, safety_backup=BackupId("2026-safe")))

    report_run(text, saved)
    report_run(machine, saved)

    assert re.search(r"safety backup\s+2026-safe", said.getvalue())
    assert json.loads(document.getvalue())["run"]["safety_backup"] == "2026-safe"


def test_failed_run_in_json_holds_error_and_run() -> None:
    output, out, _ = written(as_json=True)
    status = sample_runs.failed_backup()

    report_run(output, status)

    document = json.loads(out.getvalue())
    assert set(document) == {"error", "run"}
    assert document["run"]["state"] == "failed"
    assert set(document["run"]) == {
        "run_id", "kind", "title", "state", "profile", "vault", "backup", "created_at",
        "started_at", "ended_at", "phase", "summary", "warnings", "losses", "figures", "targets",
        "safety_backup", "problem",
    }  # fmt: skip
