"""How Atlas is asked: signing in, patience, pages, and what its refusals become."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from mangrove.connectors.atlas.gate import HttpAtlasGate
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.atlas.account import AtlasAccount, AtlasAccountId, SignIn
from mangrove.core.atlas.cluster import AtlasCluster, Tier
from mangrove.core.errors import (
    AtlasBusyError,
    AtlasComplianceError,
    AtlasConflictError,
    AtlasDeniedError,
    AtlasNotFoundError,
    AtlasRequestError,
    AtlasSignInError,
    AtlasUnreachableError,
    MangroveError,
    RunCancelled,
)
from mangrove.core.ports.atlas import AtlasApi
from mangrove.core.secret import Secret
from servers.atlas import FakeAtlas
from servers.atlas_state import SHOP
from servers.process import HOST, free_port

MADE = datetime(2026, 1, 1, tzinfo=UTC)
STAGING = AtlasCluster(SHOP, "staging", Tier.DEDICATED, has_backups=True)


class Seconds:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(
    fake: FakeAtlas,
    kind: SignIn = SignIn.SERVICE_ACCOUNT,
    secret: str = "",
    seconds: Seconds | None = None,
    said: list[str] | None = None,
) -> Iterator[AtlasApi]:
    known, is_key = fake.sign_in, kind is SignIn.API_KEY
    user = known.public_key if is_key else known.client_id
    right = known.private_key if is_key else known.client_secret
    account = AtlasAccount(AtlasAccountId("a"), "a", kind, user, MADE, fake.url)
    gate = HttpAtlasGate(SessionSecrets(), seconds or Seconds(), (0.0, 0.0), (0.0, 0.0))
    say = said.append if said is not None else None
    with gate.open(account, Secret(secret or right), say) as api:
        yield api


def test_a_token_serves_many_calls_and_is_renewed_before_it_ends(atlas: FakeAtlas) -> None:
    seconds = Seconds()
    with opened(atlas, seconds=seconds) as api:
        api.projects()
        api.clusters(SHOP)
        assert atlas.sign_in.given == 1

        seconds.now = 3600 - 30
        api.projects()

    assert atlas.sign_in.given == 2


def test_a_token_that_was_revoked_is_fetched_anew_once(atlas: FakeAtlas) -> None:
    with opened(atlas) as api:
        api.projects()
        atlas.sign_in.tokens.clear()

        assert len(api.projects()) == 2

    assert atlas.sign_in.given == 2


@pytest.mark.parametrize("kind", SignIn, ids=str)
def test_a_wrong_secret_is_told_as_that_and_shown_nowhere(
    atlas: FakeAtlas, kind: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with opened(atlas, kind, "wrong-secret-42") as api, pytest.raises(AtlasSignInError) as caught:
        api.projects()

    assert "access list" in caught.value.hint
    assert "wrong-secret-42" not in caplog.text + str(caught.value) + repr(caught.value.details)


def test_an_api_key_signs_by_digest_and_never_sends_its_private_part(atlas: FakeAtlas) -> None:
    with opened(atlas, SignIn.API_KEY) as api:
        assert len(api.projects()) == 2
        assert len(api.clusters(SHOP)) == 5

    assert atlas.sign_in.challenges >= 1
    assert atlas.sign_in.given == 0


def test_lists_are_read_to_their_end(atlas: FakeAtlas) -> None:
    for minutes in range(230):
        atlas.state.put_snapshot("staging", timedelta(minutes=minutes))

    with opened(atlas) as api:
        found = api.snapshots(STAGING)

    assert len(found) == 230
    assert atlas.count("GET", "staging/backup/snapshots") == 3
    moments = [s.created_at for s in found if s.created_at]
    assert moments == sorted(moments, reverse=True)


def test_too_many_requests_are_waited_for_as_atlas_says(atlas: FakeAtlas) -> None:
    said: list[str] = []
    for _ in range(2):
        atlas.refuse_next(429, "RATE_LIMITED_TOKEN_BUCKET", "slower", Retry_After="0")

    with opened(atlas, said=said) as api:
        assert len(api.projects()) == 2

    assert said == ["Atlas asks to wait 0 s before the next request"] * 2


@pytest.mark.parametrize(("wait", "times"), [("3600", 1), ("0", 3)])
def test_a_limit_that_lasts_is_an_error_that_says_how_long(
    atlas: FakeAtlas, wait: str, times: int
) -> None:
    for _ in range(times):
        atlas.refuse_next(429, "RATE_LIMITED_TOKEN_BUCKET", "slower", Retry_After=wait)

    with opened(atlas) as api, pytest.raises(AtlasBusyError) as caught:
        api.projects()

    assert caught.value.hint == f"try again in {max(int(wait), 1)} seconds"


def test_what_only_reads_is_tried_again_and_what_changes_something_is_not(
    atlas: FakeAtlas,
) -> None:
    with opened(atlas) as api:
        atlas.refuse_next(503, "UNEXPECTED_ERROR")
        assert len(api.projects()) == 2

        atlas.refuse_next(500, "UNEXPECTED_ERROR", "lightning")
        with pytest.raises(AtlasUnreachableError, match="lightning"):
            api.take(STAGING, "x", 1)

    assert atlas.count("POST", "/snapshots") == 1
    assert atlas.state.find("staging").snapshots == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (400, "INVALID_ATTRIBUTE", AtlasRequestError, "INVALID_ATTRIBUTE"),
        (403, "USER_UNAUTHORIZED", AtlasDeniedError, "Project Backup Manager"),
        (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", AtlasSignInError, "public address"),
        (403, "CANNOT_DELETE_WITH_BACKUP_COMPLIANCE_POLICY", AtlasComplianceError, "compliance"),
        (404, "CLUSTER_NOT_FOUND", AtlasNotFoundError, "mangrove atlas clusters"),
        (405, "CANNOT_CANCEL_RESTORE_JOB", AtlasConflictError, "any more"),
        (409, "ATLAS_CLUSTER_UPDATE_IN_PROGRESS", AtlasConflictError, "wait until"),
    ],
)
def test_refusals_become_sentences(
    atlas: FakeAtlas, status: int, code: str, kind: type[MangroveError], words: str
) -> None:
    atlas.refuse_next(status, code, "the reason")

    with opened(atlas) as api, pytest.raises(kind) as caught:
        api.projects()

    assert "the reason" in caught.value.message
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_an_atlas_that_is_not_there_is_told_after_a_few_tries(atlas: FakeAtlas) -> None:
    atlas.url = f"http://{HOST}:{free_port()}"

    with opened(atlas) as api, pytest.raises(AtlasUnreachableError, match="cannot be reached"):
        api.projects()


def test_an_answer_that_breaks_off_is_told_as_that(atlas: FakeAtlas) -> None:
    atlas.state.projects = {"not-an-id": ""}
    atlas.state.clusters.clear()

    with opened(atlas) as api:
        (project,) = api.projects()

    assert (project.project_id, project.name) == ("not-an-id", "")


def test_a_call_is_broken_off_while_atlas_lets_us_wait(atlas: FakeAtlas) -> None:
    reached = threading.Event()
    atlas.hold = reached.set
    raised: list[BaseException] = []

    with opened(atlas) as api:

        def ask() -> None:
            try:
                api.projects()
            except BaseException as error:  # noqa: BLE001 - looked at below
                raised.append(error)

        asking = threading.Thread(target=ask, name="asking")
        asking.start()
        try:
            assert reached.wait(20)
            api.abort()
            asking.join(20)
        finally:
            atlas.release.set()

    assert [type(e) for e in raised] == [RunCancelled]


def test_a_wait_for_a_limit_is_broken_off_at_once(atlas: FakeAtlas) -> None:
    said: list[str] = []
    atlas.refuse_next(429, "RATE_LIMITED_TOKEN_BUCKET", "slower", Retry_After="100")
    with opened(atlas, said=said) as api:
        said_something = threading.Thread(target=lambda: _abort_once(api, said), name="aborting")
        said_something.start()
        with pytest.raises(RunCancelled):
            api.projects()
        said_something.join(20)


def _abort_once(api: AtlasApi, said: list[str]) -> None:
    pause = threading.Event()
    for _ in range(3000):  # a test that fails must not wait for ever
        if said:
            break
        pause.wait(0.01)
    api.abort()
