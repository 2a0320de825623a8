"""Accounts of Atlas: add one that works, see what it may, forget it."""

import secrets
from dataclasses import dataclass

from mangrove.core.atlas.account import (
    DEFAULT_URL,
    AtlasAccount,
    AtlasAccountId,
    SignIn,
    checked_url,
    checked_user,
)
from mangrove.core.atlas.cluster import AtlasProject
from mangrove.core.errors import NameTakenError
from mangrove.core.profile import checked_name
from mangrove.core.secret import Secret
from mangrove.services.atlas.tools import AtlasTools


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What a person typed for an account.

    Attributes:
        user: The client id of a service account, or the public key of an API key.
        secret: The client secret or the private key.
    """

    name: str
    sign_in: SignIn
    user: str
    secret: Secret
    url: str = DEFAULT_URL


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """A stored account, and the projects it sees."""

    account: AtlasAccount
    projects: tuple[AtlasProject, ...]


class AtlasAccounts:
    """The accounts of this workstation. Calls that go to Atlas block for as long as that takes."""

    def __init__(self, tools: AtlasTools) -> None:
        self._tools = tools

    def all(self) -> tuple[AtlasAccount, ...]:
        """Return every account by name."""
        return self._tools.accounts.all()

    def add(self, draft: AccountDraft) -> SavedAccount:
        """Sign in, and store the account only when that worked; its secret goes to the keyring.

        Raises:
            AtlasSignInError, AtlasUnreachableError, ConfigurationError, NameTakenError: Nothing
                was stored.
        """
        account = AtlasAccount(
            account_id=AtlasAccountId(secrets.token_hex(8)),
            name=checked_name(draft.name),
            sign_in=draft.sign_in,
            user=checked_user(draft.user),
            created_at=self._tools.clock.now(),
            url=checked_url(draft.url),
        )
        if any(a.name.casefold() == account.name.casefold() for a in self.all()):
            raise NameTakenError(
                f"there is an Atlas account '{account.name}' already", hint="choose another name"
            )
        with self._tools.gate.open(account, draft.secret) as api:
            projects = api.projects()
        self._tools.secrets.store(account.secret_ref, draft.secret)
        try:
            self._tools.accounts.save(account)
        except BaseException:
            self._tools.secrets.forget(account.secret_ref)
            raise
        return SavedAccount(account, projects)

    def test(self, name: str) -> SavedAccount:
        """Sign in, and say which projects the account sees.

        Raises:
            AtlasNotFoundError, AtlasSignInError, AtlasUnreachableError: Saying what failed.
        """
        account = self._tools.account(name)
        with self._tools.gate.open(account) as api:
            return SavedAccount(account, api.projects())

    def remove(self, name: str) -> None:
        """Forget an account, its secret and its links; nothing at Atlas changes.

        Raises:
            AtlasNotFoundError: If there is none.
        """
        account = self._tools.account(name)
        for link in self._tools.links.links():
            if link.account_id == account.account_id:
                self._tools.links.remove_link(link.profile_id)
        self._tools.secrets.forget(account.secret_ref)
        self._tools.accounts.remove(account.account_id)
