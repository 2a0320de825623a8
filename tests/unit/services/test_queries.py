import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.backup import CollectionQuery, Selection
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace
from mangrove.engine.queries import queries_of, query_bytes
from mangrove.services.queries import parse_query


@pytest.mark.parametrize(
    ("option", "namespace", "text"),
    [
        ("a.b={}", "a.b", "{}"),
        ('a.b.c={"z":1,"a":2}', "a.b.c", '{"z":{"$numberInt":"1"},"a":{"$numberInt":"2"}}'),
        ('a.b= {"x":"={"}', "a.b", '{"x":"={"}'),
        ('a.b=c={"x":true}', "a.b=c", '{"x":true}'),
        (
            'a.b={"t":{"$gte":{"$date":"2091-01-01T00:00:00Z"}}}',
            "a.b",
            '{"t":{"$gte":{"$date":{"$numberLong":"3818448000000"}}}}',
        ),
        ('a.b={"n":{"$regex":"^x","$in":["xy"]}}', "a.b", '{"n":{"$regex":"^x","$in":["xy"]}}'),
        ('a.b={"n":{"$numberLong":"5"}}', "a.b", '{"n":{"$numberLong":"5"}}'),
    ],
)
def test_a_query_is_kept_in_canonical_form(option: str, namespace: str, text: str) -> None:
    query = parse_query(option)

    assert query == CollectionQuery(Namespace.parse(namespace), text)
    assert queries_of(Selection(queries=(query,))) == {query.namespace: query_bytes(text)}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("a.b", "character 0"),
        ("a.b=", "character 0"),
        ("a={}", "is not a namespace"),
        ("a.b=[]", "no document"),
        ("a.b=1", "no document"),
        ("a.b={a:1}", "character 1"),
        ('a.b={"a":ObjectId("x")}', "character 5"),
        ('a.b={"a":/x/}', "character 5"),
        ('a.b={"a":1}}', "character 7"),
        ('a.b={"a":1', "character 6"),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(option: str, words: str) -> None:
    with pytest.raises(InvalidSelectionError, match=words):
        parse_query(option)


@given(st.text(max_size=30))
def test_any_text_is_a_query_or_a_selection_error(text: str) -> None:
    try:
        query = parse_query(text)
    except InvalidSelectionError:
        return
    assert query_bytes(query.text)
