"""``mangrove atlas`` on a pretended Atlas, as a person types it."""

from datetime import timedelta

import pytest

from fakes.atlas_desk import ACCOUNT, AtlasDesk
from mangrove.services.profiles import ProfileDraft
from servers.atlas_state import SHOP, compliance_policy


def test_an_account_is_added_only_when_it_signs_in(desk: AtlasDesk) -> None:
    known = desk.fake.sign_in
    wanted = ("atlas", "account", "add", "key", "--public-key", known.public_key)
    place = ("--secret-stdin", "--url", desk.fake.url)

    refused = desk(*wanted, *place, stdin="wrong\n")
    added = desk(*wanted, *place, stdin=known.private_key + "\n")

    assert (refused.code, added.code) == (7, 0)
    assert "Lab, Shop" in added.out
    listed = desk("--json", "atlas", "account", "list").document["accounts"]
    assert [a["name"] for a in listed] == ["key", ACCOUNT]
    state = b"".join(p.read_bytes() for p in desk.folder.rglob("*") if p.is_file())
    assert known.private_key.encode() not in state
    assert desk("atlas", "account", "remove", "key").code == 0
    assert desk("atlas", "account", "test", "key").code == 4


def test_an_address_that_would_carry_the_secret_in_the_clear_is_refused(desk: AtlasDesk) -> None:
    ended = desk(
        *("atlas", "account", "add", "far", "--client-id", "mdb_sa_id_1", "--secret-stdin"),
        *("--url", "http://atlas.example.org"),
        stdin="x\n",
    )

    assert ended.code == 2
    assert "is no address of Atlas" in ended.err


def test_clusters_are_listed_with_what_they_allow(desk: AtlasDesk) -> None:
    listed = desk("--json", "atlas", "clusters").document["clusters"]

    by_name = {c["name"]: c for c in listed}
    assert list(by_name) == ["bench", "production", "small", "staging", "toy", "wide"]
    assert by_name["production"]["not_possible"] == {}
    assert "turned off" in by_name["staging"]["not_possible"]["restore a point in time"]
    assert "free clusters" in by_name["toy"]["not_possible"]["take a snapshot"]
    assert "last 8" in by_name["small"]["not_possible"]["delete a snapshot"]
    shown = desk("atlas", "show", "production")
    assert "dedicated M30, replica set" in shown.out
    assert "any second from" in shown.out


def test_a_cluster_is_named_by_project_where_its_name_is_not_enough(desk: AtlasDesk) -> None:
    state = desk.fake.state
    twin = state.find("bench")
    state.clusters[twin.document["groupId"], "production"] = twin
    twin.document["name"] = "production"

    assert desk("atlas", "snapshots", "production").code == 4
    assert desk("atlas", "snapshots", "Shop/production").code == 0
    assert desk("atlas", "snapshots", "nowhere/production").code == 4


@pytest.mark.parametrize("name", ["production", "wide", "small"])
def test_snapshots_of_every_kind_are_listed(desk: AtlasDesk, name: str) -> None:
    document = desk("--json", "atlas", "snapshots", name).document

    assert document["snapshots"]
    assert {s["state"] for s in document["snapshots"]} == {"completed"}
    assert desk("atlas", "snapshots", name).out.startswith("SNAPSHOT")


def test_a_snapshot_is_taken_kept_longer_and_deleted(desk: AtlasDesk) -> None:
    taken = desk("--json", "atlas", "take", "staging", "--days", "3", "--description", "move")
    (made,) = desk("--json", "atlas", "snapshots", "staging").document["snapshots"]
    kept = desk("--json", "atlas", "keep", "staging", "latest", "--for", "30 days")
    refused = desk("atlas", "delete", "staging", "latest")
    wrong = desk("atlas", "delete", "staging", "latest", "--yes-delete-of", "production")
    gone = desk("atlas", "delete", "staging", made["snapshot"][:20], "--yes-delete-of", "staging")

    assert (taken.code, kept.code, refused.code, wrong.code, gone.code) == (0, 0, 5, 5, 0)
    assert taken.document["run"]["state"] == "succeeded"
    assert (made["description"], made["on_demand"]) == ("move", True)
    assert kept.document["snapshot"]["expires_at"] > made["expires_at"]
    assert desk("--json", "atlas", "snapshots", "staging").document["snapshots"] == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("take", "small"), "on demand it takes none"),
        (("take", "toy"), "free clusters"),
        (("schedule", "show", "small"), "cannot be changed"),
        (("contents", "small", "latest"), "whole snapshot only"),
        (("restore", "staging", "--to", "staging", "--at", "12:00"), "continuous backup is turned"),
    ],
)
def test_what_a_tier_does_not_allow_is_said_before_atlas_is_asked(
    desk: AtlasDesk, command: tuple[str, ...], words: str
) -> None:
    ended = desk("atlas", *command)

    assert ended.code == 1
    assert words in ended.err
    assert not [m for m, _ in desk.fake.calls if m != "GET"]


