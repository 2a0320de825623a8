"""Each of the driver's exceptions becomes the error a person can act on, without secrets."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from mangrove.connectors.mongo.error_map import connecting, while_connecting, while_working
from mangrove.core.errors import (
    AuthenticationFailedError,
    ConnectionLostError,
    InvalidUriError,
    MangroveError,
    MissingPrivilegeError,
    ServerUnreachableError,
    SnapshotLostError,
    SourceError,
    TlsError,
    UnsupportedTopologyError,
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationFailure("Authentication failed.", 18), AuthenticationFailedError),
        (OperationFailure("not authorized", 13), MissingPrivilegeError),
        (ServerSelectionTimeoutError("db1:27017: timed out"), ServerUnreachableError),
        (ServerSelectionTimeoutError("SSL handshake failed: x"), TlsError),
        (AutoReconnect("db1: connection closed"), ServerUnreachableError),
        (ConfigurationError("The DNS query name does not exist: x."), ServerUnreachableError),
        (InvalidURI("bad"), InvalidUriError),
        (ConfigurationError("unknown option"), InvalidUriError),
    ],
    ids=lambda v: v.__name__ if isinstance(v, type) else str(v)[:30],
)
def test_error_while_connecting_is_told_apart(
    error: PyMongoError, expected: type[MangroveError]
) -> None:
    assert type(while_connecting(error, "db1")) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AutoReconnect("gone"), ConnectionLostError),
        (NetworkTimeout("silent"), ConnectionLostError),
        (ServerSelectionTimeoutError("no server"), ConnectionLostError),
        (OperationFailure("stepped down", 189), ConnectionLostError),
        (OperationFailure("too old", 239), SnapshotLostError),
        (OperationFailure("unavailable", 246), SnapshotLostError),
        (OperationFailure("not authorized", 13), MissingPrivilegeError),
        (OperationFailure("strange", 9), SourceError),
        (OperationFailure("CMD_NOT_ALLOWED: applyOps", 8000), UnsupportedTopologyError),
        (OperationFailure("bad auth : authentication failed", 8000), AuthenticationFailedError),
    ],
    ids=lambda v: v.__name__ if isinstance(v, type) else str(v)[:30],
)
def test_error_in_the_middle_of_work_is_told_apart(
    error: PyMongoError, expected: type[MangroveError]
) -> None:
    ours = while_working(error, "db1")

    assert type(ours) is expected
    assert "db1" in ours.message


def test_no_error_repeats_a_password() -> None:
    text = "mongodb://ann:hunter2@db1/?tlsCertificateKeyFilePassword=hunter2 is bad"

    for error in (InvalidURI(text), ConfigurationError(text), PyMongoError(text)):
        assert "hunter2" not in while_connecting(error, "db1").message
        assert "hunter2" not in while_working(error, "db1").message


def test_error_that_is_not_the_drivers_keeps_its_cause() -> None:
    with pytest.raises(InvalidUriError) as caught, connecting("db1"):
        raise ValueError("an option")

    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    "said",
    [
        "CMD_NOT_ALLOWED: applyOps",
        "applyOps is not allowed or the syntax is incorrect, see the Atlas documentation",
    ],
)
def test_what_a_tier_of_atlas_does_not_allow_is_named(said: str) -> None:
    ours = while_working(OperationFailure(said, 8000), "db1")

    assert ours.message == "Atlas does not allow applyOps on clusters of this tier (db1)"
