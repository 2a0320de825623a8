import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import BLOB_STEM_LIMIT, Namespace, blob_stem, dump_file_stem

# Collection names, and the base names that mongodump 100.18 gave their files.
MONGODUMP_STEMS = [
    ("\x01ctl\x7f", "%01ctl%7F"),
    ("!bang", "%21bang"),
    ("#hash", "%23hash"),
    ("%24", "%2524"),
    ("&amp", "%26amp"),
    (",comma", "%2Ccomma"),
    ("//", "%2F%2F"),
    ("=eq", "%3Deq"),
    ("@at", "%40at"),
    ("[br]{ac}(p)", "%5Bbr%5D%7Bac%7D%28p%29"),
    ("^caret", "%5Ecaret"),
    ("\x7f", "%7F"),
    ("\xff", "%C3%BF"),
    ("\u202ertl", "%E2%80%AErtl"),
    ("\u65e5\u672c\u8a9e", "%E6%97%A5%E6%9C%AC%E8%AA%9E"),
    (" ", "+"),
    (" leading", "+leading"),
    ("-dash", "-dash"),
    ("100%", "100%25"),
    ("CON", "CON"),
    ("CaseClash", "CaseClash"),
    ("_under", "_under"),
    ("a+b c", "a%2Bb+c"),
    ("a/b/c", "a%2Fb%2Fc"),
    ("a..b", "a..b"),
    ("a.b.c.d", "a.b.c.d"),
    ("a.bson.metadata.json", "a.bson.metadata.json"),
    ("admin.test", "admin.test"),
    ("back\\slash", "back%5Cslash"),
    ("caf\xe9", "caf%C3%A9"),
    ("cafe\u0301", "cafe%CC%81"),
    ("caseclash", "caseclash"),
    ("colon:semi;", "colon%3Asemi%3B"),
    ("dots.end", "dots.end"),
    ("emoji-\U0001f600", "emoji-%F0%9F%98%80"),
    ("line\nbreak", "line%0Abreak"),
    ("local.oplog.rs", "local.oplog.rs"),
    ("lt<gt>|pipe", "lt%3Cgt%3E%7Cpipe"),
    ("name.metadata", "name.metadata"),
    ("nul", "nul"),
    ("oplog.bson", "oplog.bson"),
    ("oplog", "oplog"),
    ("plain", "plain"),
    ("plus+sign", "plus%2Bsign"),
    ("prelude.json", "prelude.json"),
    ("prelude", "prelude"),
    ("quote\"'`", "quote%22%27%60"),
    ("star*quest?", "star%2Aquest%3F"),
    ("startswith.bson.", "startswith.bson."),
    ("system", "system"),
    ("systemjs", "systemjs"),
    ("tab\there", "tab%09here"),
    ("tmp.agg_out.x", "tmp.agg_out.x"),
    ("trail.", "trail."),
    ("trailing ", "trailing+"),
    ("with%2Fencoded", "with%252Fencoded"),
    ("with%percent", "with%25percent"),
    ("with/slash", "with%2Fslash"),
    ("with space", "with+space"),
    ("x.bson", "x.bson"),
    ("x.metadata.json", "x.metadata.json"),
    ("xsystem.js", "xsystem.js"),
    ("y.bson.gz", "y.bson.gz"),
    ("~tilde", "~tilde"),
    ("c 1", "c+1"),
    ("L200_" + "a" * 195, "L200_" + "a" * 195),
    ("L238_" + "b" * 233, "L238_" + "b" * 233),
    ("L239_" + "c" * 234, "L239_" + "c" * 203 + "%244xAn1cmAMuhC55_eJXh22iSYpNE"),
    ("Lmax_" + "d" * 238, "Lmax_" + "d" * 203 + "%24C4FaX9xlH_5Umr_LNCHLlu3WRbY"),
    ("L77x_" + "/" * 77 + "zz", "L77x_" + "%2F" * 77 + "zz"),
    ("L79x_" + "/" * 78 + "z", "L79x_" + "%2F" * 67 + "%2" + "%249Y6t5mKhN5pIGTT9SBMMuooEcnw"),
    ("Lspace_" + " q" * 90, "Lspace_" + "+q" * 90),
]
LONG_STEM_ENDS = [
    ("Lemo_" + chr(0x1F600) * 49 + "\U0001f601", "%244tmW5VGyv4SIyevZXpkSU9WkjD4"),
    ("Lemo_" + chr(0x1F600) * 50 + "", "%24J1e563Q6TAecZyaPfR-VLa5Tv_Q"),
    ("Lslash_" + "/" * 80, "%24imDUT5j7tAR7qK7nKvo_W6CJh7A"),
]
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0$"), min_size=1)
long_names = st.builds(lambda s, n: s * n, names, st.integers(1, 40)).map(lambda s: s[:255])


@pytest.mark.parametrize(("collection", "stem"), MONGODUMP_STEMS, ids=range(len(MONGODUMP_STEMS)))
def test_a_dump_file_is_named_as_mongodump_names_it(collection: str, stem: str) -> None:
    assert dump_file_stem(collection) == stem


@pytest.mark.parametrize(("collection", "end"), LONG_STEM_ENDS, ids=range(len(LONG_STEM_ENDS)))
def test_a_long_name_is_cut_and_signed_as_mongodump_does(collection: str, end: str) -> None:
    stem = dump_file_stem(collection)

    assert (stem.endswith(end), len(stem)) == (True, 238)


@given(long_names)
def test_a_blob_name_fits_into_a_file_name_and_a_shell(collection: str) -> None:
    stem = blob_stem(collection)

    assert len(stem) <= BLOB_STEM_LIMIT
    assert set(stem) <= set(string.ascii_letters + string.digits + "%+-._~")


@given(long_names)
def test_a_blob_is_named_as_the_dump_file_wherever_that_fits(collection: str) -> None:
    stem = dump_file_stem(collection)

    assert len(stem) > BLOB_STEM_LIMIT or blob_stem(collection) == stem


@given(st.sets(long_names, min_size=2))
def test_no_two_collections_share_a_blob_name(collections: set[str]) -> None:
    assert len({blob_stem(c) for c in collections}) == len(collections)


def test_long_names_that_differ_only_at_the_end_stay_apart() -> None:
    assert blob_stem("x" * 250 + "1") != blob_stem("x" * 250 + "2")


@pytest.mark.parametrize(
    ("text", "database", "collection"),
    [
        ("shop.orders", "shop", "orders"),
        ("shop.orders.2026", "shop", "orders.2026"),
        ("shop..", "shop", "."),
        ("shop.system.js", "shop", "system.js"),
    ],
)
def test_a_namespace_is_split_at_the_first_dot(text: str, database: str, collection: str) -> None:
    namespace = Namespace.parse(text)

    assert namespace == Namespace(database, collection)
    assert str(namespace) == text


@pytest.mark.parametrize("text", ["", ".", "shop", "shop.", ".orders"])
def test_half_a_namespace_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="is not a namespace"):
        Namespace.parse(text)
