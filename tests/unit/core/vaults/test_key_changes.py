"""Recipients come and go, signing keys retire, kits are confirmed: as pure functions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.vaults import new_vault
from mangrove.core.errors import InvalidKeyError
from mangrove.core.vaults.key_changes import (
    Holder,
    code_digest,
    find_holder,
    holders,
    is_within,
    kit_state,
    parse_holder,
    with_confirmed_kit,
    with_holder,
    with_kit,
    with_new_signing_key,
    without_holder,
)
from mangrove.core.vaults.keys import KitState, RetiredKey
from mangrove.core.vaults.vault import VaultSpec, signing_key_ref, signing_ref_of

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANA = Holder("age1ana", "Ana")


@pytest.fixture
def spec() -> VaultSpec:
    return new_vault().spec


@pytest.mark.parametrize(
    ("text", "holder"),
    [
        ("age1abc", Holder("age1abc")),
        (" age1abc ", Holder("age1abc")),
        ("Ana=age1abc", Holder("age1abc", "Ana")),
        ("Offline key, safe = age1abc", None),
        ("Offline key, safe =age1abc", Holder("age1abc", "Offline key, safe")),
        ("=age1abc", Holder("age1abc", "")),
        ("", None),
        ("Ana=", None),
        ("x" * 61 + "=age1abc", None),
        ("A\x1bna=age1abc", None),
    ],
)
def test_a_recipient_is_written_with_or_without_a_name(text: str, holder: Holder | None) -> None:
    if holder is None:
        with pytest.raises(InvalidKeyError, match="nothing was changed"):
            parse_holder(text)
    else:
        assert parse_holder(text) == holder


def test_an_added_recipient_opens_what_comes_and_has_its_name(spec: VaultSpec) -> None:
    changed = with_holder(spec, ANA)

    assert changed.recipients == (*spec.recipients, "age1ana")
    assert holders(changed)[-1] == ANA
    assert find_holder(changed, "Ana") == find_holder(changed, "age1ana") == ANA


def test_a_recipient_added_twice_is_there_once_with_the_newer_name(spec: VaultSpec) -> None:
    changed = with_holder(with_holder(spec, ANA), Holder("age1ana", "Ana B."))

    assert changed.recipients.count("age1ana") == 1
    assert holders(changed)[-1].name == "Ana B."


def test_a_removed_recipient_is_remembered_for_what_it_can_open_already(spec: VaultSpec) -> None:
    changed = without_holder(with_holder(spec, ANA), "Ana")

    assert changed.recipients == spec.recipients
    assert changed.former_recipients == ("age1ana",)
    assert changed.recipient_names == ()
    assert with_holder(changed, ANA).former_recipients == ()


def test_the_last_recipient_cannot_be_removed(spec: VaultSpec) -> None:
    with pytest.raises(InvalidKeyError, match="only recipient"):
        without_holder(spec, spec.recipients[0])


def test_a_name_that_two_have_is_refused(spec: VaultSpec) -> None:
    both = with_holder(with_holder(spec, ANA), Holder("age1other", "Ana"))

    with pytest.raises(InvalidKeyError, match="more than one"):
        without_holder(both, "Ana")


def test_an_unencrypted_vault_takes_no_recipient() -> None:
    with pytest.raises(InvalidKeyError, match="not encrypted"):
        with_holder(new_vault(encrypted=False).spec, ANA)


@pytest.mark.parametrize(
    ("comment", "fits"),
    [
        ("mangrove backup b sequence 7 vault v", True),
        ("mangrove backup b sequence 8 vault v", False),
        ("mangrove evidence b level stored at 2026-03-01T12:00:00.000000Z vault v", True),
        ("mangrove evidence b level stored at 2026-03-01T12:00:00.000001Z vault v", False),
        ("mangrove evidence b level stored at 2026-13-01T12:00:00.000001Z vault v", False),
        ("mangrove something vault v", False),
    ],
)
def test_a_retired_key_vouches_only_for_its_own_time(comment: str, fits: bool) -> None:
    assert is_within(RetiredKey("RWx", 7, AT), comment) is fits


def test_each_signing_key_has_a_keyring_entry_of_its_own(spec: VaultSpec) -> None:
    second = with_new_signing_key(spec, "RWnew", RetiredKey(spec.public_key, 3, AT))
    third = with_new_signing_key(second, "RWnewer", RetiredKey(second.public_key, 5, AT))

    refs = [signing_ref_of(s) for s in (spec, second, third)]
    assert refs[0] == signing_key_ref(spec.vault_id)
    assert len(set(refs)) == 3
    assert [k.last_sequence for k in third.retired_keys] == [3, 5]


def test_a_kit_counts_as_stored_only_when_its_code_was_typed_back(spec: VaultSpec) -> None:
    made = with_kit(spec, "ABCD-EFGH-2345", AT)
    confirmed = with_confirmed_kit(made, " abcd efgh 2345", AT + timedelta(hours=1))

    assert kit_state(spec) is KitState.MISSING
    assert kit_state(made) is KitState.UNCONFIRMED
    assert kit_state(confirmed) is KitState.STORED
    assert made.kit is not None
    assert made.kit.code_digest == code_digest("abcdefgh2345")


def test_a_wrong_code_confirms_nothing(spec: VaultSpec) -> None:
    made = with_kit(spec, "ABCD-EFGH-2345", AT)

    with pytest.raises(InvalidKeyError, match="not the code"):
        with_confirmed_kit(made, "ABCD-EFGH-2346", AT)
    with pytest.raises(InvalidKeyError, match="no recovery kit"):
        with_confirmed_kit(spec, "ABCD-EFGH-2345", AT)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: with_holder(s, ANA),
        lambda s: with_new_signing_key(s, "RWnew", RetiredKey(s.public_key, 3, AT)),
        lambda s: replace(s, description_recipient="age1d"),
    ],
    ids=["recipient", "signing key", "description key"],
)
def test_a_kit_is_outdated_once_a_key_changes(spec: VaultSpec, change: object) -> None:
    stored = with_confirmed_kit(with_kit(spec, "C0DE", AT), "C0DE", AT)

    changed = change(stored)  # type: ignore[operator]  # one of the functions above

    assert kit_state(changed) is KitState.OUTDATED
    with pytest.raises(InvalidKeyError, match="have changed since"):
        with_confirmed_kit(changed, "C0DE", AT)
