"""Says what profiles need from somebody, with the action that mends it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mangrove.core.backup_record import BackupRecord
from mangrove.core.command_line import command_line
from mangrove.core.explain import duration_text
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.snapshots.kept import KEEPER as FILE_SYSTEM
from mangrove.core.verification import Level
from mangrove.core.wording import counted

NOW, SOON, LATER = Urgency.NOW, Urgency.SOON, Urgency.LATER
LEAST_HEADROOM = timedelta(hours=3)
RECENT = timedelta(days=2)
UNSEEN_AFTER = timedelta(days=1)


def profile_needs(item: ProfileFigures, now: datetime) -> Iterator[Need]:
    """Yield what one profile needs."""
    yield from _exposure_needs(item)
    yield from _disproof_needs(item)
    yield from _evidence_needs(item)
    yield from _capture_needs(item, now)
    yield from _elsewhere_needs(item, now)
    is_planned = any(kept.longest_gap is not None for kept in item.elsewhere)
    has_jobs = any(job.profile == item.profile_name for job in item.jobs)
    if item.backups and not has_jobs and not is_planned:
        yield Need(
            NeedKind.NOTHING_SCHEDULED,
            LATER,
            f"Nothing is scheduled for {item.profile_name}: it is backed up only by hand.",
            Remedy.PLAN_JOBS,
            item.profile_name,
            profile=item.profile_name,
            command=command_line("job", "recommend", item.profile_name, "--vault", "VAULT"),
        )


def _exposure_needs(item: ProfileFigures) -> Iterator[Need]:
    name = item.profile_name
    command = command_line("backup", name, "--vault", "VAULT")

    def need(kind: NeedKind, urgency: Urgency, sentence: str, subject: str = "") -> Need:
        return Need(kind, urgency, sentence, Remedy.BACKUP, subject or name, name, command=command)

    if not item.backups:
        yield need(NeedKind.NEVER_BACKED_UP, NOW, f"There is no backup of {name}.")
        return
    if item.unlisted:
        those = counted(item.partial, "backup holds", "backups hold")
        sentence = f"No backup holds all of {name}: {those} a part of it."
        yield need(NeedKind.NOT_WHOLE, NOW, sentence)
        return
    unprotected = [d for d in item.databases if d.exposure.is_unprotected]
    for one in unprotected:
        database = one.name
        yield Need(
            NeedKind.DATABASE_UNPROTECTED,
            LATER if one.is_met else NOW,
            f"The database {database} of {name} is in no backup that holds all of it.",
            Remedy.BACKUP,
            name,
            profile=name,
            job=database,
            command=command,
        )
    late = [d for d in item.databases if not d.is_met and not d.exposure.is_unprotected]
    if late:
        age = duration_text(late[0].exposure.age)
        allowed = duration_text(late[0].target.age)
        whose = name if len(late) == len(item.databases) else f"{late[0].name} on {name}"
        yield need(
            NeedKind.RPO_EXCEEDED,
            NOW,
            f"The newest data of {whose} that can be restored are {age} old; the objective is"
            f" {allowed}.",
        )


def _disproof_needs(item: ProfileFigures) -> Iterator[Need]:
    """Yield the trial restores that found something wrong; of the newest backup, those say so."""
    told = {item.newest.backup} if item.newest and item.newest.failed_evidence else set()
    keepers = {proof.name: kept.keeper for kept in item.elsewhere for proof in kept.proofs}
    for fact in item.disproofs:
        if fact.backup in told:
            continue
        told.add(fact.backup)
        name, at = item.profile_name, f"{fact.finished_at:%Y-%m-%d %H:%M} UTC"
        keeper = keepers.get(fact.backup)
        if keeper is None:
            what = "drill" if fact.level is Level.DRILLED else "trial restore"
            sentence = f"The last {what} of {name} found something wrong in {fact.backup}, {at}."
            remedy, command = Remedy.OPEN_BACKUPS, command_line("show", fact.backup)
        elif keeper == FILE_SYSTEM:
            sentence = f"The last verification of the snapshot {fact.backup} failed, {at}."
            remedy, command = Remedy.OPEN_SNAPSHOTS, command_line("snapshot", "show", fact.backup)
        else:
            sentence = f"{keeper}: the last restore of the snapshot {fact.backup} failed, {at}."
            remedy, command = Remedy.OPEN_ATLAS, command_line(keeper.lower(), "refresh", name)
        subject = name if remedy is Remedy.OPEN_ATLAS else fact.backup
        kind = NeedKind.VERIFICATION_FAILED
        yield Need(kind, NOW, sentence, remedy, subject, profile=name, command=command)


def _evidence_needs(item: ProfileFigures) -> Iterator[Need]:
    name, newest = item.profile_name, item.newest
    if newest is None:
        return
    verify = command_line("verify", newest.backup, "--level", "restored")
    if newest.failed_evidence is not None:
        yield Need(
            NeedKind.VERIFICATION_FAILED,
            NOW,
            f"The last verification of {newest.backup} failed.",
            Remedy.OPEN_BACKUPS,
            newest.backup,
            profile=name,
            command=command_line("show", newest.backup),
        )
    elif item.freshness.age is None:
        sentence = f"No backup of {name} was ever restored on trial."
        yield Need(
            NeedKind.NEVER_PROVEN,
            SOON,
            sentence,
            Remedy.VERIFY,
            newest.backup,
            name,
            command=verify,
        )
    elif item.untried:
        yield _untried_need(item, newest)
    elif not item.freshness.is_fresh:
        sentence = (
            f"A backup of {name} was last restored on trial"
            f" {duration_text(item.freshness.age)} ago."
        )
        yield Need(
            NeedKind.EVIDENCE_OLD,
            SOON,
            sentence,
            Remedy.VERIFY,
            newest.backup,
            name,
            command=verify,
        )
    if item.restore.meets(item.objectives.rto) is False:
        takes = duration_text(item.restore.expected or timedelta(0))
        allowed = duration_text(item.objectives.rto or timedelta(0))
        yield Need(
            NeedKind.RTO_EXCEEDED,
            SOON,
            f"Restoring {name} takes about {takes}; the objective is {allowed}.",
            Remedy.OPEN_DEPLOYMENTS,
            name,
            profile=name,
        )


def _untried_need(item: ProfileFigures, newest: BackupRecord) -> Need:
    """Say which databases no trial held; a backup older than one of them cannot prove it."""
    name, those = item.profile_name, ", ".join(item.untried)
    sentence = f"No backup with {those} of {name} was ever restored on trial"
    if set(item.untried) <= set(newest.databases):
        return Need(
            NeedKind.NEVER_PROVEN,
            SOON,
            f"{sentence}; the other databases were.",
            Remedy.VERIFY,
            newest.backup,
            name,
            command=command_line("verify", newest.backup, "--level", "restored"),
        )
    return Need(
        NeedKind.NEVER_PROVEN,
        SOON,
        f"{sentence}: back up first, since the newest backup does not hold all of that.",
        Remedy.BACKUP,
        name,
        name,
        command=command_line("backup", name, "--vault", "VAULT"),
    )


def _capture_needs(item: ProfileFigures, now: datetime) -> Iterator[Need]:
    name = item.profile_name
    recent = [gap for gap in item.gaps if gap[1] is None or now - gap[1] < RECENT]
    if recent:
        start, end, reason = recent[-1]
        length = duration_text((end or now) - start)
        since = "is open for" if end is None else "was"
        yield Need(
            NeedKind.OPLOG_GAP,
            NOW if end is None else LATER,
            f"A gap in the moments of {name} that can be restored {since} {length}: {reason}.",
            Remedy.OPEN_TIMELINE,
            name,
            profile=name,
            command=command_line("windows", name),
        )
    if item.headroom is not None and item.headroom < LEAST_HEADROOM:
        yield Need(
            NeedKind.HEADROOM_LOW,
            SOON,
            f"The oplog of {name} keeps changes for only {duration_text(item.headroom)}: a capture"
            " that stops for longer leaves a gap.",
            Remedy.OPEN_TIMELINE,
            name,
            profile=name,
            command=command_line("windows", name),
        )


def _elsewhere_needs(item: ProfileFigures, now: datetime) -> Iterator[Need]:
    """Yield what is wrong with backups that others keep, and what nobody saw for long."""
    for kept in item.elsewhere:
        unseen = now - kept.seen_at
        if unseen > UNSEEN_AFTER:
            sentence = (
                f"What {kept.keeper} keeps of {item.profile_name} was last seen"
                f" {duration_text(unseen)} ago."
            )
            kind, urgency = NeedKind.ELSEWHERE_UNSEEN, SOON
        elif kept.problem:
            sentence = f"{kept.keeper} and {item.profile_name}: {kept.problem}."
            kind, urgency = NeedKind.ELSEWHERE_TROUBLE, SOON
        else:
            continue
        command = command_line(kept.keeper.lower(), "refresh", item.profile_name)
        name = item.profile_name
        yield Need(kind, urgency, sentence, Remedy.OPEN_ATLAS, name, profile=name, command=command)
