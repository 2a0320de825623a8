"""What assertions need from outside: where they are kept, and whom they are asked of."""

from typing import Protocol

from mangrove.core.assertion import Answer, Assertion, AssertionId, Question
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId


class AssertionStore(Protocol):
    """Keeps what the owners of data expect of them."""

    def of(self, profile_id: ProfileId) -> tuple[Assertion, ...]:
        """Return a profile's assertions by name; records that cannot be read are left out."""
        ...

    def save(self, assertion: Assertion) -> None:
        """Insert or replace by id; raises NameTakenError if the profile has another so named."""
        ...

    def remove(self, assertion_id: AssertionId) -> None:
        """Forget one; evidence that names it stays."""
        ...


class Asked(Protocol):
    """A deployment that can be asked for a figure."""

    def ask(self, where: Namespace, question: Question, query: bytes, limit_ms: int) -> Answer:
        """Take a figure of the documents of a collection; one that is not there is empty.

        Args:
            where: The collection that is asked; a copy's is called otherwise than the question's.
            question: What is asked.
            query: Its query as BSON.
            limit_ms: How long the server may think.

        Returns:
            The figure; with a problem where the server does not take the question, or took too
            long.

        Raises:
            ConnectionLostError, MissingPrivilegeError: It could not be asked.
        """
        ...
