import pytest

from contract.storage_suite import StorageSuite
from mangrove.core.ports.storage import Storage
from mangrove.vault.storage.memory import MemoryStorage


class TestMemoryStorage(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
