"""The agent as a service of the user's own: what it is called and what it starts."""

from dataclasses import dataclass
from enum import StrEnum

SERVICE = "mangrove-agent"
DESCRIPTION = "Mangrove: MongoDB backups on time"


class AutostartState(StrEnum):
    """Whether the agent starts by itself when the user signs in."""

    INSTALLED = "installed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """What is started, and with which environment.

    Attributes:
        program: Absolute path and its arguments.
        environment: Only what the agent cannot do without, and never a secret.
    """

    program: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
