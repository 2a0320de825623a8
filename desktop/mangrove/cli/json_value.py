"""Turns our values into what ``--json`` prints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from mangrove.core.accounts import Account, AccountsPlan
from mangrove.core.known import Known
from mangrove.core.manifest import Manifest, StoredUsersAndRoles
from mangrove.core.namespace import Namespace
from mangrove.core.official_command import OfficialCommand
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import Profile, UnreadableProfile
from mangrove.core.restores.forecast import Forecast
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.run import Problem, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.vaults.key_changes import kit_state
from mangrove.core.vaults.vault import VaultSpec

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def json_value(value: object) -> Json:
    """Return the JSON form of a value.

    Moments are ISO 8601 in UTC, durations are seconds, namespaces and cluster times are text,
    dataclasses are objects with their field names.

    Raises:
        TypeError: For a secret, and for what has no form.
    """
    if is_dataclass(value) and not isinstance(value, type | Namespace | OplogTimestamp):
        return {f.name: json_value(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [json_value(item) for item in value]
    return _leaf(value)


def _leaf(value: object) -> Json:
    match value:
        case Enum():
            return json_value(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Namespace() | OplogTimestamp():
            return str(value)
        case Secret():
            raise TypeError("a secret is not printed")
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def profile_document(profile: Profile | UnreadableProfile) -> dict[str, object]:
    """Return a profile as ``profile list`` and ``profile show`` print it."""
    if isinstance(profile, UnreadableProfile):
        return {"name": profile.name, "readable": False, "problem": profile.reason}
    return {
        "name": profile.name,
        "readable": True,
        "slug": profile.slug,
        "uri": profile.uri.text(),
        "hosts": profile.uri.hosts,
        "user": profile.uri.user,
        "has_password": profile.password is not None,
        "colour": profile.colour,
        "tunnel": _tunnel_document(profile.tunnel),
        "created_at": profile.created_at,
    }


def _tunnel_document(tunnel: TunnelSpec | None) -> dict[str, object] | None:
    if tunnel is None:
        return None
    return {
        "host": tunnel.host,
        "port": tunnel.port,
        "user": tunnel.user,
        "auth": tunnel.auth,
        "key_file": tunnel.key_file or None,
        "known_hosts": tunnel.known_hosts or None,
        "has_secret": tunnel.secret is not None,
    }


def vault_document(spec: VaultSpec) -> dict[str, object]:
    """Return a vault as ``vault list`` prints it."""
    return {
        "name": spec.name,
        "vault_id": spec.vault_id,
        "url": spec.url,
        "encrypted": spec.is_encrypted,
        "recipients": spec.recipients,
        "write_only": spec.is_write_only,
        "kit": kit_state(spec),
        "public_key": spec.public_key,
        "compression": spec.compression,
        "access_key": spec.access_key,
        "created_at": spec.created_at,
        "object_lock": spec.object_lock,
        "keeping": spec.keeping,
    }


def problem_document(problem: Problem) -> dict[str, object]:
    """Return an error as every verb prints it."""
    return {"code": problem.code, "message": problem.message, "hint": problem.hint}


def run_document(status: RunStatus) -> dict[str, object]:
    """Return a run as the verbs that start one, and ``runs``, print it."""
    result = status.result
    return {
        "run_id": status.run_id,
        "kind": status.kind,
        "title": status.title,
        "state": status.state,
        "profile": status.profile,
        "vault": status.vault,
        "backup": status.backup,
        "created_at": status.created_at,
        "started_at": status.started_at,
        "ended_at": status.ended_at,
        "phase": status.phase,
        "summary": result.summary if result else "",
        "warnings": result.warnings if result else (),
        "losses": result.losses if result else (),
        "figures": dict(result.figures) if result else {},
        "targets": result.targets if result else (),
        "safety_backup": result.safety_backup if result else None,
        "problem": problem_document(status.problem) if status.problem else None,
    }


def plan_document(plan: RestorePlan) -> dict[str, object]:
    """Return a restore's plan as ``restore --dry-run`` prints it."""
    return {
        "backup": plan.backup,
        "profile": plan.profile,
        "sentence": plan.sentence,
        "namespaces": [
            {
                "source": str(item.entry.namespace),
                "target": str(item.target),
                "replaces": item.replaces,
                "fills": item.fills,
                "documents": _number(item.entry.documents, item.entry.documents_known),
                "documents_known": item.entry.documents_known,
                "bson_bytes": _number(item.entry.plain_bytes, item.entry.bytes_known),
                "bson_bytes_known": item.entry.bytes_known,
            }
            for item in plan.namespaces
        ],
        "documents": _number(plan.documents, plan.documents_known),
        "documents_known": plan.documents_known,
        "bson_bytes": _number(plan.plain_bytes, plan.bytes_known),
        "bson_bytes_known": plan.bytes_known,
        "creates": plan.creates,
        "occupied": plan.occupied,
        "unconfirmed": plan.unconfirmed,
        "notes": plan.notes,
        "users_and_roles": _accounts_document(plan.accounts) if plan.accounts else None,
        "forecast": forecast_document(plan.forecast) if plan.forecast else None,
    }


