"""A workstation that is signed in to a pretended Atlas."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.atlas_desk import AtlasDesk, atlas_desk
from servers.atlas import FakeAtlas


@pytest.fixture
def desk(tmp_path: Path, atlas: FakeAtlas) -> Iterator[AtlasDesk]:
    with atlas_desk(tmp_path, atlas) as opened:
        opened.add_account()
        yield opened
