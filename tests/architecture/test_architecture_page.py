"""What the architecture page points to is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "desktop"
FLOORS = "app|ui|cli|services|jobs|engine|vault|connectors|core"
NAMED = re.compile(rf"`((?:{FLOORS})/[\w/.]*)`")


def is_there(name: str) -> bool:
    path = ROOT / "mangrove" / name
    return path.exists() or path.with_name(f"{path.name}.py").exists()


def test_every_module_and_folder_that_the_page_names_exists() -> None:
    named = NAMED.findall((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))

    assert len(named) > 50
    assert not [name for name in named if not is_there(name)]