def _number(number: int, known: Known) -> int | None:
    """Return null for what is not known; what is at least so much is that."""
    return None if known is Known.UNKNOWN else number


def forecast_document(forecast: Forecast) -> dict[str, object]:
    """Return what a restore will need, with what that is known from."""
    space, time = forecast.space, forecast.time
    return {
        "collections": forecast.collections,
        "indexes": forecast.indexes,
        "space": {
            "data_bytes": space.data_bytes,
            "index_bytes": space.index_bytes,
            "needed_bytes": space.needed_bytes,
            "needed_bytes_known": space.known,
            "replaced_bytes": space.replaced_bytes,
            "free_bytes": space.free.free_bytes,
            "room": space.room,
            "measured_collections": space.measured,
        },
        "time": {
            "likely_seconds": time.likely,
            "at_worst_seconds": time.at_worst,
            "evidence": time.evidence,
        },
        "privileges": forecast.privileges,
        "version_conflicts": [
            {
                "subject": c.subject,
                "needs": c.needs,
                "effect": c.effect,
                "since": c.since or None,
                "sentence": c.sentence,
            }
            for c in forecast.conflicts
        ],
        "words": dict(forecast.lines()),
    }


def _accounts_document(plan: AccountsPlan) -> dict[str, object]:
    def named(accounts: Sequence[Account]) -> list[dict[str, str]]:
        return [{"kind": a.kind.value, "database": a.database, "name": a.name} for a in accounts]

    return {"added": named(plan.added), "existing": named(plan.existing)}


def official_document(command: OfficialCommand) -> dict[str, object]:
    """Return what ``--explain`` prints."""
    return {"commands": command.lines, "notes": command.notes}


def manifest_document(manifest: Manifest) -> dict[str, object]:
    """Return what a backup holds, without the names of its blobs."""
    return {
        "sequence": manifest.sequence,
        "filtered": manifest.is_filtered,
        "selection": manifest.selection,
        "requested": manifest.requested,
        "achieved": manifest.achieved,
        "consistency_reason": manifest.consistency_reason,
        "consistent_at": manifest.consistent_at,
        "server": manifest.server,
        "tool_version": manifest.tool_version,
        "blobs": len(manifest.blobs),
        "namespaces": [
            {
                "namespace": entry.namespace,
                "kind": entry.kind,
                "documents": entry.documents,
                "bson_bytes": entry.plain_bytes,
                "indexes": len(entry.indexes),
                "digest": entry.digest,
            }
            for entry in manifest.namespaces
        ],
        "users_and_roles": _held_document(manifest.users_and_roles),
        "not_included": manifest.not_included,
    }


def _held_document(held: StoredUsersAndRoles | None) -> dict[str, object] | None:
    if held is None:
        return None
    return {"databases": held.databases, "users": held.users, "roles": held.roles}
