"""Turns what keyring backends raise into our errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

from mangrove.core.errors import KeyringLockedError, KeyringUnavailableError, SecretError

try:
    from jeepney import DBusErrorResponse
    from secretstorage.exceptions import (
        LockedException,
        PromptDismissedException,
        SecretServiceNotAvailableException,
        SecretStorageException,
    )
except ImportError:  # these come with keyring on Linux only
    LOCKED_ERRORS: tuple[type[Exception], ...] = (KeyringLocked,)
    ABSENT_ERRORS: tuple[type[Exception], ...] = (NoKeyringError,)
    VENDOR_ERRORS: tuple[type[Exception], ...] = (KeyringError, OSError)
else:
    LOCKED_ERRORS = (KeyringLocked, LockedException, PromptDismissedException)
    ABSENT_ERRORS = (NoKeyringError, SecretServiceNotAvailableException)
    VENDOR_ERRORS = (KeyringError, OSError, SecretStorageException, DBusErrorResponse)

UNAVAILABLE_HINT = (
    "install and start a keyring (GNOME Keyring, KWallet), or keep secrets for this session only"
)


@contextmanager
def keyring_errors() -> Iterator[None]:
    """Run a keyring call and raise ours in place of the vendor's errors.

    Raises:
        KeyringLockedError: If the keyring is locked, or the person closed the unlock window.
        KeyringUnavailableError: If there is no keyring to talk to.
        SecretError: If the keyring refused or the stored entry is no text.
    """
    try:
        yield
    except VENDOR_ERRORS as error:
        raise secret_error(error) from error
    except UnicodeDecodeError:
        # The original is left out on purpose: it carries the stored bytes.
        raise SecretError("the keyring entry holds something that is not text") from None


def secret_error(error: Exception) -> SecretError:
    """Choose our error for a vendor's.

    Source: keyring 25, ``backends/SecretService.py``: a dismissed prompt and a missing service
    both arrive as InitError, told apart by the cause; without a bus the exception of
    secretstorage comes through bare.
    """
    cause = error.__cause__ if isinstance(error, InitError) else None
    if isinstance(error, ABSENT_ERRORS) or isinstance(cause, ABSENT_ERRORS):
        return no_keyring()
    if isinstance(error, (InitError, *LOCKED_ERRORS)):
        return KeyringLockedError(
            "the keyring is locked and was not unlocked",
            hint="unlock it (sign in to the desktop, or run this in a desktop session) and retry",
        )
    if isinstance(error, KeyringError):
        return SecretError("the keyring refused the request", hint="look into the keyring program")
    return KeyringUnavailableError("the connection to the keyring was lost", hint=UNAVAILABLE_HINT)


def no_keyring() -> KeyringUnavailableError:
    """Return the error for a machine without a usable keyring."""
    return KeyringUnavailableError("this machine offers no usable keyring", hint=UNAVAILABLE_HINT)
