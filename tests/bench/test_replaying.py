"""The replay's speed, small: a floor that holds on a busy machine too."""

import pytest

from bench.replaying import measure
from mangrove.connectors.embedded.mongod import EmbeddedMongod


@pytest.mark.mongod
def test_a_replay_is_ten_times_as_fast_as_one_command_for_each_entry(
    replica_set: EmbeddedMongod,
) -> None:
    measured = [measure(replica_set.uri, 8_000, singles=400) for _ in range(2)]

    assert max(speeds.ratio for speeds in measured) >= 10, measured
