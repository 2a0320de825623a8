"""Core values into requests of the Administration API.

Source: Atlas Administration API v2, schemas ``DiskBackupSnapshotSchedule20240805`` and
``BackupSnapshotRetention``.
"""

from typing import Any

from mangrove.core.atlas.policy import BackupSchedule, CopySetting, PolicyItem, Retention
from mangrove.core.atlas.snapshot import Frequency

Json = dict[str, Any]
_ON_DEMAND = "ON_DEMAND"


def retention_request(keep: Retention) -> Json:
    """Write how long a snapshot stays."""
    return {"retentionValue": keep.value, "retentionUnit": keep.unit.value}


def schedule_request(schedule: BackupSchedule, *, also_existing: bool) -> Json:
    """Write a whole schedule; items keep their ids, so that Atlas knows which is which."""
    policy: Json = {"policyItems": [_item(item) for item in schedule.items]}
    if schedule.policy_id:
        policy["id"] = schedule.policy_id
    body: Json = {
        "policies": [policy],
        "referenceHourOfDay": schedule.hour,
        "referenceMinuteOfHour": schedule.minute,
        "copySettings": [_copy(setting) for setting in schedule.copies],
        "updateSnapshots": also_existing,
    }
    if schedule.restore_window_days is not None:
        body["restoreWindowDays"] = schedule.restore_window_days
    return body


def _item(item: PolicyItem) -> Json:
    known = {"id": item.item_id} if item.item_id else {}
    return {
        **known,
        "frequencyType": item.frequency.value,
        "frequencyInterval": item.interval,
        **retention_request(item.keep),
    }


def _copy(setting: CopySetting) -> Json:
    frequencies = [
        _ON_DEMAND if f is Frequency.ON_DEMAND else f.upper() for f in setting.frequencies
    ]
    body: Json = {
        "cloudProvider": setting.provider,
        "regionName": setting.region,
        "zoneId": setting.zone_id,
        "frequencies": frequencies,
        "shouldCopyOplogs": setting.copies_oplog,
    }
    if setting.keep_last is not None:
        body["lastNumberOfSnapshots"] = setting.keep_last
    return body
