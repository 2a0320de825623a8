"""Connection strings: taken apart, put together, and shown without what is secret."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

from mangrove.core.errors import InvalidUriError
from mangrove.core.secret import Secret

SCHEMES = ("mongodb", "mongodb+srv")
SECRET_OPTIONS = frozenset({"tlscertificatekeyfilepassword", "sslpempassphrase", "proxypassword"})
ANY_HOST_OPTIONS = ("tlsAllowInvalidHostnames", "tlsAllowInvalidCertificates", "tlsInsecure")
# "=", "&" and ";" belong to options: a host that holds one stands for a forgotten "/?".
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]=&;]+)(?::(\d{1,5}))?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# After "mongodb" everything up to the last "@" goes: a pasted password may hold a bare "/" or "?".
# Nothing stands before "://" in the second form, so that a long text costs linear time.
_USER_INFO = re.compile(r"(?P<scheme>mongodb(?:\+srv)?://)\S*@|(?P<mark>://)[^/?#\s]*@", re.I)
_SECRET_OPTION = re.compile(rf"((?:{'|'.join(sorted(SECRET_OPTIONS))})=)[^&\s]+", re.IGNORECASE)
# Source: MongoDB specification "Authentication", MONGODB-AWS (authMechanismProperties).
_SESSION_TOKEN = re.compile(r"(AWS_SESSION_TOKEN(?::|%3A))[^&,\s]+", re.IGNORECASE)
MAX_PORT = 65535
_SHAPE_HINT = "write it as mongodb://host:27017 or mongodb+srv://cluster.example.net"


@dataclass(frozen=True, slots=True)
class MongoUri:
    """A connection string without its password.

    Source: MongoDB "Connection String Specification".

    Attributes:
        scheme: ``mongodb`` or ``mongodb+srv``.
        hosts: ``host`` or ``host:port``, IPv6 in brackets; one only with ``mongodb+srv``.
        user: User name, decoded; None without sign-in by name.
        database: The database of the path, decoded; used as default authSource; may be "".
        options: Name and value of each option, decoded, in order, duplicates kept.
    """

    scheme: str
    hosts: tuple[str, ...]
    user: str | None = None
    database: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """Return an option's last value; option names are compared without case."""
        wanted = name.lower()
        return next((v for n, v in reversed(self.options) if n.lower() == wanted), None)

    def with_option(self, name: str, value: str | None) -> Self:
        """Return a copy where ``name`` has exactly this value; None removes the option."""
        kept = tuple((n, v) for n, v in self.options if n.lower() != name.lower())
        return replace(self, options=kept if value is None else (*kept, (name, value)))

    @property
    def uses_tls(self) -> bool:
        """Whether the connection string asks for TLS.

        Source: MongoDB "Connection String" and "SRV" specifications: ``mongodb+srv`` turns it on,
        and any TLS file option does so in pymongo.
        """
        asked = self.option("tls") or self.option("ssl")
        if asked is not None:
            return asked.lower() == "true"
        files = (self.option("tlsCAFile"), self.option("tlsCertificateKeyFile"))
        return self.scheme == "mongodb+srv" or any(files)

    @property
    def takes_any_host_name(self) -> bool:
        """Whether a certificate for another host name is accepted too."""
        return any((self.option(name) or "").lower() == "true" for name in ANY_HOST_OPTIONS)

    def text(self) -> str:
        """Return the connection string without a password."""
        return self._build(None)

    def with_password(self, password: Secret | None) -> Secret:
        """Return the whole connection string, which is a secret like its password."""
        return Secret(self._build(password))

    def _build(self, password: Secret | None) -> str:
        login = "" if self.user is None else quote(self.user, safe="")
        if self.user is not None and password is not None:
            login += ":" + quote(password.reveal(), safe="")
        options = "&".join(f"{quote(n, safe='')}={quote(v, safe=',:/')}" for n, v in self.options)
        path = f"/{quote(self.database, safe='')}" if self.database or options else ""
        at = "@" if login else ""
        query = f"?{options}" if options else ""
        return f"{self.scheme}://{login}{at}{','.join(self.hosts)}{path}{query}"


