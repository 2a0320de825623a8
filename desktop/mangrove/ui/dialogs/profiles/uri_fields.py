"""A connection string as the fields of a form, both ways; what has no field is left as it was."""

from dataclasses import dataclass

from mangrove.core.uri import MongoUri, parse_uri

READ_PREFERENCES = (
    "",
    "primary",
    "primaryPreferred",
    "secondary",
    "secondaryPreferred",
    "nearest",
)
_SRV = "mongodb+srv"
_TLS_NAMES = ("tls", "ssl")


@dataclass(frozen=True, slots=True)
class UriFields:
    """The parts of a connection string that have a field of their own.

    Attributes:
        is_srv: Whether the one host is a DNS name that lists the others.
        read_preference: "" for the driver's default, the primary.
        ca_file, certificate_file: Paths of PEM files, "" for none.
    """

    is_srv: bool = False
    hosts: str = ""
    user: str = ""
    database: str = ""
    auth_source: str = ""
    is_direct: bool = False
    read_preference: str = ""
    has_tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    allows_any_certificate: bool = False
    allows_any_host_name: bool = False


def fields_of(uri: MongoUri) -> UriFields:
    """Spread a connection string over the fields."""
    is_srv = uri.scheme == _SRV
    tls = next((v for v in map(uri.option, _TLS_NAMES) if v is not None), None)
    return UriFields(
        is_srv=is_srv,
        hosts=", ".join(uri.hosts),
        user=uri.user or "",
        database=uri.database,
        auth_source=uri.option("authSource") or "",
        is_direct=_is_true(uri.option("directConnection")),
        read_preference=_known_preference(uri.option("readPreference") or ""),
        has_tls=is_srv if tls is None else _is_true(tls),
        ca_file=uri.option("tlsCAFile") or "",
        certificate_file=uri.option("tlsCertificateKeyFile") or "",
        allows_any_certificate=_is_true(uri.option("tlsAllowInvalidCertificates")),
        allows_any_host_name=_is_true(uri.option("tlsAllowInvalidHostnames")),
    )


def uri_of(fields: UriFields, before: MongoUri | None = None) -> MongoUri:
    """Put the fields together; options without a field come from ``before``.

    Raises:
        InvalidUriError: If hosts are missing or malformed.
    """
    hosts = tuple(filter(None, (h.strip() for h in fields.hosts.split(","))))
    uri = MongoUri(
        scheme=_SRV if fields.is_srv else "mongodb",
        hosts=hosts,
        user=fields.user or None,
        database=fields.database,
        options=before.options if before is not None else (),
    )
    for name, value in _options(fields):
        if (uri.option(name) or "") != (value or ""):
            uri = uri.with_option(name, value)
    return parse_uri(_with_tls(uri, fields).text()).uri


def _options(fields: UriFields) -> tuple[tuple[str, str | None], ...]:
    return (
        ("authSource", fields.auth_source or None),
        ("directConnection", _flag(is_on=fields.is_direct)),
        ("readPreference", fields.read_preference or None),
        ("tlsCAFile", fields.ca_file or None),
        ("tlsCertificateKeyFile", fields.certificate_file or None),
        ("tlsAllowInvalidCertificates", _flag(is_on=fields.allows_any_certificate)),
        ("tlsAllowInvalidHostnames", _flag(is_on=fields.allows_any_host_name)),
    )


def _with_tls(uri: MongoUri, fields: UriFields) -> MongoUri:
    """Write the TLS option only where it differs from what the scheme says by itself.

    Source: MongoDB "Initial DNS Seedlist Discovery": mongodb+srv turns TLS on.
    """
    if fields_of(uri).has_tls == fields.has_tls:
        return uri
    plain = uri.with_option("ssl", None).with_option("tls", None)
    if fields_of(plain).has_tls == fields.has_tls:
        return plain
    return plain.with_option("tls", "true" if fields.has_tls else "false")


def _known_preference(value: str) -> str:
    wanted = value.lower()
    return next((p for p in READ_PREFERENCES if p.lower() == wanted), "")


def _is_true(value: str | None) -> bool:
    return value is not None and value.lower() in ("true", "1", "yes")


def _flag(*, is_on: bool) -> str | None:
    return "true" if is_on else None
