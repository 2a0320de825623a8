"""Signs of life to a watch outside, in the way that healthchecks.io made common."""

import logging
from urllib.parse import urlsplit

from typing_extensions import override

from mangrove.core.alerts.delivery import Signal
from mangrove.core.errors import DeliveryError
from mangrove.core.ports.alert import Pinger
from mangrove.core.secret import Secret

TIMEOUT_S = 10.0
MAX_TEXT = 10_000
GOOD = range(200, 300)
_CLIENT_LOG = logging.getLogger("urllib3")


class HttpPinger(Pinger):
    """Sends each sign as one POST with the text as its body.

    Source: healthchecks.io, "Pinging API": success is the URL itself, start and failure are
    ``/start`` and ``/fail`` below it, ``rid`` ties a run's start to its end, and the first 10 kB
    of the body are kept.

    Threads: safe for several.
    """

    @override
    def ping(self, url: Secret, signal: Signal, text: str, ping_id: str = "") -> None:
        # Loaded only when a heartbeat was set.
        import requests  # noqa: PLC0415

        _CLIENT_LOG.setLevel(logging.ERROR)  # its warnings hold the path, which is the secret
        address = address_of(url, signal)
        query = {"rid": ping_id} if ping_id else None
        try:
            answer = requests.post(
                address.reveal(),
                params=query,
                data=text.encode()[:MAX_TEXT],
                timeout=TIMEOUT_S,
                headers={"User-Agent": "Mangrove"},
            )
        except requests.RequestException as error:
            raise DeliveryError(
                f"the watch outside was not reached: {_kind_of(error)}",
                hint="see whether its address is right and the network is up",
            ) from None  # the original holds the whole URL
        if answer.status_code not in GOOD:
            raise DeliveryError(
                f"the watch outside answered {answer.status_code} {answer.reason}",
                hint="see whether the check still exists there",
            )


def address_of(url: Secret, signal: Signal) -> Secret:
    """Return the address of one signal; a query stays where it is."""
    parts = urlsplit(url.reveal().strip())
    path = parts.path.rstrip("/") + (f"/{signal}" if signal else "")
    return Secret(parts._replace(path=path).geturl())


def _kind_of(error: Exception) -> str:
    """Say what went wrong without the URL, which stands in the text of every such error."""
    kinds = {
        "ConnectTimeout": "no answer in time",
        "ReadTimeout": "no answer in time",
        "SSLError": "its certificate is not trusted",
        "ProxyError": "the proxy did not let it through",
        "ConnectionError": "the connection was refused or lost",
    }
    return kinds.get(type(error).__name__, type(error).__name__)