def test_what_a_snapshot_holds_is_listed(desk: AtlasDesk) -> None:
    held = desk("--json", "atlas", "contents", "production", "latest").document["databases"]

    assert held == {"shop": ["orders", "users"], "stock": ["items"]}


def test_a_schedule_is_shown_with_what_it_comes_to(desk: AtlasDesk) -> None:
    document = desk("--json", "atlas", "schedule", "show", "production").document["schedule"]

    assert document["time_utc"] == "18:00"
    assert [i["written"] for i in document["items"]] == [
        "hourly 6 keep 7 days",
        "daily keep 7 days",
        "weekly saturday keep 4 weeks",
        "monthly last keep 12 months",
        "yearly december keep 1 years",
    ]
    assert document["estimated_snapshots"] == sum(
        i["estimated_snapshots"] for i in document["items"]
    )
    assert document["broken_rules"] == []


def test_a_schedule_that_breaks_a_rule_is_not_sent(desk: AtlasDesk) -> None:
    lines = ("--line", "hourly 5 keep 7 days", "--line", "daily keep 3 days")

    ended = desk("atlas", "schedule", "edit", "production", *lines)
    preview = desk("--json", "atlas", "schedule", "edit", "production", *lines, "--dry-run")

    assert (ended.code, preview.code) == (2, 2)
    assert "1, 2, 4, 6, 8 or 12" in ended.err
    assert "daily snapshots kept 3 days must stay at least as long" in ended.err
    assert len(preview.document["schedule"]["broken_rules"]) == 2
    assert desk.fake.count("PATCH", "schedule") == 0


def test_a_schedule_is_changed_and_its_lines_keep_their_ids(desk: AtlasDesk) -> None:
    before = {
        i["frequencyType"]: i["id"]
        for i in desk.fake.state.find("production").schedule["policies"][0]["policyItems"]
    }

    ended = desk(
        *("atlas", "schedule", "edit", "production", "--time", "03:30", "--also-existing"),
        *("--line", "hourly 4 keep 8 days", "--line", "daily keep 2 weeks"),
        *("--restore-window", "5", "--copy-to", "aws/eu_west_1=daily,oplog"),
    )

    assert ended.code == 0
    sent = desk.fake.bodies[-1]
    assert {i["frequencyType"]: i["id"] for i in sent["policies"][0]["policyItems"]} == {
        name: before[name] for name in ("hourly", "daily")
    }
    assert sent["updateSnapshots"] is True
    assert (sent["referenceHourOfDay"], sent["restoreWindowDays"]) == (3, 5)
    (copied,) = sent["copySettings"]
    assert (copied["regionName"], copied["frequencies"]) == ("EU_WEST_1", ["DAILY"])
    assert copied["shouldCopyOplogs"] is True


def test_a_compliance_policy_is_respected(desk: AtlasDesk) -> None:
    desk.fake.state.compliance = compliance_policy()

    weak = desk("atlas", "schedule", "edit", "production", "--line", "daily keep 7 days")
    short = desk("atlas", "take", "production", "--days", "2")
    gone = desk("atlas", "delete", "production", "latest", "--yes-delete-of", "production")
    shown = desk("atlas", "schedule", "show", "production")

    assert (weak.code, short.code, gone.code) == (2, 5, 5)
    assert "must be kept 14 days by the compliance policy" in weak.err
    assert "must stay 14 days" in short.err
    assert "no snapshot can be deleted before it expires" in shown.out
    assert not [m for m, _ in desk.fake.calls if m != "GET"]


def test_a_profile_is_linked_by_the_servers_it_names(desk: AtlasDesk) -> None:
    uri = "mongodb+srv://ann@production.ab1cd.mongodb.net/?authSource=admin"
    desk.services.profiles.add(ProfileDraft("live", uri))

    linked = desk("--json", "atlas", "link", "live")
    listed = desk("--json", "atlas", "snapshots", "live")
    desk.fake.state.put_snapshot("production", timedelta(minutes=1))
    seen = desk("--json", "atlas", "refresh")

    assert linked.document["view"]["cluster"] == "Shop/production"
    assert listed.document["cluster"] == "Shop/production"
    assert [v["snapshots"] for v in seen.document["views"]] == [6]
    assert desk("atlas", "unlink", "live").code == 0
    assert desk("atlas", "refresh", "live").code == 4


def test_a_role_that_is_missing_is_named(desk: AtlasDesk) -> None:
    desk.fake.denies.add("backup/snapshots")

    ended = desk("atlas", "snapshots", f"{SHOP}/production")

    assert ended.code == 7
    assert "Project Read Only" in ended.err
