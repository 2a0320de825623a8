import pytest

from mangrove.core.backup import BackupId, Rename
from mangrove.core.globs import matches, matches_any
from mangrove.core.namespace import Namespace
from mangrove.core.vaults.url import StorageKind, parse_vault_url
from mangrove.ui.dialogs.restore_choice import RestoreChoice, chosen_globs, sources_of
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace, is_recipient, recipients_in
from mangrove.ui.models.namespace_rows import Chosen


def test_everything_needs_no_globs() -> None:
    assert chosen_globs(Chosen(("a", "b"), is_all=True)) == ((), ())


def test_globs_match_odd_names_literally() -> None:
    odd = Namespace("shop", "a*[b]?")

    ((glob,), _) = chosen_globs(Chosen((), (odd,)))

    assert matches(glob, str(odd))
    assert not matches(glob, "shop.axx[b]?")


def test_a_whole_database_takes_only_its_own_collections() -> None:
    ((glob,), _) = chosen_globs(Chosen(("shop",)))

    assert matches(glob, "shop.orders.2024")
    assert not matches(glob, "shop2.orders")


def test_what_little_is_left_out_of_a_database_is_excluded() -> None:
    kept = (Namespace("shop", "a"), Namespace("shop", "b*"), Namespace("web", "a"))
    left = (Namespace("shop", "c*"), Namespace("web", "b"), Namespace("web", "c"))

    include, exclude = chosen_globs(Chosen((), kept, left_out=left))

    assert len(include) == 2
    for namespace in (*kept, *left):
        name = str(namespace)
        is_taken = matches_any(include, name) and not matches_any(exclude, name)
        assert is_taken == (namespace in kept)


def test_request_names_every_target_outright() -> None:
    choice = RestoreChoice(
        BackupId("b"), "staging", Chosen(("shop",), is_all=True), targets=(("shop", "copy"),)
    )

    request = choice.request()

    assert request.renames == (Rename("shop", "copy"),)
    assert request.replace == ()
    assert choice.is_complete


@pytest.mark.parametrize(
    "choice",
    [
        RestoreChoice(BackupId("b"), "", Chosen(("a",))),
        RestoreChoice(BackupId("b"), "p", Chosen()),
        RestoreChoice(BackupId("b"), "p", Chosen(("a",)), targets=(("a", ""),)),
    ],
    ids=["no profile", "nothing chosen", "no name"],
)
def test_an_unfinished_choice_is_not_complete(choice: RestoreChoice) -> None:
    assert not choice.is_complete


def test_sources_are_the_databases_concerned() -> None:
    assert sources_of(Chosen(("b",), (Namespace("a", "x"), Namespace("a", "y")))) == ("a", "b")


def test_folder_with_odd_signs_survives_its_url() -> None:
    url = VaultPlace(folder="/srv/back ups/50%?#x").url()

    assert parse_vault_url(url).root == "/srv/back ups/50%?#x"


def test_bucket_url_carries_endpoint_and_region() -> None:
    place = VaultPlace(
        kind=StorageKind.S3,
        bucket="b",
        prefix="/deep/er/",
        endpoint="https://s3.example.net:9000",
        region="eu",
    )

    address = parse_vault_url(place.url())

    assert (address.kind, address.root) == (StorageKind.S3, "b/deep/er")
    assert address.option("endpoint") == "https://s3.example.net:9000"
    assert address.option("region") == "eu"


def test_recipients_are_read_line_by_line() -> None:
    good = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

    assert recipients_in(f"\n {good} \n\nx\n") == (good, "x")
    assert is_recipient(good)
    assert not is_recipient("AGE-SECRET-KEY-1QQQ")
