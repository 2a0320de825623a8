"""Builds what alerts are made of: stores, courier, alarm, and the two services on top of them."""

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from mangrove.connectors.alerts.apprise_sender import AppriseSender
from mangrove.connectors.alerts.desktop import FreedesktopNotifier
from mangrove.connectors.alerts.heartbeat import HttpPinger
from mangrove.connectors.state.alerts import SqliteAlerts
from mangrove.connectors.state.channels import SqliteChannels
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.jobs import SqliteJobs
from mangrove.connectors.state.leases import SqliteLease
from mangrove.connectors.state.vaults import SqliteVaults
from mangrove.core.figures.answer import Overview
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.alerts.alarm import Alarm
from mangrove.jobs.alerts.courier import Addresses, Courier, SwitchedDesktop
from mangrove.services.alert_facts import AlertFacts, Rooms
from mangrove.services.alerts import Alerts
from mangrove.services.channels import Channels, ChannelTools


@dataclass(frozen=True, slots=True)
class AlarmParts:
    """What the container hands on."""

    alarm: Alarm
    alerts: Alerts
    channels: Channels


@dataclass(frozen=True, slots=True)
class Watching:
    """What the alarm looks at.

    Attributes:
        overview: Gives the figures.
        free_bytes: Asks a vault's storage.
    """

    catalog: Catalog
    overview: Callable[[], Overview]
    free_bytes: Callable[[VaultSpec], int | None]


@contextmanager
def alarm_parts(
    secrets: SecretStore, clock: Clock, database: StateDatabase, watching: Watching
) -> Iterator[AlarmParts]:
    """Build the alarm and its services; no thread is started yet, and it is ended afterwards."""
    store, channels, jobs = SqliteAlerts(database), SqliteChannels(database), SqliteJobs(database)
    agent = SqliteLease(database, "agent")
    desktop = SwitchedDesktop(FreedesktopNotifier())
    sender, pinger = AppriseSender(), HttpPinger()
    courier = Courier(store, channels, Addresses(secrets), sender, pinger, desktop, clock)
    facts = AlertFacts(
        jobs=jobs,
        vaults=SqliteVaults(database),
        catalog=watching.catalog,
        agent=lambda: agent.holder(clock.now()),
        overview=watching.overview,
        rooms=Rooms(watching.free_bytes),
    )

    def is_ours() -> bool:
        holder = agent.holder(clock.now())
        return holder is None or holder.pid == os.getpid()

    alarm = Alarm(
        store=store,
        channels=channels,
        courier=courier,
        facts=facts,
        is_ours=is_ours,
        clock=clock,
        workstation=platform.node(),
    )
    tools = ChannelTools(channels, store, jobs, secrets, sender, pinger, courier, clock)
    with closing(alarm):
        alerts = Alerts(store, facts, alarm, desktop, clock)
        yield AlarmParts(alarm, alerts, Channels(tools))
