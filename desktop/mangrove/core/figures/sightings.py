"""What was last seen of storages, so that it counts also while nobody looks."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VaultSighting:
    """What a look at a vault's storage found.

    Attributes:
        seen_at: When it was looked at.
        is_reachable: Whether it answered; if not, nothing else is known.
        missing: How many backups that were seen there are gone, and nobody here removed them.
        rolled_back: A sentence if the newest of all are among them; "" otherwise.
        late_mirrors: Names of the mirrors that lacked something when they were last compared.
    """

    seen_at: datetime
    is_reachable: bool
    free_bytes: int | None = None
    missing: int = 0
    rolled_back: str = ""
    late_mirrors: tuple[str, ...] = ()
