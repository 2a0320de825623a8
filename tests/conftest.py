"""What every test gets: the guards of ``guards.py``, and the real servers of ``servers/``."""

from hypothesis import settings

# Examples of property tests have no time limit each: the machine may be busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

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