@dataclass(frozen=True, slots=True)
class ParsedUri:
    """What a pasted connection string holds: the address, and apart from it the secrets."""

    uri: MongoUri
    password: Secret | None = None
    certificate_password: Secret | None = None


def parse_uri(uri_text: str) -> ParsedUri:
    """Take a connection string apart.

    Raises:
        InvalidUriError: If it is malformed; the message never repeats a password.
    """
    scheme, rest = _split_scheme(uri_text.strip())
    rest, _, query = rest.partition("?")
    authority, _, database = rest.partition("/")
    login, at, host_list = authority.rpartition("@")
    # "@" in the path means that "/" or "@" stood unescaped in a password, whose rest would show.
    if "@" in database or (not at and "@" in query):
        raise _unescaped()
    user, password = _login(login) if at else (None, None)
    options, secrets = _options(query)
    uri = MongoUri(scheme, _hosts(scheme, host_list), user, _decoded(database), options)
    return ParsedUri(uri, password, secrets)


def redact(text: str) -> str:
    """Remove user information and secret options from every URI inside a text."""
    bare = _USER_INFO.sub(r"\g<scheme>\g<mark>", text)
    return _SESSION_TOKEN.sub(r"\1***", _SECRET_OPTION.sub(r"\1***", bare))


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in SCHEMES:
        raise InvalidUriError("this is not a MongoDB connection string", hint=_SHAPE_HINT)
    if not rest:
        raise InvalidUriError("the connection string names no host", hint=_SHAPE_HINT)
    return scheme.lower(), rest


def _login(text: str) -> tuple[str | None, Secret | None]:
    if "@" in text or text.count(":") > 1:
        raise _unescaped()
    user, colon, password = text.partition(":")
    if not user:
        raise InvalidUriError("the connection string has a password but no user name")
    return _decoded(user), Secret(_decoded(password)) if colon and password else None


def _unescaped() -> InvalidUriError:
    return InvalidUriError(
        "user name or password hold an unescaped '@', ':', '/' or '?'",
        hint="write '@' as %40, ':' as %3A, '/' as %2F, '?' as %3F and '%' as %25",
    )


def _hosts(scheme: str, host_list: str) -> tuple[str, ...]:
    hosts = tuple(host_list.split(","))
    for number, host in enumerate(hosts, 1):  # its text may be a misplaced password
        match = _HOST.fullmatch(host)
        if match is None:
            raise InvalidUriError(f"host number {number} is malformed", hint=_SHAPE_HINT)
        if match[2] is not None and not 0 < int(match[2]) <= MAX_PORT:
            raise InvalidUriError(f"the port of host {number} is not between 1 and {MAX_PORT}")
        if match[2] is not None and scheme == "mongodb+srv":
            raise InvalidUriError("mongodb+srv takes a host name without a port")
    if scheme == "mongodb+srv" and len(hosts) > 1:
        raise InvalidUriError("mongodb+srv takes one host name, several were given")
    return hosts


def _options(query: str) -> tuple[tuple[tuple[str, str], ...], Secret | None]:
    options: list[tuple[str, str]] = []
    secret: Secret | None = None
    for part in filter(None, query.replace(";", "&").split("&")):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise InvalidUriError("an option has no value", hint="write name=value")
        if _SESSION_TOKEN.search(_decoded(value)):
            raise InvalidUriError(
                "the connection string holds an AWS session token, a secret that soon ends; "
                "nothing was kept",
                hint="leave it out: the driver finds AWS credentials in the environment",
            )
        if name.lower() in SECRET_OPTIONS:
            secret = Secret(_decoded(value))
        else:
            options.append((_decoded(name), _decoded(value)))
    return tuple(options), secret


def _decoded(text: str) -> str:
    try:
        if _BAD_ESCAPE.search(text) is None:
            return unquote(text, errors="strict")
    except UnicodeDecodeError:
        pass
    raise InvalidUriError(
        "the connection string holds a bad percent escape", hint="write '%' itself as %25"
    )
