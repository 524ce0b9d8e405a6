"""A list as a file over the API: its headers, its refusals, and the document about it."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from config.exports import workbooks
from tests.client import Api, Reply
from tests.config.api.test_schema import assert_described, operation, problems, resolved
from tests.exported import cells, content
from tests.factories import ItemFactory

Schema = dict[str, Any]
SUBJECTS = ["items", "levels", "movements", "loans", "users"]
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.fixture(scope="module")
def document() -> Schema:
    """The document as anybody reads it."""
    body: Schema = Api().get("/schema").body
    return body


@pytest.mark.parametrize("form", TYPES)
def test_a_name_a_type_and_a_length_when_a_file_is_answered(form: str, api: Api) -> None:
    reply = api.get(f"/items/export?format={form}")
    file = content(reply)
    assert (reply["Content-Type"], int(reply["Content-Length"])) == (TYPES[form], len(file))
    name = rf'attachment; filename="items-\d{{4}}-\d\d-\d\d\.{form}"'
    assert re.fullmatch(name, reply["Content-Disposition"])


@pytest.mark.parametrize("form", TYPES)
def test_the_headers_alone_when_they_are_asked_for(form: str, api: Api) -> None:
    reply = api.call("HEAD", f"/items/export?format={form}")
    assert (reply.status, reply["Content-Type"]) == (200, TYPES[form])
    assert reply["Content-Disposition"].startswith("attachment")
    assert reply.response.content == b""


@pytest.mark.parametrize("accept", ["text/csv", "application/pdf", "application/json"])
def test_the_format_that_is_named_when_something_else_is_accepted(accept: str, api: Api) -> None:
    reply = api.get("/items/export?format=csv", Accept=accept)
    assert cells(content(reply)) == []


def test_409_when_a_workbook_cannot_hold_the_rows(
    api: Api, monkeypatch: pytest.MonkeyPatch, document: Schema
) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 1)
    ItemFactory.create()
    assert content(api.get("/items/export?format=xlsx"))
    ItemFactory.create()
    reply = api.get("/items/export?format=xlsx")
    assert (reply.status, reply.error["code"]) == (409, "too_large_for_xlsx")
    assert_described(document, "/items/export", "GET", reply)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_405_when_a_file_is_written_to(method: str, api: Api) -> None:
    assert api.call(method, "/items/export", {}).status == 405


def test_counted_as_one_call_when_a_file_is_answered(api: Api, settings: Settings) -> None:
    settings.THROTTLE_SIGNED_IN = "1/min"
    assert content(api.get("/items/export"))
    assert api.get("/items/export").status == 429


# ── The document ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("form", TYPES)
def test_described_when_a_file_is_answered(
    subject: str, form: str, document: Schema, manager_api: Api
) -> None:
    reply = manager_api.get(f"/{subject}/export?format={form}")
    assert content(reply) or form == "jsonl"
    answer = operation(document, f"/{subject}/export", "GET")["responses"]["200"]
    assert answer["content"].keys() == set(TYPES.values())
    assert reply["Content-Type"] in answer["content"]
    check_headers(document, answer, reply)


def check_headers(document: Schema, answer: Schema, reply: Reply) -> None:
    for name, described in answer["headers"].items():
        header = resolved(document, described)
        if header["required"] and header["schema"]["type"] == "string":
            assert problems(document, header["schema"], reply[name]) == []


@pytest.mark.parametrize("asked", ["x=1", "page=1", "format=x"])
def test_described_when_a_parameter_is_refused(asked: str, document: Schema, api: Api) -> None:
    reply = api.get(f"/items/export?{asked}")
    assert reply.status == 400
    assert_described(document, "/items/export", "GET", reply)


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if each != "levels"])
def test_the_filters_of_the_list_when_the_parameters_are_described(
    subject: str, document: Schema
) -> None:
    told, of_list = (
        {each["name"] for each in operation(document, path, "GET")["parameters"]}
        for path in (f"/{subject}/export", f"/{subject}")
    )
    of_pages = {"page", "page_size", "cursor", "ordering", "fields"}
    assert told == (of_list - of_pages) | {"format"}
