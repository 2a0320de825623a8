import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from integration.state.samples import a_full_run, a_profile, a_vault
from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.core.profile import Profile
from mangrove.core.run import RunStatus
from mangrove.core.secret import Secret


@pytest.mark.parametrize(
    "value", [a_profile(), a_vault(), a_full_run()], ids=["profile", "vault", "run"]
)
def test_every_value_comes_back_as_it_was(value: object) -> None:
    assert decoded(type(value), encoded(value)) == value


def test_a_secret_inside_is_refused_with_its_value_unsaid() -> None:
    @dataclass(frozen=True)
    class Holder:
        secret: Secret

    with pytest.raises(TypeError) as caught:
        encoded(Holder(Secret("hunter2")))

    assert "hunter2" not in str(caught.value)


def test_moments_are_stored_in_utc() -> None:
    @dataclass(frozen=True)
    class Holder:
        at: datetime

    text = encoded(Holder(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))))

    assert json.loads(text) == {"at": "2026-01-01T00:00:00+00:00"}
    assert decoded(Holder, text).at == datetime(2026, 1, 1, tzinfo=UTC)


def changed(**changes: object) -> str:
    data = json.loads(encoded(a_profile()))
    for path, value in changes.items():
        target = data
        *outer, last = path.split("__")
        for name in outer:
            target = target[name]
        target[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", "Profile is not an object"),
        ("[]", "Profile is not an object"),
        ("{}", "lacks profile_id"),
        (changed(colour="pink"), "Profile.colour is none of"),
        (changed(colour=["red"]), "Profile.colour is none of"),
        (changed(extra=1), "a field we do not know"),
        (changed(name=1), "Profile.name is not of type str"),
        (changed(name=None), "Profile.name is not of type str"),
        (changed(created_at="yesterday"), "Profile.created_at is not a moment"),
        (changed(created_at="2026-01-01T00:00:00"), "Profile.created_at is not a moment"),
        (changed(created_at=5), "Profile.created_at is not a moment"),
        (changed(uri__hosts="db1"), "Profile.uri.hosts is not a list"),
        (changed(uri__hosts=[1]), r"Profile.uri.hosts\[0\] is not of type str"),
        (changed(uri__options=[["a"]]), r"Profile.uri.options\[0\] has 1 entries instead of 2"),
        (changed(password=["ref"]), "Profile.password is not an object"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        decoded(Profile, text)


@pytest.mark.parametrize(
    ("field", "value"),
    [("documents", True), ("documents", 1.0), ("remaining", 1 << 80), ("rate_bytes_per_s", "1")],
)
def test_a_run_with_a_wrong_number_is_refused(field: str, value: object) -> None:
    data = json.loads(encoded(a_full_run())) | {field: value}

    with pytest.raises(CodecError):
        decoded(RunStatus, json.dumps(data))


def test_a_number_that_json_does_not_know_is_refused() -> None:
    data = json.loads(encoded(a_full_run())) | {"rate_bytes_per_s": float("nan")}

    with pytest.raises(CodecError, match="not JSON"):
        decoded(RunStatus, json.dumps(data))


def test_a_record_from_before_a_field_with_a_default_is_read() -> None:
    data = json.loads(encoded(a_full_run()))
    del data["waiting_for"]

    assert decoded(RunStatus, json.dumps(data)).waiting_for == ""


def test_the_reason_never_repeats_what_stood_there() -> None:
    with pytest.raises(CodecError) as caught:
        decoded(Profile, changed(colour="hunter2"))

    assert "hunter2" not in str(caught.value)
