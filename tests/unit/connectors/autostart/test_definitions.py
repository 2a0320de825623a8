"""Definitions of the agent as a service, held against what reads them."""

import plistlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mangrove.connectors.autostart.definitions import launchd_list, systemd_unit, windows_task
from mangrove.connectors.autostart.installing import FileAutostart, autostart
from mangrove.core.errors import AutostartError
from mangrove.core.jobs.autostart import AgentCommand, AutostartState
from unit.connectors.autostart.schemas import faults, launchd_faults

COMMAND = AgentCommand(
    ("/bin/sh", "-m", "mangrove", "agent"),
    (("MANGROVE_HOME", '/home/ann/100% "safe" $HOME\\state'),),
)
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# Source: Microsoft, "Task Scheduler Schema", complex types taskType and settingsType.
TASK_ORDER = ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "mangrove-agent.service"
    unit.write_text(systemd_unit(COMMAND))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--recursive-errors=yes", str(unit)],
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_unit_keeps_percent_dollar_quote_and_backslash() -> None:
    unit = systemd_unit(COMMAND)

    assert 'Environment="MANGROVE_HOME=/home/ann/100%% \\"safe\\" $$HOME\\\\state"' in unit
    assert 'ExecStart="/bin/sh" "-m" "mangrove" "agent"' in unit


def test_property_list_says_the_same() -> None:
    found = plistlib.loads(launchd_list(COMMAND))

    assert found["ProgramArguments"] == list(COMMAND.program)
    assert found["EnvironmentVariables"] == dict(COMMAND.environment)
    assert found["RunAtLoad"] is True


def test_launchd_knows_every_key_and_its_type() -> None:
    document = plistlib.loads(launchd_list(COMMAND))
    assert list(launchd_faults(document)) == []

    assert list(launchd_faults({**document, "RunAtLoad": "yes"})) == ["RunAtLoad is a str"]
    assert list(launchd_faults({**document, "KeepAlife": True})) == ["there is no key KeepAlife"]
    assert list(launchd_faults({"Label": "x"})) == ["nothing says what to run"]


@pytest.mark.skipif(shutil.which("plutil") is None, reason="plutil is a part of macOS")
def test_plutil_takes_the_property_list(tmp_path: Path) -> None:
    file = tmp_path / "agent.plist"
    file.write_bytes(launchd_list(COMMAND))

    subprocess.run(["plutil", "-lint", str(file)], check=True, timeout=60)


TASK_TEXT = windows_task(AgentCommand(("C:\\m.exe", "agent")), "PC\\ann")


def test_the_schema_of_tasks_allows_every_part() -> None:
    root = ElementTree.fromstring(TASK_TEXT.encode("utf-16"))  # noqa: S314 - our own text

    assert root.tag == f"{TASK}Task"
    assert list(faults(root)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("PT1M", "1 minute", "Task/Settings/RestartOnFailure/Interval is '1 minute'"),
        ("<Count>3<", "<Count>300<", "Task/Settings/RestartOnFailure/Count is '300'"),
        ("IgnoreNew", "Ignore", "Task/Settings/MultipleInstancesPolicy is 'Ignore'"),
        ("LeastPrivilege", "Root", "Task/Principals/Principal/RunLevel is 'Root'"),
        ("StartWhenAvailable>", "StartLater>", "Task/Settings has StartLater"),
        ("Command>", "Program>", "Task/Actions/Exec lacks Command"),
    ],
)
def test_the_schema_of_tasks_finds_what_is_wrong(right: str, wrong: str, fault: str) -> None:
    spoilt = TASK_TEXT.replace(right, wrong)
    root = ElementTree.fromstring(spoilt.encode("utf-16"))  # noqa: S314 - our own text

    assert fault in list(faults(root))


def test_task_has_its_parts_in_the_order_of_the_schema() -> None:
    text = windows_task(AgentCommand(("C:\\Program Files\\m & m.exe", "agent", "a b")), "PC\\ann")
    root = ElementTree.fromstring(text.encode("utf-16"))  # noqa: S314 - our own text

    assert [child.tag for child in root] == [f"{TASK}{name}" for name in TASK_ORDER]
    assert root.findtext(f".//{TASK}Command") == "C:\\Program Files\\m & m.exe"
    assert root.findtext(f".//{TASK}Arguments") == 'agent "a b"'
    assert {e.text for e in root.iter(f"{TASK}UserId")} == {"PC\\ann"}


class System:
    """Remembers what it was told; refuses when asked to."""

    def __init__(self, refused: str = "") -> None:
        self.told: list[Sequence[str]] = []
        self.refused = refused

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        self.told.append(command)
        return (1, "no bus") if self.refused in command and self.refused else (0, "")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_installed_it_is_enabled_and_removed_it_is_gone(config: Path) -> None:
    system = System()
    start = autostart(COMMAND, system)
    assert start.state() is AutostartState.ABSENT

    start.install()

    assert start.state() is AutostartState.INSTALLED
    assert start.definition() == systemd_unit(COMMAND)
    assert system.told[-1][:4] == ["systemctl", "--user", "enable", "--now"]
    assert Path(start.place()).is_relative_to(config)

    start.remove()

    assert start.state() is AutostartState.ABSENT
    assert system.told[-1][:3] == ["systemctl", "--user", "disable"]


@pytest.mark.usefixtures("config")
def test_a_system_that_refuses_leaves_nothing_behind() -> None:
    start = autostart(COMMAND, System(refused="enable"))

    with pytest.raises(AutostartError, match="no bus; nothing was installed"):
        start.install()

    assert start.state() is AutostartState.ABSENT


@pytest.mark.usefixtures("config")
def test_no_systemd_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(AutostartError, match="no systemd"):
        autostart(COMMAND)


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")
    start = FileAutostart(tmp_path / "a" / "unit", b"", (), ())

    with pytest.raises(AutostartError, match="cannot be written"):
        start.install()
