"""A secret store that a test can look into; it says that it lasts, as a keyring does."""

from typing_extensions import override

from mangrove.core.errors import SecretNotFoundError
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef


class MemorySecrets(SecretStore):
    """Keeps secrets in a dictionary that tests may read."""

    def __init__(self) -> None:
        self.kept: dict[SecretRef, Secret] = {}

    @override
    def fetch(self, ref: SecretRef) -> Secret:
        if ref not in self.kept:
            raise SecretNotFoundError(f"the keyring holds no '{ref.name}'", ref=ref.name)
        return self.kept[ref]

    @override
    def store(self, ref: SecretRef, secret: Secret) -> None:
        self.kept[ref] = secret

    @override
    def forget(self, ref: SecretRef) -> None:
        self.kept.pop(ref, None)

    @override
    def describe(self) -> str:
        return "the test's own keyring"

    @override
    def is_lasting(self) -> bool:
        return True
