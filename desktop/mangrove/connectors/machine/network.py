"""Whether there is a way to other machines, found out without sending anything."""

import socket
from collections.abc import Sequence
from contextlib import closing

from typing_extensions import override

from mangrove.core.ports.agent import Network

# Source: RFC 5737 and RFC 3849: addresses for documentation, which nobody has.
ANYWHERE = ("192.0.2.1", "2001:db8::1")
_DISCARD_PORT = 9


class RoutedNetwork(Network):
    """Asks the routing table, by way of a datagram socket that is connected and sends nothing.

    A name counts as reachable as soon as there is a way out of this machine: who it is, only a
    name server could tell. Without a way out it is looked up all the same, for it may be in the
    machine's own list of hosts.
    """

    @override
    def leads_to(self, hosts: Sequence[str]) -> bool:
        return all(self._leads_to(host) for host in hosts)

    def _leads_to(self, host: str) -> bool:
        addresses = _literal(host)
        if not addresses and any(map(_has_route, ANYWHERE)):
            return True
        return any(map(_has_route, addresses or _looked_up(host)))


def _literal(host: str) -> list[str]:
    return _resolved(host, socket.AI_NUMERICHOST)


def _looked_up(host: str) -> list[str]:
    return _resolved(host, 0)


def _resolved(host: str, flags: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM, flags=flags)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


def _has_route(address: str) -> bool:
    """Whether the system knows a way. Source: udp(7), ``connect`` fixes the address only."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((address, _DISCARD_PORT))
    except OSError:
        return False
    return True
