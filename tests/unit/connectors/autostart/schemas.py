"""What reads our definitions, as tables: the schema of Windows' tasks and launchd's keys."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
BOOLEAN = r"true|false|0|1"
DURATION = r"P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?"
TEXT = r"(?s).+"


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of the schema.

    Attributes:
        children: The elements that may be inside, by name.
        needed: Those that must be.
        value: What the text must look like, where there are no children.
        attributes: The attributes that may be there.
        is_ordered: Whether the children stand in the order of ``children`` (``xs:sequence``;
            the others are ``xs:all``).
    """

    children: Mapping[str, "Kind"] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    value: str = ""
    attributes: frozenset[str] = frozenset()
    is_ordered: bool = False


def _simple(value: str) -> Kind:
    return Kind(value=value)


# Source: Microsoft, "Task Scheduler Schema": taskType, settingsType (version 1.2), restartType,
# logonTriggerType over triggerBaseType, principalType, execActionType; actionsType is a choice.
_TRIGGER = Kind(
    {
        "Enabled": _simple(BOOLEAN),
        "StartBoundary": _simple(TEXT),
        "EndBoundary": _simple(TEXT),
        "ExecutionTimeLimit": _simple(DURATION),
        "UserId": _simple(TEXT),
        "Delay": _simple(DURATION),
    },
    is_ordered=True,
    attributes=frozenset({"id"}),
)
_RESTART = Kind(
    {"Interval": _simple(DURATION), "Count": _simple(r"[1-9]\d?|1\d\d|2[0-4]\d|25[0-5]")},
    needed=frozenset({"Interval", "Count"}),
)
_SETTINGS = Kind(
    {
        **dict.fromkeys(
            (
                *("AllowStartOnDemand", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries"),
                *("AllowHardTerminate", "StartWhenAvailable", "RunOnlyIfNetworkAvailable"),
                *("WakeToRun", "Enabled", "Hidden", "RunOnlyIfIdle"),
            ),
            _simple(BOOLEAN),
        ),
        "RestartOnFailure": _RESTART,
        "MultipleInstancesPolicy": _simple(r"Parallel|Queue|IgnoreNew|StopExisting"),
        "ExecutionTimeLimit": _simple(DURATION),
        "DeleteExpiredTaskAfter": _simple(DURATION),
        "Priority": _simple(r"\d|10"),
    }
)
_PRINCIPAL = Kind(
    {
        "UserId": _simple(TEXT),
        "LogonType": _simple(r"S4U|Password|InteractiveToken|InteractiveTokenOrPassword"),
        "GroupId": _simple(TEXT),
        "DisplayName": _simple(TEXT),
        "RunLevel": _simple(r"LeastPrivilege|HighestAvailable"),
    },
    attributes=frozenset({"id"}),
)
_EXEC = Kind(
    {"Command": _simple(TEXT), "Arguments": _simple(TEXT), "WorkingDirectory": _simple(TEXT)},
    needed=frozenset({"Command"}),
    attributes=frozenset({"id"}),
)
_INFO = Kind(dict.fromkeys(("Date", "Author", "Version", "Description", "URI"), _simple(TEXT)))
TASK = Kind(
    {
        "RegistrationInfo": _INFO,
        "Triggers": Kind({"LogonTrigger": _TRIGGER}),
        "Settings": _SETTINGS,
        "Principals": Kind({"Principal": _PRINCIPAL}),
        "Actions": Kind({"Exec": _EXEC}, attributes=frozenset({"Context"})),
    },
    needed=frozenset({"Actions"}),
    attributes=frozenset({"version"}),
)

# Source: launchd.plist(5): the keys that an agent of a user may have, with their types.
LAUNCHD_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "Label": str,
    "Disabled": bool,
    "Program": str,
    "ProgramArguments": list,
    "EnvironmentVariables": dict,
    "RunAtLoad": bool,
    "KeepAlive": (bool, dict),
    "ThrottleInterval": int,
    "ProcessType": str,
    "WorkingDirectory": str,
    "StandardOutPath": str,
    "StandardErrorPath": str,
    "ExitTimeOut": int,
}
LAUNCHD_KEEP_ALIVE = {"SuccessfulExit", "NetworkState", "PathState", "OtherJobEnabled", "Crashed"}
LAUNCHD_PROCESS_TYPES = {"Background", "Standard", "Adaptive", "Interactive"}


def faults(element: Element, kind: Kind = TASK, place: str = "Task") -> Iterator[str]:
    """Yield what the schema does not allow."""
    for attribute in element.attrib.keys() - kind.attributes:
        yield f"{place} has the attribute {attribute}"
    if kind.value:
        if not re.fullmatch(kind.value, element.text or ""):
            yield f"{place} is {element.text!r}"
        return
    names = [child.tag.removeprefix(NAMESPACE) for child in element]
    for name in kind.needed.difference(names):
        yield f"{place} lacks {name}"
    for name in {n for n in names if names.count(n) > 1}:
        yield f"{place} has {name} twice"
    order = list(kind.children)
    known = [n for n in names if n in kind.children]
    if kind.is_ordered and known != sorted(known, key=order.index):
        yield f"{place} has its parts in another order"
    for child, name in zip(element, names, strict=True):
        if name not in kind.children:
            yield f"{place} has {name}"
        else:
            yield from faults(child, kind.children[name], f"{place}/{name}")


def launchd_faults(document: Mapping[str, object]) -> Iterator[str]:
    """Yield what launchd would not take, or would take for something else."""
    for key, value in document.items():
        if key not in LAUNCHD_KEYS:
            yield f"there is no key {key}"
        elif not isinstance(value, LAUNCHD_KEYS[key]) or (
            isinstance(value, bool) and LAUNCHD_KEYS[key] is int
        ):
            yield f"{key} is a {type(value).__name__}"
    if "Label" not in document:
        yield "Label is missing"
    if not {"Program", "ProgramArguments"} & document.keys():
        yield "nothing says what to run"
    keep = document.get("KeepAlive")
    if isinstance(keep, dict) and keep.keys() - LAUNCHD_KEEP_ALIVE:
        yield "KeepAlive has an unknown condition"
    if document.get("ProcessType", "Standard") not in LAUNCHD_PROCESS_TYPES:
        yield "ProcessType is unknown"
    strings = [*_list(document.get("ProgramArguments")), *_values(document)]
    if not all(isinstance(s, str) for s in strings):
        yield "an argument or a variable is no text"


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _values(document: Mapping[str, object]) -> list[object]:
    found = document.get("EnvironmentVariables")
    return [*found.keys(), *found.values()] if isinstance(found, dict) else []
