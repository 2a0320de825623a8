"""Recoverability: the lowest of three lights, never an average."""

from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """The state of a protection, worst first; the first one is red, the last one green.

    ``UNPROVEN`` is amber: there is a backup, but the proof that it would save you is lacking or
    old, or only this workstation can open it.
    """

    EXPOSED = "exposed"
    UNPROVEN = "unproven"
    PROVEN = "proven"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Light).index(self)


@dataclass(frozen=True, slots=True)
class Lights:
    """The three lights of a profile or a database.

    Attributes:
        rpo: Red when the objective is not met.
        evidence: Amber when nobody restored it lately; red when the last trial failed.
        keys: Amber when no recovery kit with the present keys is known to be stored.
    """

    rpo: Light
    evidence: Light
    keys: Light

    @property
    def lowest(self) -> Light:
        """The recoverability: no good light makes up for a bad one."""
        return lowest(self.rpo, self.evidence, self.keys)


def lights_of(*, rpo_met: bool, evidence_fresh: bool, keys_escrowed: bool) -> Lights:
    """Turn the three answers into lights."""
    return Lights(
        rpo=Light.PROVEN if rpo_met else Light.EXPOSED,
        evidence=Light.PROVEN if evidence_fresh else Light.UNPROVEN,
        keys=Light.PROVEN if keys_escrowed else Light.UNPROVEN,
    )


def lowest(*lights: Light) -> Light:
    """Return the worst of several."""
    return min(lights, key=lambda light: light.rank, default=Light.EXPOSED)
