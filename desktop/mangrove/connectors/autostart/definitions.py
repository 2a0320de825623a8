"""The texts that tell an operating system what to start: unit, property list, task."""

import plistlib
from xml.sax.saxutils import escape

from mangrove.core.jobs.autostart import DESCRIPTION, SERVICE, AgentCommand

RESTART_S = 30
_TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{description}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>3</Count>
    </RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def systemd_unit(command: AgentCommand) -> str:
    """Return a unit for the user's own systemd.

    Exit 5 says that another agent works already, which is no reason to start again.
    Source: systemd.service(5); systemd.unit(5), "Specifiers" and "Quoting".
    """
    environment = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in command.environment
    )
    return (
        "[Unit]\n"
        f"Description={DESCRIPTION}\n"
        "\n"
        "[Service]\n"
        f"ExecStart={' '.join(map(_quoted, command.program))}\n"
        f"{environment}"
        "Restart=on-failure\n"
        f"RestartSec={RESTART_S}\n"
        "RestartPreventExitStatus=5\n"
        "SuccessExitStatus=130\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def launchd_list(command: AgentCommand) -> bytes:
    """Return a property list for launchd. Source: launchd.plist(5)."""
    return plistlib.dumps(
        {
            "Label": SERVICE,
            "ProgramArguments": list(command.program),
            "EnvironmentVariables": dict(command.environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": RESTART_S,
            "ProcessType": "Background",
        }
    )


def windows_task(command: AgentCommand, user: str) -> str:
    """Return a task that starts when the user signs in.

    Source: Microsoft, "Task Scheduler Schema": the order of elements is part of it.
    """
    program, *arguments = command.program
    return _TASK.format(
        description=escape(DESCRIPTION),
        user=escape(user),
        command=escape(program),
        arguments=escape(" ".join(map(_windows_quoted, arguments))),
    )


def _quoted(text: str) -> str:
    r"""Quote a word for a unit: ``%`` is doubled, quotes, backslashes and ``$`` are kept as such.

    Source: systemd.service(5), "Command lines".
    """
    kept = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{kept}"'


def _windows_quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
