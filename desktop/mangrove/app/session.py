"""The services of one command: on the person's own state, with a log file beside them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from mangrove.app.container import open_services, usual_parts
from mangrove.app.logs import logging_to
from mangrove.app.paths import app_paths
from mangrove.app.redaction import Redaction, WatchedSecrets
from mangrove.services.bundle import Services


@contextmanager
def own_services(session: ExitStack) -> Iterator[Services]:
    """Open the services; the log file stays open until the end of the session."""
    paths, redaction = app_paths(os.environ), Redaction()
    paths.ensure()
    session.enter_context(logging_to(paths.logs, redaction))
    parts = usual_parts()
    watched = replace(parts, secrets=WatchedSecrets(parts.secrets, redaction))
    with open_services(paths, watched) as services:
        yield services
