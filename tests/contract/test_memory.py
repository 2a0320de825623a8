import pytest

from contract.storage_suite import StorageSuite
from fakes.memory_storage import MemoryStorage
from mangrove.core.ports.storage import Storage


class TestMemoryStorage(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
