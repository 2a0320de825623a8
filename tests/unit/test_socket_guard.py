"""The socket guard: below this folder no test reaches a network."""

import socket

import pytest


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def test_unit_test_cannot_open_a_network_socket(family: socket.AddressFamily) -> None:
    with pytest.raises(AssertionError, match="may not open a network socket"):
        socket.socket(family)


def test_unit_test_can_still_talk_to_itself() -> None:
    one, other = socket.socketpair()

    with one, other:
        one.sendall(b"x")
        assert other.recv(1) == b"x"
