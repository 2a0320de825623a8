"""Says in words what a backup is, what is not in it, and how that is known."""

from collections.abc import Sequence
from datetime import timedelta

from mangrove.core.backup import Consistency
from mangrove.core.manifest import Manifest, StoredFiles
from mangrove.core.verification import Evidence, Level, most_telling_first
from mangrove.core.wording import content_of_all, counted

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
_DAYS_FROM = 2  # until then hours say more
_PROVEN = {
    Level.STORED: "every stored object was read again and is as it was written",
    Level.DECODED: "every document was decrypted, decoded and counted",
    Level.RESTORED: "it was restored on trial, and the copy was the same",
    Level.DRILLED: "it was restored in a drill, and the copy was the same",
}


def size_text(size_bytes: float) -> str:
    """Write a size with decimal units, such as ``1.2 GB``."""
    number = float(size_bytes)
    for unit in _UNITS[:-1]:
        if number < _STEP:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _STEP
    return f"{number:.1f} {_UNITS[-1]}"


def duration_text(duration: timedelta) -> str:
    """Write a duration such as ``3 min 12 s``, ``4.2 s``, ``26 h 5 min`` or ``3 d 4 h``."""
    seconds = duration.total_seconds()
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth still matters
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole} s"
    if not hours:
        return _two(minutes, "min", whole % 60, "s")
    if days < _DAYS_FROM:
        return _two(hours, "h", minutes % 60, "min")
    return _two(days, "d", hours % 24, "h")


def _two(many: int, unit: str, rest: int, rest_unit: str) -> str:
    return f"{many} {unit} {rest} {rest_unit}" if rest else f"{many} {unit}"


def explanation(manifest: Manifest, evidence: Sequence[Evidence], vault: str) -> str:
    """Return one paragraph that a person understands without knowing the format."""
    return " ".join(
        part
        for part in (
            _what(manifest),
            _filtered(manifest),
            _accounts(manifest),
            _moment(manifest),
            _how_kept(manifest, vault),
            _missing(manifest),
            _proof(evidence),
        )
        if part
    )


def _what(manifest: Manifest) -> str:
    if manifest.files is not None:
        return _what_files(manifest, manifest.files)
    names = ", ".join(manifest.databases) or "no database"
    return (
        f"Backup of {manifest.selection.describe()} on {manifest.profile_name} "
        f"(MongoDB {manifest.server.version_text}, {manifest.server.topology}): "
        f"{counted(len(manifest.namespaces), 'collection')} of {names}, "
        f"{content_of_all(manifest.documents, manifest.buckets)}, "
        f"{size_text(manifest.plain_bytes)} of BSON."
    )


def _what_files(manifest: Manifest, held: StoredFiles) -> str:
    names = f", with {', '.join(manifest.databases)}" if manifest.databases else ""
    return (
        f"Physical backup of {manifest.profile_name} (MongoDB {manifest.server.version_text}, "
        f"{manifest.server.topology}): the server's {counted(len(held.files), 'file')}, "
        f"{size_text(held.size_bytes)}{names}, copied from the filesystem snapshot "
        f"{held.origin.snapshot} ({held.origin.provider}). It goes back into a folder, and a "
        "server of the same version opens it."
    )


def _filtered(manifest: Manifest) -> str:
    if not manifest.is_filtered:
        return ""
    queries = "; ".join(f"{q.namespace} only {q.text}" for q in manifest.selection.queries)
    return (
        "It is FILTERED: of some collections it holds only the documents that a query chose, "
        f"so it does not count as full protection ({queries})."
    )


def _accounts(manifest: Manifest) -> str:
    held = manifest.users_and_roles
    if held is None:
        return ""
    sealed = "" if manifest.encrypted else ", NOT encrypted"
    return f"It also holds {held.describe()}, with their password hashes{sealed}."


def _moment(manifest: Manifest) -> str:
    if manifest.achieved is Consistency.SNAPSHOT and manifest.consistent_at:
        return f"All collections stand at one moment, cluster time {manifest.consistent_at}."
    if manifest.oplog is not None:
        entries = counted(manifest.oplog.documents, "oplog entry", "oplog entries")
        return (
            "Collections were read one after the other; a restore brings all to one moment, "
            f"{manifest.oplog.last_ts}, by replaying {entries} kept with them."
        )
    return (
        "Collections were read one after the other, so they may stand at slightly different "
        f"moments ({manifest.consistency_reason})."
    )


def _how_kept(manifest: Manifest, vault: str) -> str:
    sealed = "encrypted with age" if manifest.encrypted else "NOT encrypted"
    return (
        f"It takes {size_text(manifest.stored_bytes)} in the vault {vault}, {sealed} and signed, "
        f"and was made in {duration_text(manifest.duration)}."
    )


def _missing(manifest: Manifest) -> str:
    if not manifest.not_included:
        return "Nothing was left out."
    listed = "; ".join(f"{n.what} ({n.reason})" for n in manifest.not_included[:5])
    more = len(manifest.not_included) - 5
    return f"Not included: {listed}{f' and {more} more' if more > 0 else ''}."


def _proof(evidence: Sequence[Evidence]) -> str:
    if not evidence:
        return "Nobody has verified it since it was made."
    newest = most_telling_first(evidence)[0]
    if not newest.passed:
        return (
            f"Its last verification, on {newest.finished_at:%Y-%m-%d %H:%M} UTC, FAILED with "
            f"{counted(len(newest.findings), 'finding')}."
        )
    took = duration_text(newest.duration)
    return (
        f"Verified on {newest.finished_at:%Y-%m-%d %H:%M} UTC in {took}: {_PROVEN[newest.level]}."
    )
