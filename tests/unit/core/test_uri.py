import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidUriError
from mangrove.core.secret import Secret
from mangrove.core.uri import SECRET_OPTIONS, MongoUri, parse_uri, redact

ODD = string.punctuation + " \t\né😀ß日" + string.ascii_letters
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
passwords = st.one_of(st.text(ODD, min_size=1), any_text).map(Secret)
host_names = st.one_of(
    st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z0-9]{1,5}){0,2}", fullmatch=True),
    st.sampled_from(["[::1]", "[fe80::1:2]", "10.0.0.1"]),
)
hosts = st.builds(
    lambda host, port: host if port is None else f"{host}:{port}",
    host_names,
    st.none() | st.integers(1, 65535),
)
options = st.lists(
    st.tuples(any_text.filter(lambda n: n.lower() not in SECRET_OPTIONS), st.text(ODD)), max_size=4
).map(tuple)
plain_uris = st.builds(
    MongoUri,
    st.just("mongodb"),
    st.lists(hosts, min_size=1, max_size=4).map(tuple),
    st.none() | any_text,
    st.just("") | any_text,
    options,
)
srv_uris = st.builds(
    MongoUri,
    st.just("mongodb+srv"),
    st.tuples(st.from_regex(r"[a-z]{1,8}\.example\.net", fullmatch=True)),
    st.none() | any_text,
    st.just("") | any_text,
    options,
)


@given(plain_uris | srv_uris)
def test_what_was_built_is_parsed_back(uri: MongoUri) -> None:
    parsed = parse_uri(uri.text())

    assert (parsed.uri, parsed.password) == (uri, None)


@given(plain_uris | srv_uris, any_text, passwords)
def test_any_password_survives_the_way_through_the_uri(
    uri: MongoUri, user: str, password: Secret
) -> None:
    signed = MongoUri(uri.scheme, uri.hosts, user, uri.database, uri.options)

    parsed = parse_uri(signed.with_password(password).reveal())

    assert (parsed.uri, parsed.password) == (signed, password)
    assert parsed.uri.text() == signed.text()


@pytest.mark.parametrize(
    ("text", "hosts", "database"),
    [
        ("mongodb://db1", ("db1",), ""),
        ("  mongodb://db1/ \n", ("db1",), ""),
        ("MongoDB://db1:27018", ("db1:27018",), ""),
        ("mongodb://db1,db2:2,db3/shop", ("db1", "db2:2", "db3"), "shop"),
        ("mongodb://[::1]:27017,[fe80::1]/", ("[::1]:27017", "[fe80::1]"), ""),
        ("mongodb://10.0.0.1:1/sh%2Fop", ("10.0.0.1:1",), "sh/op"),
        ("mongodb+srv://cluster.example.net/", ("cluster.example.net",), ""),
    ],
)
def test_hosts_and_database_are_found(text: str, hosts: tuple[str, ...], database: str) -> None:
    uri = parse_uri(text).uri

    assert (uri.hosts, uri.database) == (hosts, database)


@pytest.mark.parametrize(
    ("login", "user", "password"),
    [
        ("ann", "ann", None),
        ("ann:", "ann", None),
        ("ann:hunter2", "ann", "hunter2"),
        ("a%40b:p%3A%2F%3F%23%5B%5D%40%25", "a@b", "p:/?#[]@%"),
        ("ann:a+b", "ann", "a+b"),
        ("CN%3Dann%2CO%3Dx", "CN=ann,O=x", None),
    ],
)
def test_user_and_password_are_decoded(login: str, user: str, password: str | None) -> None:
    parsed = parse_uri(f"mongodb://{login}@db1/")

    assert parsed.uri.user == user
    assert (parsed.password.reveal() if parsed.password else None) == password


def test_options_keep_order_and_duplicates_and_are_found_without_case() -> None:
    uri = parse_uri("mongodb://db1/?readPreferenceTags=dc:a&tls=true;readPreferenceTags=").uri

    assert uri.options == (
        ("readPreferenceTags", "dc:a"),
        ("tls", "true"),
        ("readPreferenceTags", ""),
    )
    assert (uri.option("TLS"), uri.option("readpreferencetags"), uri.option("no")) == (
        "true",
        "",
        None,
    )


def test_an_option_is_replaced_added_and_removed() -> None:
    uri = parse_uri("mongodb://db1/?tls=true&TLS=false").uri

    assert uri.with_option("Tls", "x").options == (("Tls", "x"),)
    assert uri.with_option("tls", None).options == ()
    assert uri.with_option("appName", "m").option("appname") == "m"


