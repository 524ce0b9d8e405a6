"""What stands in a cell is read back exactly, and is never a formula."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db.models import TextField, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.exports import expressions
from config.exports.cells import LIST, PATH, Joint, harmless, unescaped
from config.exports.workbooks import in_xml, out_of_xml

# What matters is dense in these; NUL and halves of a pair no database holds.
ODD = st.text(st.sampled_from("'=+-@\t\r\n a;/_x0D\x01\ufffe😀"), max_size=8)
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TEXTS = ODD | ANY
HARMFUL = tuple("=+-@\t\r")
in_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)


def answered(expression: Any) -> Any:
    """What PostgreSQL makes of an expression."""
    rows: Any = Group.objects.values_list(expression)
    return rows.get()[0]


@pytest.fixture
def one_row(db: None) -> None:
    """A table of one row, of which expressions can be asked."""
    Group.objects.exclude(name="Viewer").delete()


@given(TEXTS)
def test_exact_when_read_back(text: str) -> None:
    assert unescaped(harmless(text)) == text


@given(TEXTS)
def test_no_formula_when_written(text: str) -> None:
    assert not harmless(text).startswith(HARMFUL)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("-5", "'-5"),
        ("\tx", "'\tx"),
        ("'n' roll", "'n' roll"),
        ("'", "'"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_one_apostrophe_more_when_a_text_begins_like_a_formula(text: str, cell: str) -> None:
    assert harmless(text) == cell


@pytest.mark.parametrize("joint", [LIST, PATH])
@given(texts=st.lists(TEXTS, min_size=1).filter(lambda texts: texts != [""]))
def test_the_same_texts_when_parted(joint: Joint, texts: list[str]) -> None:
    assert joint.parted(joint.joined(texts)) == texts


def test_none_when_nothing_is_parted() -> None:
    assert LIST.parted(LIST.joined([])) == []


@pytest.mark.parametrize("written", ["Top/Below", "Top / Below"])
def test_as_people_write_it_when_a_path_is_parted(written: str) -> None:
    assert PATH.parted(written) == ["Top", "Below"]


@given(TEXTS)
def test_exact_when_read_back_out_of_a_workbook(text: str) -> None:
    assert out_of_xml(in_xml(text)) == text


# ── PostgreSQL says the same ──────────────────────────────────────────────────────────────────
@in_database
@given(text=TEXTS)
def test_the_same_cell_when_postgresql_writes_it(one_row: None, text: str) -> None:
    assert answered(expressions.harmless(Value(text, TextField()))) == harmless(text)


@in_database
@given(texts=st.lists(TEXTS, max_size=4))
def test_the_same_list_when_postgresql_writes_it(one_row: None, texts: list[str]) -> None:
    array = Value(texts, ArrayField(TextField()))
    assert answered(expressions.joined_cell(array)) == harmless(LIST.joined(texts))
