"""A file over the API: it becomes a plan, which is read, and applied, and undone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from items.exchange import services
from items.exchange.models import Import
from items.models import Category, Item, Location
from tests.client import Api, Reply
from tests.factories import ItemFactory
from tests.items.exchange.conftest import upload
from tests.items.helpers import by_cursor

HEADER = "sku,name,unit_price"
CHAIR, TABLE, BAD = "C-1,Chair,10.00", "T-1,Table,20.00", "B-1,Bad,much"


@pytest.fixture
def api(manager_api: Api) -> Api:
    """The client of a manager, who may import."""
    return manager_api


def planned(api: Api, *lines: str, **options: Any) -> int:
    """The id of a plan."""
    pk: int = upload(api, *(lines or (HEADER, CHAIR, TABLE)), **options).data["id"]
    return pk


def applied(api: Api, pk: int, **body: Any) -> Reply:
    return api.post(f"/imports/{pk}/apply", body)


def stored() -> list[str]:
    """The files that are kept."""
    return [path.name for path in services.folder().glob("*")]


# ── A plan ────────────────────────────────────────────────────────────────────────────────────
def test_planned_and_nothing_written_when_a_file_is_sent(api: Api) -> None:
    reply = upload(api, HEADER, CHAIR, TABLE)
    assert (reply.status, reply.data["status"], reply.data["totals"]["create"]) == (
        *(201, "planned"),
        2,
    )
    assert not Item.objects.exists()


def test_said_where_it_is_when_a_file_is_sent(api: Api) -> None:
    reply = upload(api, HEADER, CHAIR)
    assert reply["Location"].endswith(f"/api/v1/imports/{reply.data['id']}")
    assert api.get(f"/imports/{reply.data['id']}").data == reply.data


def test_said_how_it_was_understood_when_it_is_read(api: Api, manager: Any) -> None:
    data = api.get(f"/imports/{planned(api)}").data
    assert data["columns"] == {"sku": "sku", "name": "name", "unit_price": "unit_price"}
    assert (data["file_name"], data["format"], data["actor"]) == (
        *("items.csv", "native.items"),
        {"id": manager.pk, "name": manager.name},
    )


def test_read_as_said_when_options_are_given(api: Api) -> None:
    columns = json.dumps({"No.": "sku", "What": "name", "How much": "unit_price"})
    lines = ("No.;What;How much", "C-1;Chair;1,500")
    pk = planned(api, *lines, map=columns, decimal="comma", currency="KWD")
    applied(api, pk)
    item = Item.objects.get()
    assert (item.sku, str(item.unit_price), item.currency) == ("C-1", "1.5000", "KWD")


def test_counted_when_that_is_said(api: Api) -> None:
    lines = ("sku,name,quantity,location", "C-1,Chair,3,Hall")
    applied(api, planned(api, *lines))
    lines = ("sku,name,quantity,location", "C-1,Chair,5,Hall")
    assert upload(api, *lines).data["totals"]["differing"] == 1
    assert upload(api, *lines, count="true").data["totals"]["counted"] == 1


def test_each_row_is_named_when_the_rows_are_read(api: Api) -> None:
    item = ItemFactory.create(sku="T-1", name="Desk", unit_price="20", currency="EUR")
    pk = planned(api, HEADER, CHAIR, TABLE, BAD)
    chair, table, bad = api.get(f"/imports/{pk}/rows").data
    assert (chair["line"], chair["outcome"], chair["after"]["name"]) == (2, "create", "Chair")
    assert (table["target_id"], table["changes"]) == (
        item.pk,
        [{"column": "name", "field": "name", "before": "Desk", "after": "Table"}],
    )
    [problem] = bad["problems"]
    assert (bad["outcome"], problem["column"], problem["code"], problem["value"]) == (
        *("refused", "unit_price"),
        *("not_a_number", "much"),
    )


def test_only_those_of_an_outcome_when_that_is_asked(api: Api) -> None:
    pk = planned(api, HEADER, CHAIR, BAD)
    rows = api.get(f"/imports/{pk}/rows?outcome=refused").data
    assert [row["line"] for row in rows] == [3]


def test_rows_whose_quantity_differs_when_they_are_asked_for(api: Api) -> None:
    applied(api, planned(api, "sku,name,quantity", "C-1,Chair,3"))
    pk = planned(api, "sku,name,quantity", "C-1,Chair,5")
    [row] = api.get(f"/imports/{pk}/rows?outcome=differs").data
    assert "the file says 5, the books 3" in row["stock"]


def test_every_row_once_when_they_are_read_by_cursor(api: Api) -> None:
    pk = planned(api, HEADER, *(f"S-{n},Thing,1" for n in range(5)))
    rows = by_cursor(api, f"/imports/{pk}/rows", page_size=2)
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 6]


def test_400_when_a_cursor_is_of_another_outcome(api: Api) -> None:
    pk = planned(api)
    cursor = api.get(f"/imports/{pk}/rows?page_size=1").meta["next_cursor"]
    reply = api.get(f"/imports/{pk}/rows?outcome=create&cursor={cursor}")
    assert (reply.status, reply.codes) == (400, {"cursor": "invalid"})


def test_the_newest_first_when_imports_are_listed(api: Api) -> None:
    first, second = planned(api), planned(api)
    applied(api, first)
    assert [each["id"] for each in api.get("/imports").data] == [second, first]
    assert [each["id"] for each in api.get("/imports?status=applied").data] == [first]


def test_planned_anew_when_other_options_are_said(api: Api) -> None:
    pk = planned(api, "sku,name,Nickname", "C-1,Chair,Wobbly")
    reply = api.post(f"/imports/{pk}/plan", {"map": {"Nickname": "description"}})
    assert (reply.status, reply.data["columns"]["Nickname"]) == (200, "description")


def test_the_plan_stays_when_other_options_do_not_fit(api: Api) -> None:
    pk = planned(api)
    reply = api.post(f"/imports/{pk}/plan", {"map": {"Colour": "name"}})
    assert (reply.status, reply.error["code"], reply.codes) == (
        *(422, "import_asks"),
        {"map": "import_asks"},
    )
    assert api.get(f"/imports/{pk}").data["status"] == "planned"
    assert len(api.get(f"/imports/{pk}/rows").data) == 2


# ── What cannot be planned ────────────────────────────────────────────────────────────────────
def test_422_and_nothing_kept_when_it_cannot_be_read(api: Api) -> None:
    reply = upload(api, "<html><body>", name="items.csv")
    assert (reply.status, reply.error["code"]) == (422, "unreadable")
    assert "an HTML page" in reply.error["message"]
    assert (Import.objects.count(), stored()) == (0, [])


def test_422_and_nothing_kept_when_something_has_to_be_said(api: Api) -> None:
    reply = upload(api, "Name,Price", 'Chair,"1,500"')
    assert (reply.status, reply.error["code"], reply.codes) == (
        *(422, "import_asks"),
        {"decimal": "import_asks"},
    )
    assert "Choose: point, comma." in reply.error["message"]
    assert (Import.objects.count(), stored()) == (0, [])


def test_422_when_it_is_of_a_kind_that_is_not_imported(api: Api) -> None:
    reply = upload(api, "kind,source,destination,quantity", "receive,Outside,Hall,1")
    assert (reply.status, reply.error["code"]) == (422, "not_importable")


def test_422_when_there_is_no_file(api: Api) -> None:
    reply = api.post(
        "/imports",
        b'--b\r\nContent-Disposition: form-data; name="format"\r\n\r\nnative\r\n--b--\r\n',
        content_type="multipart/form-data; boundary=b",
    )
    assert (reply.status, reply.codes) == (422, {"file": "required"})


def test_422_when_the_file_is_a_text(api: Api) -> None:
    reply = api.post(
        "/imports",
        b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nsku\r\n--b--\r\n',
        content_type="multipart/form-data; boundary=b",
    )
    assert (reply.status, reply.codes) == (422, {"file": "invalid"})


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("format", "excel", "invalid_choice"),
        ("subject", "loan", "invalid_choice"),
        ("encoding", "klingon", "unknown_encoding"),
        ("encoding", "base64", "unknown_encoding"),
        ("decimal", "dot", "invalid_choice"),
        ("date", "ydm", "invalid_choice"),
        ("currency", "XXX", "invalid_choice"),
        ("location", " / ", "no_name"),
        ("count", "perhaps", "invalid"),
        ("map", "sku=sku", "invalid"),
        ("map", "[]", "not_an_object"),
        ("map", '{"sku": "colour"}', "unknown_field"),
        ("map", '{"sku": 1}', "unknown_field"),
        ("map", '{"\\u0000": "sku"}', "null_characters"),
        ("colour", "red", "unknown_field"),
    ],
)
def test_422_when_an_option_is_bad(api: Api, name: str, value: str, code: str) -> None:
    option: Any = {name: value}
    reply = upload(api, HEADER, CHAIR, **option)
    assert (reply.status, reply.codes) == (422, {name: code})


def test_422_when_an_option_is_given_twice(api: Api) -> None:
    reply = upload(api, HEADER, CHAIR, format=["native", "homebox"])
    assert (reply.status, reply.codes) == (422, {"format": "repeated"})


def test_415_when_it_is_no_form(api: Api) -> None:
    assert api.post("/imports", {"file": "sku"}).status == 415


def test_413_when_it_is_larger_than_is_taken(api: Api, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 1
    reply = upload(api, HEADER, "x" * 1024 * 1024)
    assert (reply.status, reply.error["code"]) == (413, "payload_too_large")


# ── Application ───────────────────────────────────────────────────────────────────────────────
def test_written_when_it_is_applied(api: Api) -> None:
    reply = applied(api, planned(api))
    assert (reply.status, reply.data["status"]) == (200, "applied")
    assert [*Item.objects.order_by("sku").values_list("sku", flat=True)] == ["C-1", "T-1"]


def test_nothing_would_change_when_it_is_imported_again(api: Api) -> None:
    applied(api, planned(api))
    totals = upload(api, HEADER, CHAIR, TABLE).data["totals"]
    assert (totals["create"], totals["update"], totals["unchanged"]) == (0, 0, 2)


def test_409_and_nothing_written_when_a_row_is_refused(api: Api) -> None:
    reply = applied(api, planned(api, HEADER, CHAIR, BAD))
    assert (reply.status, Item.objects.count()) == (409, 0)
    assert "1 row is refused" in reply.error["message"]


def test_the_good_rows_are_written_when_that_is_said(api: Api) -> None:
    reply = applied(api, planned(api, HEADER, CHAIR, BAD), skip_bad=True)
    assert (reply.status, Item.objects.get().sku) == (200, "C-1")


def test_409_and_nothing_written_when_an_item_has_been_changed_since(api: Api) -> None:
    item = ItemFactory.create(sku="T-1", name="Desk")
    pk = planned(api)
    Item.objects.filter(pk=item.pk).update(name="Bench")
    reply = applied(api, pk)
    assert reply.status == 409
    assert "since the plan was made" in reply.error["message"]
    assert [each.name for each in Item.objects.all()] == ["Bench"]
    assert api.get(f"/imports/{pk}").data["status"] == "planned"


def test_409_when_it_has_been_applied(api: Api) -> None:
    pk = planned(api)
    applied(api, pk)
    reply = applied(api, pk)
    assert (reply.status, "it is applied" in reply.error["message"]) == (409, True)


def test_422_when_skip_bad_is_no_truth_value(api: Api) -> None:
    assert applied(api, planned(api), skip_bad="yes").codes == {"skip_bad": "invalid"}


def test_404_when_there_is_no_such_import(api: Api) -> None:
    assert applied(api, 10**6).status == 404
    assert api.get("/imports/1000000/rows").status == 404


# ── Undoing ───────────────────────────────────────────────────────────────────────────────────
def test_taken_back_when_it_is_undone(api: Api) -> None:
    pk = planned(api, "sku,name,quantity,category", "C-1,Chair,3,Seats")
    applied(api, pk)
    reply = api.post(f"/imports/{pk}/undo")
    assert (reply.status, reply.data["status"]) == (200, "undone")
    assert reply.data["undone"] == {
        "reversed": 1,
        "restored": 0,
        "retired": 1,
        "kept": 0,
        "told": [],
    }
    assert Item.objects.get().status == Item.Status.RETIRED


def test_what_stays_is_told_when_it_is_undone(api: Api) -> None:
    pk = planned(api)
    applied(api, pk)
    chair = Item.objects.get(sku="C-1")
    api.patch(f"/items/{chair.pk}", {"name": "Armchair"})
    undone = api.post(f"/imports/{pk}/undo").data["undone"]
    assert (undone["retired"], undone["kept"]) == (1, 1)
    assert undone["told"] == [{"line": 2, "sku": "C-1", "why": "It has been edited since."}]


def test_409_when_it_is_undone_before_it_is_applied(api: Api) -> None:
    assert api.post(f"/imports/{planned(api)}/undo").status == 409


# ── Discarding ────────────────────────────────────────────────────────────────────────────────
def test_gone_with_its_file_when_a_plan_is_discarded(api: Api) -> None:
    pk = planned(api)
    assert (api.delete(f"/imports/{pk}").status, stored()) == (200, [])
    assert api.get(f"/imports/{pk}").status == 404


def test_409_when_what_was_applied_is_discarded(api: Api) -> None:
    pk = planned(api)
    applied(api, pk)
    assert api.delete(f"/imports/{pk}").status == 409


# ── The refused rows ──────────────────────────────────────────────────────────────────────────
def test_a_file_of_the_same_shape_when_the_refused_rows_are_asked_for(api: Api) -> None:
    reply = api.get(f"/imports/{planned(api, HEADER, CHAIR, BAD)}/refused")
    assert reply["Content-Disposition"] == 'attachment; filename="items-refused.csv"'
    content = b"".join(reply.response.streaming_content).decode("utf-8-sig")
    assert content.splitlines() == [
        f"{HEADER},Why it was refused",
        f"{BAD},unit_price: It is not a number such as 1234.56.",
    ]


def test_409_when_the_file_is_not_there_any_more(api: Api) -> None:
    pk = planned(api, HEADER, BAD)
    services.path_of(Import.objects.get(pk=pk)).unlink()
    assert api.get(f"/imports/{pk}/refused").status == 409


# ── By a worker ───────────────────────────────────────────────────────────────────────────────
def test_waiting_then_planned_when_the_file_is_large(
    api: Api, slow: None, work: Callable[[], int]
) -> None:
    reply = upload(api, HEADER, CHAIR)
    assert (reply.status, reply.data["status"]) == (201, "waiting")
    work()
    assert api.get(f"/imports/{reply.data['id']}").data["status"] == "planned"


def test_failed_and_asking_when_a_worker_finds_that_something_has_to_be_said(
    api: Api, slow: None, work: Callable[[], int]
) -> None:
    pk = upload(api, "Name,Price", 'Chair,"1,500"').data["id"]
    work()
    data = api.get(f"/imports/{pk}").data
    assert (data["status"], data["asks"]) == ("failed", {"decimal": ["point", "comma"]})
    assert "can be read in two ways" in data["problem"]
    assert api.post(f"/imports/{pk}/plan", {"decimal": "comma"}).status == 202
    work()
    assert api.get(f"/imports/{pk}").data["status"] == "planned"


def test_202_then_applied_when_there_are_many_rows(
    api: Api, slow: None, work: Callable[[], int]
) -> None:
    pk = upload(api, HEADER, CHAIR).data["id"]
    work()
    reply = applied(api, pk)
    assert (reply.status, reply.data["status"]) == (202, "applying")
    assert api.delete(f"/imports/{pk}").status == 409
    work()
    assert api.get(f"/imports/{pk}").data["status"] == "applied"


def test_202_then_undone_when_there_are_many_rows(
    api: Api, slow: None, work: Callable[[], int]
) -> None:
    pk = upload(api, HEADER, CHAIR).data["id"]
    work()
    applied(api, pk)
    work()
    reply = api.post(f"/imports/{pk}/undo")
    assert (reply.status, reply.data["status"], reply.data["undone"]) == (202, "undoing", None)
    work()
    assert api.get(f"/imports/{pk}").data["undone"]["retired"] == 1


def test_nothing_else_is_made_when_a_plan_is_read_and_discarded(api: Api) -> None:
    pk = planned(api, "sku,name,category,location,quantity", "C-1,Chair,Seats / Wood,Hall / 1,2")
    api.get(f"/imports/{pk}/rows")
    api.delete(f"/imports/{pk}")
    assert not Category.objects.exists()
    assert not Location.objects.filter(name="Hall").exists()
