from dataclasses import replace

import pytest

from mangrove.core.deployment import DeploymentMark, untested


@pytest.mark.parametrize("version", ["4.4.0", "4.4.29", "5.0.4", "5.3.1", "6.0.5", "6.0.27", ""])
def test_a_tested_version_needs_no_warning(version: str) -> None:
    assert untested(version) == ""


@pytest.mark.parametrize(
    ("version", "said"),
    [("4.2.6", "4.2"), ("6.1.0-rc0", "6.1"), ("7.0.28", "7.0"), ("8.0.17", "8.0")],
)
def test_another_version_is_named_with_what_to_do(version: str, said: str) -> None:
    text = untested(version)

    assert text.startswith(f"MongoDB {said} was not tested with this Mangrove; ")
    assert "4.4 to 6.0" in text
    assert "trial restore" in text


SET = DeploymentMark("rs0", frozenset({"a:1", "b:1"}), "a:1", "p1")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param(SET, True, id="itself"),
        pytest.param(replace(SET, me="b:1", process="p2"), True, id="another node of the set"),
        pytest.param(replace(SET, process="p2"), False, id="another machine behind a tunnel"),
        pytest.param(replace(SET, process=""), True, id="a server that tells no process"),
        pytest.param(replace(SET, replica_set="rs1", process="p2", me=""), False, id="other set"),
        pytest.param(
            replace(SET, hosts=frozenset({"c:1"}), me="c:1", process="p2"), False, id="other nodes"
        ),
        pytest.param(DeploymentMark(process="p2"), False, id="a standalone"),
    ],
)
def test_a_deployment_is_known_by_what_its_servers_say(
    other: DeploymentMark, *, is_same: bool
) -> None:
    assert SET.is_same(other) is is_same
    assert other.is_same(SET) is is_same


def test_a_sharded_cluster_is_known_by_its_own_id() -> None:
    one = DeploymentMark(process="mongos 1", cluster="c1")

    assert one.is_same(DeploymentMark(process="mongos 2", cluster="c1"))
    assert not one.is_same(DeploymentMark(process="mongos 2", cluster="c2"))
    assert not one.is_same(DeploymentMark(process="mongos 2"))
