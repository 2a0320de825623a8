"""Backups in vaults and those kept elsewhere are told apart wherever they are counted."""

from dataclasses import replace
from datetime import timedelta

from fakes.services import sample_services
from mangrove.cli.commands.status import stored_line
from mangrove.cli.status_parts import moments
from mangrove.core.elsewhere import Elsewhere, KeptPoint


def test_a_snapshot_is_named_beside_the_backups_in_vaults() -> None:
    overview = sample_services().figures.overview()
    first = overview.profiles[0]
    at = overview.at - timedelta(hours=1)
    by = Elsewhere("The file system", "volumes", (KeptPoint("s1", at, at, "a snapshot"),), at)
    both = replace(first, elsewhere=(by,), backups=first.backups + 1)
    found = replace(overview, profiles=(both, *overview.profiles[1:]))

    line = str(moments(replace(found, profiles=(both,))))

    assert stored_line(found).endswith("; 1 more kept elsewhere.")
    assert " stored, growing by " in stored_line(found)
    assert stored_line(found).startswith(f"{overview.backups} backups in vaults, ")
    assert "elsewhere" not in stored_line(overview)
    assert f"{first.backups + 1} backups (1 of them kept elsewhere)" in line
