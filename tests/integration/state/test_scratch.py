import subprocess
import sys
from pathlib import Path

import mangrove
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.scratch import SqliteScratchRegister
from mangrove.core.profile import ProfileId

SHOP, OTHER = ProfileId("p1"), ProfileId("p2")
CHILD = """
import sys
from pathlib import Path
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.scratch import SqliteScratchRegister
from mangrove.core.profile import ProfileId
SqliteScratchRegister(StateDatabase.open(Path(sys.argv[1]))).add(ProfileId("p1"), "left")
"""


def test_a_database_of_a_process_that_is_gone_is_abandoned(
    database: StateDatabase, tmp_path: Path
) -> None:
    source_root = Path(mangrove.__path__[0]).parent
    subprocess.run([sys.executable, "-c", CHILD, tmp_path], check=True, cwd=source_root)
    register = SqliteScratchRegister(database)

    assert register.abandoned(SHOP) == ("left",)
    assert register.abandoned(OTHER) == ()

    register.remove(SHOP, "left")
    assert register.abandoned(SHOP) == ()


def test_our_own_databases_are_not_abandoned(database: StateDatabase) -> None:
    register = SqliteScratchRegister(database)

    register.add(SHOP, "in use")

    assert register.abandoned(SHOP) == ()
