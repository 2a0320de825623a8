"""What a pretended Atlas refuses in a request, beyond its published description.

Written apart from the product's own rules, so that one notices when the other is wrong.
Source: Atlas documentation, "Manage Backup Policies".
"""

from collections.abc import Callable, Sequence

from servers.atlas_state import Cluster, Json

Refuse = Callable[[int, str, str], Exception]
RANK = ("hourly", "daily", "weekly", "monthly", "yearly")
LENGTH = {"days": 1, "weeks": 7, "months": 30, "years": 365}
COPIED = {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "ON_DEMAND"}


def require_one_of(body: Json, name: str, allowed: Sequence[str], refuse: Refuse) -> None:
    """Refuse a value that is no member of an enumeration."""
    if body.get(name) not in allowed:
        raise refuse(400, "INVALID_ENUM_VALUE", f"An invalid value was given for {name}.")


def check_schedule(body: Json, cluster: Cluster, refuse: Refuse) -> None:
    """Refuse a schedule that breaks a rule."""
    items = [i for p in body["policies"] for i in p["policyItems"]]
    nvme = "_NVME" in str(cluster.document)
    for item in items:
        require_one_of(item, "frequencyType", RANK, refuse)
        require_one_of(item, "retentionUnit", tuple(LENGTH), refuse)
        if item["frequencyType"] == "hourly" and item["frequencyInterval"] not in (
            (12,) if nvme else (1, 2, 4, 6, 8, 12)
        ):
            raise refuse(400, "INVALID_FREQUENCY_INTERVAL", "The interval is not allowed.")
    days = [(RANK.index(i["frequencyType"]), _days(i)) for i in items]
    if any(a < b and x > y for a, x in days for b, y in days):
        raise refuse(400, "INVALID_RETENTION", "Less frequent items must be kept as long.")
    hourly = [_days(i) for i in items if i["frequencyType"] == "hourly"]
    if hourly and body.get("restoreWindowDays", 0) > hourly[0]:
        raise refuse(400, "RESTORE_WINDOW_TOO_LONG", "It exceeds the hourly retention.")
    for copy in body.get("copySettings", []):
        if not set(copy["frequencies"]) <= COPIED:
            raise refuse(400, "INVALID_ENUM_VALUE", "An invalid frequency is copied.")


def _days(item: Json) -> int:
    return int(item["retentionValue"]) * LENGTH[item["retentionUnit"]]
