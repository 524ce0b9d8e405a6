"""Whatever is sent, the answer is one that the document allows, and never a 500."""

import json
import logging
import os
import re
import socket
from collections import Counter
from http.client import HTTPException, HTTPResponse
from random import Random
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from tests.contract.hostile import Request, Schema, hostile_request
from tests.live import Server

SEED = 20_260_131
logger = logging.getLogger(__name__)
COUNT = int(os.environ.get("STOCKROOM_HOSTILE", "2000"))  # of all who ask together
TIMEOUT_S = 30
NO_OPERATION = {"400", "401", "403", "404", "405", "406", "413", "415"}
DOCUMENTATION = ("/api/v1/schema", "/api/v1/docs")
# The web server's own refusals of what is no HTTP: without a body, hence without the envelope.
REFUSED_UNREAD = {400, 408, 413, 414, 417, 431, 501, 505}


class Answer:
    """What came back over the socket; status 0 when the connection was closed without a word."""

    def __init__(self, server: Server, request: Request) -> None:
        host, _, port = server.url.removeprefix("http://").partition(":")
        self.status, self.headers, self.body = 0, {}, b""
        with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as connection:
            try:
                connection.sendall(request.written())
                if request.lengths is not None:
                    connection.shutdown(socket.SHUT_WR)  # what was promised never comes
            except OSError:
                self.cut = True  # it may have answered before it had read all
            try:
                response = HTTPResponse(connection, method=request.method)
                response.begin()
                self.status, self.body = response.status, response.read()
                self.headers = {name.lower(): value for name, value in response.getheaders()}
            except (HTTPException, ConnectionResetError):
                self.cut = True


class Contract:
    """The document, as a judge of answers."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.operations = [
            (re.compile(re.sub(r"{\w+}", "[0-9]+", path)), method.upper(), operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]

    def fault(self, request: Request, answer: Answer) -> str:
        """What is wrong with an answer; nothing when it is within the contract."""
        if request.may_be_refused_unread and (not answer.status or self._is_refused_unread(answer)):
            return ""
        if not answer.status:
            return "" if request.may_be_cut_off else "no answer"
        if answer.status >= 500:
            return "a failure of ours"
        if "x-request-id" not in answer.headers:
            return "no X-Request-ID"
        path = unquote(request.target)
        if not path.startswith("/api/") or path in DOCUMENTATION:
            return ""
        return self._fault_of_api(request, path, answer)

    def _is_refused_unread(self, answer: Answer) -> bool:
        return answer.status in REFUSED_UNREAD and "x-request-id" not in answer.headers

    def _fault_of_api(self, request: Request, path: str, answer: Answer) -> str:
        method = "GET" if request.method == "HEAD" else request.method.upper()
        found = [
            o for pattern, verb, o in self.operations if pattern.fullmatch(path) and verb == method
        ]
        described: Schema = found[0]["responses"] if found else {}
        if str(answer.status) not in (described or NO_OPERATION):
            return f"a status that is not described for {method} {path[:80]}"
        if answer.status == 304 or request.method == "HEAD":
            return "a body" if answer.body else ""
        kind = answer.headers.get("content-type", "")
        content = described.get(str(answer.status), {}).get("content", {})
        if answer.status == 200 and kind in content.keys() - {"application/json"}:
            return ""  # a file, of a type that is described
        if kind != "application/json":
            return f"the type {kind}"
        return self._fault_of_body(described.get(str(answer.status)), answer.body)

    def _fault_of_body(self, described: Schema | None, body: bytes) -> str:
        schema: Any = {"$ref": "#/components/schemas/Failure"}
        if described is not None and "$ref" not in described:
            schema = described["content"]["application/json"]["schema"]
        rooted = {**schema, "components": self.document["components"]}
        validator = Draft202012Validator(rooted, format_checker=FormatChecker())
        return "; ".join(e.message[:200] for e in validator.iter_errors(json.loads(body)))


@pytest.fixture(scope="module")
def tokens(server: Server, admin_token: str) -> dict[str, str]:
    """Who asks: an administrator, one who may only look, one in no group, a token that reads."""
    with server.client(admin_token) as admin:
        found = {}
        for n in range(5):  # something to be changed
            assert admin.post("/categories", json={"name": f"Hostile {n}"}).status_code == 201
            item = {"sku": f"HOSTILE-{n}", "name": "Lamp", "unit_price": "1.20"}
            assert admin.post("/items", json=item).status_code == 201
        for name, groups in (("viewer", ["Viewer"]), ("nobody", [])):
            who = {"email": f"{name}@hostile.example", "password": "a long enough passphrase"}
            made = admin.post("/users", json={**who, "name": name, "groups": groups})
            assert made.status_code == 201
            found[name] = admin.post("/auth/token", json=who).json()["data"]["token"]
        for scope in ("write", "read"):
            body = {"name": scope, "scope": scope}
            found[scope] = admin.post("/tokens", json=body).json()["data"]["token"]
    return found


@pytest.mark.parametrize("who", ["write", "read", "viewer", "nobody"])
def test_within_the_contract_when_requests_are_hostile(
    who: str, server: Server, tokens: dict[str, str]
) -> None:
    contract = Contract(httpx.get(f"{server.url}/api/v1/schema").json())
    random = Random(f"{SEED} {who}")
    count = COUNT // 2 if who == "write" else COUNT // 6
    faults, statuses = [], Counter[int]()
    for _ in range(count):
        request = hostile_request(contract.document, tokens[who], random)
        answer = Answer(server, request)
        statuses[answer.status] += 1
        if fault := contract.fault(request, answer):
            faults.append((fault, answer.status, request.written()[:300], answer.body[:300]))
    logger.warning("%s: %s", who, sorted(statuses.items()))
    assert not faults, "\n".join(map(str, faults))
    assert {200, 400, 401, 404} <= statuses.keys()


def test_an_answer_that_is_off_the_contract_is_found(
    server: Server, tokens: dict[str, str]
) -> None:
    document = httpx.get(f"{server.url}/api/v1/schema").json()
    bearer = ("Authorization", f"Bearer {tokens['read']}")
    request = Request("GET", "/api/v1/items", [("Host", "localhost"), bearer])
    answer = Answer(server, request)
    assert Contract(document).fault(request, answer) == ""
    del document["components"]["schemas"]["Item"]["properties"]["sku"]
    del document["components"]["schemas"]["ItemSelection"]["properties"]["sku"]
    assert "'sku'" in Contract(document).fault(request, answer)
    del document["paths"]["/api/v1/items"]["get"]["responses"]["200"]
    assert "not described" in Contract(document).fault(request, answer)
