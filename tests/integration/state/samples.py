"""Values that the tests of the local state store and read back."""

from dataclasses import replace
from datetime import timedelta

from fakes.clock import NOON
from mangrove.core.backup import BackupId, Compression
from mangrove.core.profile import Colour, Profile, ProfileId, password_ref
from mangrove.core.run import (
    Loss,
    NamespaceProgress,
    NamespaceState,
    Phase,
    Problem,
    RunId,
    RunKind,
    RunResult,
    RunState,
    RunStatus,
)
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.vault import VaultId, VaultSpec


def a_profile(name: str = "Shop", profile_id: str = "p1", slug: str = "") -> Profile:
    uri = parse_uri("mongodb://ann@db1.example.net:27017,[::1]:27018/shop?tls=true").uri
    return Profile(
        profile_id=ProfileId(profile_id),
        name=name,
        slug=slug or name.lower(),
        uri=uri,
        password=password_ref(ProfileId(profile_id)),
        certificate_password=None,
        colour=Colour.RED,
        created_at=NOON,
    )


def a_vault(name: str = "Safe", vault_id: str = "v1") -> VaultSpec:
    return VaultSpec(
        vault_id=VaultId(vault_id),
        name=name,
        url="s3://bucket/prefix?region=eu-central-1",
        recipients=("age1qqq",),
        public_key="RWQq",
        compression=Compression.ZSTD,
        access_key="AKIA",
        created_at=NOON,
    )


def a_run(run_id: str = "r1", state: RunState = RunState.RUNNING, owner_pid: int = 0) -> RunStatus:
    return RunStatus(
        run_id=RunId(run_id),
        kind=RunKind.BACKUP,
        title="Back up Shop",
        profile="Shop",
        vault="Safe",
        backup=None,
        state=state,
        created_at=NOON,
        owner_pid=owner_pid,
    )


def a_full_run() -> RunStatus:
    """Return a run in which no field has its default."""
    progress = NamespaceProgress("shop.orders", NamespaceState.FAILED, 5, 10, 3, "lost")
    result = RunResult(
        summary="stored",
        warnings=("slow",),
        losses=(Loss("shop.orders", "refused", ('{"$oid":"0"}',), 2),),
        backup=BackupId("20260301T120000Z-shop-0a1b"),
        figures=(("seconds", 1.5), ("bytes", 12.0)),
        targets=("shop_restored",),
    )
    return replace(
        a_run(),
        backup=BackupId("20260301T120000Z-shop-0a1b"),
        started_at=NOON + timedelta(seconds=1),
        ended_at=NOON + timedelta(seconds=2, microseconds=7),
        phase=Phase.REREAD,
        phases=(Phase.DUMP, Phase.REREAD),
        note="reading",
        done_bytes=1 << 40,
        total_bytes=1 << 41,
        documents=7,
        rate_bytes_per_s=0.1,
        remaining=timedelta(seconds=3, microseconds=1),
        namespaces=(progress,),
        namespaces_done=1,
        namespaces_total=2,
        waiting_for="another run",
        result=result,
        problem=Problem("bug", "went wrong", "tell us", is_bug=True),
        owner_pid=42,
    )
