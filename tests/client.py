"""Clients as tests like them: of the API, JSON in, the envelope's parts out; and of the admin."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.test import Client

from users.models import User

BASE = "/api/v1"


@dataclass(frozen=True)
class Reply:
    """An answer; `data`, `meta` and `error` are the envelope's."""

    response: Any

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.response.status_code)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The whole envelope."""
        body: dict[str, Any] = json.loads(self.response.content)
        return body

    @property
    def data(self) -> Any:
        """What a success answers with."""
        assert self.body["success"], self.body
        return self.body["data"]

    @property
    def meta(self) -> dict[str, Any]:
        """What is said about it."""
        meta: dict[str, Any] = self.body["meta"]
        return meta

    @property
    def error(self) -> dict[str, Any]:
        """What a failure answers with."""
        assert not self.body["success"], self.body
        error: dict[str, Any] = self.body["error"]
        return error

    @property
    def codes(self) -> dict[str, str]:
        """{field: code} of a failure's details."""
        return {detail["field"]: detail["code"] for detail in self.error["details"]}

    def __getitem__(self, header: str) -> str:
        return str(self.response[header])


class Api:
    """Calls the API below /api/v1 with a token, or without."""

    def __init__(self, token: str | None = None, address: str = "127.0.0.1") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = Client(raise_request_exception=False, REMOTE_ADDR=address)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Call `path`; a body that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        response = self.client.generic(
            method,
            f"{BASE}{path}",
            content,
            content_type=headers.pop("content_type", "application/json"),
            headers={**self.headers, **headers},
        )
        return Reply(response)

    def get(self, path: str, **headers: str) -> Reply:
        """GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """POST."""
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Reply:
        """PUT."""
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Reply:
        """PATCH."""
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Reply:
        """DELETE."""
        return self.call("DELETE", path, **headers)


def signed_in(user: User) -> Client:
    """A browser in which `user` is signed in; an unforeseen error is answered, not raised."""
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser
