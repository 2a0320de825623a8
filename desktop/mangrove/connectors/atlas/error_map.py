"""Turns what httpx and Atlas say into our errors: the one place that knows both."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from mangrove.core.errors import (
    AtlasBusyError,
    AtlasComplianceError,
    AtlasConflictError,
    AtlasDeniedError,
    AtlasNotFoundError,
    AtlasRequestError,
    AtlasSignInError,
    AtlasUnreachableError,
    AtlasUnsupportedError,
    MangroveError,
    TlsError,
)

_ADDRESS_CODES = ("IP_ADDRESS_NOT_ON_ACCESS_LIST", "IP_NOT_ON_ACCESS_LIST")
_TIER_MARKS = ("_NOT_SUPPORTED", "_UNSUPPORTED", "CANNOT_USE_", "NOT_AVAILABLE", "TENANT_")
_MAX_DETAIL = 300
_GONE_FROM = 500


@dataclass(frozen=True, slots=True)
class ApiProblem:
    """What the body of a refusal says.

    Source: Atlas Administration API v2, schema ``ApiError``.
    """

    status: int
    code: str
    detail: str

    @property
    def text(self) -> str:
        """Atlas' own words, as far as it gave any."""
        named = f" ({self.code})" if self.code else ""
        return f"{self.detail or f'HTTP status {self.status}'}{named}"


def problem_of(response: httpx.Response) -> ApiProblem:
    """Read a refusal; one that is no JSON is told by its status."""
    try:
        body = json.loads(response.content)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    detail = str(body.get("detail") or body.get("error_description") or "")
    fields = _violations(body.get("badRequestDetail"))
    code = body.get("errorCode") or body.get("error") or ""
    said = "; ".join(filter(None, (detail.rstrip("."), fields)))[:_MAX_DETAIL]
    return ApiProblem(response.status_code, code if isinstance(code, str) else "", said)


def error_of(response: httpx.Response) -> MangroveError:
    """Choose our error for a refusal."""
    problem = problem_of(response)
    if problem.code in _ADDRESS_CODES:
        return _refused_address(problem)
    if "COMPLIANCE" in problem.code:
        return AtlasComplianceError(
            f"the project's backup compliance policy forbids it: {problem.text}",
            hint="nothing was changed",
        )
    if problem.status in (400, 403) and any(mark in problem.code for mark in _TIER_MARKS):
        return AtlasUnsupportedError(
            f"Atlas does not offer this for the cluster: {problem.text}", hint="nothing was changed"
        )
    if found := _BY_STATUS.get(problem.status):
        kind, sentence, hint = found
        return kind(f"{sentence}: {problem.text}", hint=hint)
    if problem.status >= _GONE_FROM:
        return unreachable(f"Atlas could not answer: {problem.text}")
    return AtlasRequestError(
        f"Atlas refused the request: {problem.text}", hint="nothing was changed"
    )


def busy(problem: ApiProblem, wait_s: float) -> AtlasBusyError:
    """Return the error for a limit that lasts longer than we wait."""
    return AtlasBusyError(
        f"Atlas limits how often it may be asked: {problem.text}",
        hint=f"try again in {max(round(wait_s), 1)} seconds",
    )


def unreachable(message: str) -> AtlasUnreachableError:
    """Return the error for an Atlas that does not answer now."""
    return AtlasUnreachableError(message, hint="what Atlas has accepted goes on there; try again")


def malformed(where: str) -> AtlasRequestError:
    """Return the error for an answer that is not as the description says."""
    return AtlasRequestError(
        f"Atlas answered something else than its description says: {where}",
        hint="nothing was changed by Mangrove; look for a newer version of it",
    )


@contextmanager
def network_errors(host: str) -> Iterator[None]:
    """Run calls and raise ours in place of httpx's errors.

    Raises:
        TlsError: No trusted connection could be made.
        AtlasUnreachableError: Nothing, or not enough, came back.
    """
    try:
        yield
    except httpx.ConnectError as error:
        if _is_tls(error):
            raise TlsError(
                f"no trusted connection to {host} could be made: {_reason(error)}",
                hint="if a proxy opens TLS here, let SSL_CERT_FILE name its certificate",
                host=host,
            ) from error
        raise unreachable(f"{host} cannot be reached: {_reason(error)}") from error
    except httpx.TimeoutException as error:
        raise unreachable(f"{host} did not answer within the time limit") from error
    except httpx.HTTPError as error:
        raise unreachable(f"the connection to {host} broke: {_reason(error)}") from error


def _violations(found: object) -> str:
    fields = found.get("fields") if isinstance(found, dict) else None
    if not isinstance(fields, list):
        return ""
    rows: list[dict[str, Any]] = [f for f in fields if isinstance(f, dict)]
    return "; ".join(f"{f.get('field')}: {f.get('description')}" for f in rows)


def _refused_address(problem: ApiProblem) -> AtlasSignInError:
    return AtlasSignInError(
        f"Atlas takes no requests of this account from here: {problem.text}",
        hint="add this computer's public address to the account's access list in Atlas",
    )


_MISSING = (
    AtlasNotFoundError,
    "Atlas knows no such thing",
    "list what there is: mangrove atlas clusters",
)
_BY_STATUS: dict[int, tuple[type[MangroveError], str, str]] = {
    401: (
        AtlasSignInError,
        "Atlas refused the account",
        "check id and secret, whether they were revoked, and the account's access list",
    ),
    403: (
        AtlasDeniedError,
        "the account may not do this",
        (
            "reading needs the role Project Read Only; snapshots, schedules and restores need "
            "Project Backup Manager or Project Owner"
        ),
    ),
    404: _MISSING,
    405: (
        AtlasConflictError,
        "Atlas does not do that any more, or not for this",
        "nothing was changed; look at how it stands now",
    ),
    409: (
        AtlasConflictError,
        "the cluster is busy with something else",
        "nothing was changed; wait until that has ended, then try again",
    ),
    410: _MISSING,
}


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
