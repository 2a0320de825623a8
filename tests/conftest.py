"""What every test gets: the guards of ``guards.py``, and the real servers of ``servers/``."""

from hypothesis import HealthCheck, settings
from pytestqt.qtbot import QtBot

# Examples of property tests have no time limit, nor has making them up: the machine may be busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Windows, too, are waited for until what is wanted is there; the limit is for a busy machine.
for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals, QtBot.waitExposed):
    wait.__kwdefaults__["timeout"] = 60_000

pytest_plugins = [
    "guards",
    "look",
    "servers.mongod",
    "servers.mail",
    "servers.receiver",
    "servers.keyring_service",
    "servers.logind",
    "servers.object_stores",
    "servers.azure",
    "servers.google",
    "servers.atlas",
    "servers.prism",
    "servers.xvfb",
    "servers.full_disk",
    "servers.frozen_disk",
    "servers.sshd",
    "servers.loop_volumes",
]
