"""What the documents of one collection came to: how many arrived, and which were refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mangrove.core.documents import document_of
from mangrove.core.errors import MalformedBsonError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.restore import RefusedDocument
from mangrove.core.run import Loss
from mangrove.engine.extended_json_write import to_canonical

SHOWN_IDS = 100


@dataclass(slots=True)
class Refusals:
    """Refused documents of one collection: all counted, the first hundred named."""

    count: int = 0
    ids: list[str] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    def add(self, documents: Sequence[RefusedDocument]) -> None:
        """Count documents, and name those that there is room for."""
        self.count += len(documents)
        self.reasons.update(d.reason for d in documents)
        room = SHOWN_IDS - len(self.ids)
        self.ids.extend(id_text(d.id_element) for d in documents[:room])

    def loss(self, target: Namespace) -> Loss:
        """Say it all as one loss of a collection."""
        reasons = "; ".join(sorted(self.reasons)[:3])
        return Loss(str(target), f"documents were refused: {reasons}", tuple(self.ids), self.count)


@dataclass(slots=True)
class Tally:
    """What one reading of a collection brought; taken back should it be read anew."""

    inserted: int = 0
    already: int = 0
    missing: int = 0


def id_text(element: bytes) -> str:
    """Return an ``_id`` element as extended JSON; of hostile input it may be damaged."""
    try:
        return to_canonical(document_of(element))
    except MalformedBsonError:
        return "{}"