@pytest.mark.parametrize("name", ["tlsCertificateKeyFilePassword", "proxyPassword"])
def test_secret_options_never_stay_in_the_uri(name: str) -> None:
    parsed = parse_uri(f"mongodb://db1/?{name}=hunter2&tls=true")

    assert parsed.uri.options == (("tls", "true"),)
    assert "hunter2" not in f"{parsed} {parsed.uri.text()}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "db1:27017",
        "http://db1",
        "mongodb:/db1",
        "mongodb://",
        "mongodb:///shop",
        "mongodb://db1,,db2",
        "mongodb://db1:0",
        "mongodb://db1:65536",
        "mongodb://db1:port",
        "mongodb://::1",
        "mongodb://[::1",
        "mongodb://d b",
        "mongodb+srv://a.example.net,b.example.net",
        "mongodb+srv://a.example.net:27017",
        "mongodb://:hunter2@db1",
        "mongodb://a:b:hunter2@db1",
        "mongodb://ann:hun@ter2@db1",
        "mongodb://ann:hun/ter2@db1",
        "mongodb://ann:hun?ter2@db1",
        "mongodb://ann:hun@ter/2@db1",
        "mongodb://ann:%ff@db1",
        "mongodb://ann:%zz@db1",
        "mongodb://ann:100%@db1",
        "mongodb://db1&replicaSet=rs0",
        "mongodb://db1/?tls",
        "mongodb://db1/?=true",
    ],
)
def test_a_malformed_uri_is_refused(text: str) -> None:
    with pytest.raises(InvalidUriError) as caught:
        parse_uri(text)

    assert not str(caught.value).endswith(".")


MARKED = "Zq7Zq"  # the part of a password that must not be seen
PLACES = [
    "mongodb://ann:{}@",
    "mongodb://ann:{}@db1:99999",
    "mongodb://ann:{}@db 1",
    "mongodb://:{}@db1",
    "mongodb://ann:{}",
    "mongodb://ann:{}/db1",
    "mongodb://a:b:{}@db1",
    "mongodb+srv://ann:{}@db1:1",
    "mongodb+srv://ann:{}@db1,db2",
    "ann:{}@db1",
    "http://ann:{}@db1",
    "mongodb://ann:{}@db1/?tls",
    "mongodb://db1/?tlsCertificateKeyFilePassword={}&tls",
    "mongodb://db1,ann:{}@db2",
    "mongodb://ann:{}@db1/%ff",
    "mongodb://ann:x@y/{}@db1/",
]


@given(st.sampled_from(PLACES), st.text(ODD, max_size=4), st.text(ODD, max_size=4))
@example("mongodb://ann:{}@db1", "x@", "")
@example("mongodb://ann:{}@db1", "", "@x/")
@example("mongodb://ann:{}@db1", ",", ",")
@example("mongodb://ann:{}", "1,", " ")
def test_no_error_ever_repeats_a_password(place: str, before: str, after: str) -> None:
    text = place.format(before + MARKED + after)

    try:
        parsed = parse_uri(text)
    except InvalidUriError as error:
        shown = f"{error} {error.hint} {error.details} {error.__cause__} {error!r}"
    else:
        assume("@" in place)
        shown = repr(parsed.uri) if parsed.password else ""

    assert MARKED not in shown


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("to mongodb://ann:hunter2@db1/x now", "to mongodb://db1/x now"),
        ("mongodb+srv://ann:hunter2@db1", "mongodb+srv://db1"),
        ("mongodb://ann:hun/ter2@db1", "mongodb://db1"),
        ("mongodb://ann:hun@ter2@db1", "mongodb://db1"),
        ("mongodb://db1,db2/?a=b", "mongodb://db1,db2/?a=b"),
        ("https://key:hunter2@host/path", "https://host/path"),
        ("https://host/a@b", "https://host/a@b"),
        ("?tlsCertificateKeyFilePassword=hunter2&x=1", "?tlsCertificateKeyFilePassword=***&x=1"),
        ("ann@example.net wrote", "ann@example.net wrote"),
    ],
)
def test_redaction_cuts_user_information_and_secret_options(text: str, clean: str) -> None:
    assert redact(text) == clean


@given(any_text, passwords)
def test_redaction_cuts_every_password_that_stands_in_a_built_uri(
    user: str, password: Secret
) -> None:
    uri = MongoUri("mongodb", ("db1",), user)

    assert redact(f"x {uri.with_password(password).reveal()} y") == "x mongodb://db1 y"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["x" * 3_000_000, "://" * 300_000, "a:b@" * 300_000])
def test_redaction_of_a_long_text_takes_no_long_time(text: str) -> None:
    assert redact(text) == text


def test_a_session_token_is_not_kept_and_cut_out_of_texts() -> None:
    text = "mongodb://AKIA:x@h/?authMechanismProperties=AWS_SESSION_TOKEN:t0ken,SERVICE_NAME:a"

    with pytest.raises(InvalidUriError, match="session token") as caught:
        parse_uri(text)

    assert "t0ken" not in f"{caught.value.message}{redact(text)}"
    assert "t0ken" not in redact("authMechanismProperties=AWS_SESSION_TOKEN%3At0ken")
