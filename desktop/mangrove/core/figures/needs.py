"""What needs somebody: each entry says what is wrong, how pressing it is, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Urgency(StrEnum):
    """How pressing something is, the most pressing first."""

    NOW = "now"
    SOON = "soon"
    LATER = "later"

    @property
    def rank(self) -> int:
        """0 for the most pressing."""
        return list(Urgency).index(self)


class NeedKind(StrEnum):
    """What is wrong; stable, so that rules and repeats can go by it."""

    NO_PROFILE = "no-profile"
    NO_VAULT = "no-vault"
    DAMAGED_PROFILE = "damaged-profile"
    NEVER_BACKED_UP = "never-backed-up"
    NOT_WHOLE = "not-whole"
    RPO_EXCEEDED = "rpo-exceeded"
    DATABASE_UNPROTECTED = "database-unprotected"
    BACKUP_UNREADABLE = "backup-unreadable"
    BACKUP_VANISHED = "backup-vanished"
    VERIFICATION_FAILED = "verification-failed"
    CHECK_FAILED = "check-failed"
    NEVER_PROVEN = "never-proven"
    EVIDENCE_OLD = "evidence-old"
    RTO_EXCEEDED = "rto-exceeded"
    KIT_MISSING = "kit-missing"
    KIT_OUTDATED = "kit-outdated"
    KIT_UNCONFIRMED = "kit-unconfirmed"
    RUN_FAILED = "run-failed"
    RUN_WITH_LOSSES = "run-with-losses"
    RUN_MISSED = "run-missed"
    NOBODY_FIRES = "nobody-fires"
    OPLOG_GAP = "oplog-gap"
    HEADROOM_LOW = "headroom-low"
    MIRROR_LATE = "mirror-late"
    VAULT_UNREACHABLE = "vault-unreachable"
    VAULT_NEARLY_FULL = "vault-nearly-full"
    NOTHING_SCHEDULED = "nothing-scheduled"
    ELSEWHERE_TROUBLE = "elsewhere-trouble"
    ELSEWHERE_UNSEEN = "elsewhere-unseen"


class Remedy(StrEnum):
    """What mends it; the window knows a button for each, the command line a command."""

    ADD_PROFILE = "add-profile"
    ADD_VAULT = "add-vault"
    BACKUP = "backup"
    VERIFY = "verify"
    OPEN_DEPLOYMENTS = "open-deployments"
    OPEN_BACKUPS = "open-backups"
    OPEN_JOBS = "open-jobs"
    RUN_JOB = "run-job"
    PLAN_JOBS = "plan-jobs"
    START_AGENT = "start-agent"
    OPEN_TIMELINE = "open-timeline"
    CAPTURE = "capture"
    MAKE_KIT = "make-kit"
    CONFIRM_KIT = "confirm-kit"
    OPEN_VAULTS = "open-vaults"
    SYNC_MIRROR = "sync-mirror"
    OPEN_ATLAS = "open-atlas"
    OPEN_SNAPSHOTS = "open-snapshots"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody.

    Attributes:
        sentence: What is wrong.
        action: What mends it.
        subject: What the action is about: a profile's, vault's or job's name, or a backup's id.
        profile, vault, job: Names of what is concerned, "" where it is not about one.
        command: The same remedy for a terminal; "" where there is none.
    """

    kind: NeedKind
    urgency: Urgency
    sentence: str
    action: Remedy
    subject: str = ""
    profile: str = ""
    vault: str = ""
    job: str = ""
    command: str = ""

    @property
    def key(self) -> str:
        """What stays the same while it is the same trouble: kind and what is concerned."""
        return "/".join((self.kind, self.profile, self.vault, self.job, self.subject))


def most_pressing_first(needs: "list[Need] | tuple[Need, ...]") -> tuple[Need, ...]:
    """Order needs; of equally pressing ones the order stays."""
    return tuple(sorted(needs, key=lambda need: need.urgency.rank))
