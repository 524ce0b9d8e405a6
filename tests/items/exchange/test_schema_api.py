"""The OpenAPI document is true to what imports are answered with, and to what they take."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from config.api.envelope import to_json
from config.api.parameters import PageParameters
from config.api.reading import Reading
from config.api.reads import plan_of
from items.exchange.models import Import
from items.exchange.progress import told
from items.exchange.serializers import ImportSerializer
from tests.client import Api, Reply
from tests.config.api.test_schema import assert_described, operation, problems, resolved
from tests.factories import ItemFactory
from tests.items.exchange.conftest import upload

Schema = dict[str, Any]
HEADER, CHAIR, BAD = "sku,name,quantity", "C-1,Chair,3", "B-1,Bad,much"


@pytest.fixture(scope="module")
def document() -> Schema:
    """The document as anybody reads it."""
    body: Schema = Api().get("/schema").body
    return body


@pytest.fixture
def api(manager_api: Api) -> Api:
    """The client of a manager, who may import."""
    return manager_api


@pytest.fixture
def pk(api: Api) -> int:
    """A plan in which each outcome is."""
    ItemFactory.create(sku="D-1", name="Desk")
    ItemFactory.create(sku="E-1", name="Easel")
    lines = (CHAIR, BAD, "D-1,Bench,1", "E-1,Easel,")
    pk: int = upload(api, HEADER, *lines).data["id"]
    return pk


@pytest.mark.parametrize(
    "asked",
    [
        *("", "?status=planned", "?cursor=", "?fields=id,status", "?x=1"),
        *("/{id}", "/{id}?fields=totals", "/{id}/rows", "/{id}/rows?outcome=refused"),
        *("/{id}/rows?page_size=1", "/{id}/rows?outcome=none", "/999999", "/999999/rows"),
    ],
)
def test_described_when_read(asked: str, document: Schema, api: Api, pk: int) -> None:
    reply = api.get(f"/imports{asked}".replace("{id}", str(pk)))
    path = asked.partition("?")[0].replace("999999", "{id}")
    assert_described(document, f"/imports{path}", "GET", reply)


Call = Callable[[Api, int], Reply]


def post(what: str, body: Any = None) -> Call:
    return lambda api, pk: api.post(f"/imports/{pk}/{what}", body)


def undone(api: Api, pk: int) -> Reply:
    post("apply", {"skip_bad": True})(api, pk)
    return post("undo")(api, pk)


WRITES: dict[str, tuple[str, str, int, Call]] = {
    "made": ("", "POST", 201, lambda api, _: upload(api, HEADER, CHAIR)),
    "unreadable": ("", "POST", 422, lambda api, _: upload(api, "<html>")),
    "asking": ("", "POST", 422, lambda api, _: upload(api, "Name,Price", 'Chair,"1,500"')),
    "no form": ("", "POST", 415, lambda api, _: api.post("/imports", {})),
    "planned anew": ("/{id}/plan", "POST", 200, post("plan", {"count": True})),
    "bad options": ("/{id}/plan", "POST", 422, post("plan", {"decimal": "dot"})),
    "applied": ("/{id}/apply", "POST", 200, post("apply", {"skip_bad": True})),
    "refused": ("/{id}/apply", "POST", 409, post("apply", {})),
    "undone": ("/{id}/undo", "POST", 200, undone),
    "not undone": ("/{id}/undo", "POST", 409, post("undo")),
    "discarded": ("/{id}", "DELETE", 200, lambda api, pk: api.delete(f"/imports/{pk}")),
}


@pytest.mark.parametrize("name", WRITES)
def test_described_when_written(name: str, document: Schema, api: Api, pk: int) -> None:
    path, method, status, call = WRITES[name]
    reply = call(api, pk)
    assert reply.status == status
    assert_described(document, f"/imports{path}", method, reply)


@pytest.mark.usefixtures("slow")
def test_described_when_a_worker_will_do_it(
    document: Schema, api: Api, work: Callable[[], int]
) -> None:
    reply = upload(api, HEADER, CHAIR)
    assert_described(document, "/imports", "POST", reply)
    work()
    reply = post("apply", {})(api, reply.data["id"])
    assert reply.status == 202
    assert_described(document, "/imports/{id}/apply", "POST", reply)


def test_described_when_it_is_told_how_far_it_is(document: Schema, api: Api, pk: int) -> None:
    Import.objects.filter(pk=pk).update(status=Import.Status.APPLYING)
    told(Import.objects.get(pk=pk))("making items", 1, 2)
    reply = api.get(f"/imports/{pk}")
    assert reply.data["progress"] == {"what": "making items", "done": 1, "total": 2}
    assert_described(document, "/imports/{id}", "GET", reply)


def test_described_as_a_file_when_the_refused_rows_are_asked_for(
    document: Schema, api: Api, pk: int
) -> None:
    answer = operation(document, "/imports/{id}/refused", "GET")["responses"]["200"]
    reply = api.get(f"/imports/{pk}/refused", Accept="text/csv")
    assert [*answer["content"]] == [reply["Content-Type"]]
    header = resolved(document, answer["headers"]["Content-Disposition"])
    assert problems(document, header["schema"], reply["Content-Disposition"]) == []
    reply.response.close()


def test_described_as_a_file_when_its_name_is_korean(document: Schema, api: Api) -> None:
    pk = upload(api, HEADER, BAD, name="의자.csv").data["id"]
    answer = operation(document, "/imports/{id}/refused", "GET")["responses"]["200"]
    reply = api.get(f"/imports/{pk}/refused")
    header = resolved(document, answer["headers"]["Content-Disposition"])
    assert problems(document, header["schema"], reply["Content-Disposition"]) == []
    reply.response.close()


def test_a_form_with_a_file_is_asked_for_when_one_imports(document: Schema) -> None:
    body = operation(document, "/imports", "POST")["requestBody"]
    [(media_type, content)] = body["content"].items()
    form = resolved(document, content["schema"])
    assert (media_type, form["required"]) == ("multipart/form-data", ["file"])
    assert form["properties"]["file"] == {
        "type": "string",
        "format": "binary",
        "description": form["properties"]["file"]["description"],
    }
    assert form["properties"]["map"]["type"] == "object"


def test_the_same_when_it_is_read_by_plan(api: Api, pk: int) -> None:
    undone(api, pk)
    upload(api, HEADER, CHAIR)
    rows = Import.objects.with_relations()
    part = Reading(rows, plan_of(ImportSerializer)).part(PageParameters(data={}).order, 0, 10)
    said = ImportSerializer(rows, many=True).data
    assert orjson.loads(to_json(part.data)) == orjson.loads(to_json(said))
