"""Who sees imports in the admin, and who goes on with them; what is done while a worker works."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from items.exchange import services
from items.exchange.import_pages import seen
from items.exchange.models import Import
from items.models import Item
from tests.client import signed_in
from tests.factories import UserFactory
from tests.items.exchange.conftest import Received
from tests.items.exchange.importing import IMPORTS, apply, page_of, upload, uploaded
from tests.items.helpers import text_of
from tests.jobs import do_jobs, forget_jobs
from users.models import User

LINES = ("sku,name", "A-1,Anvil")
PAGES = ("change", "progress", "refused", "plan", "apply", "discard", "undo")


def somebody(*rights: str) -> User:
    """Somebody at the admin with these rights alone."""
    user = UserFactory.create(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


# ── Who may ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("page", PAGES)
def test_403_when_a_clerk_asks(page: str, desk: Client, received: Received) -> None:
    record = received(*LINES)
    assert desk.get(page_of(record, page)).status_code == 403
    assert desk.post(page_of(record, page)).status_code == 403


@pytest.mark.parametrize("path", ["", "add/", "template/items.csv"])
def test_403_when_a_clerk_wants_to_import(path: str, desk: Client) -> None:
    assert desk.get(f"{IMPORTS}{path}").status_code == 403


def test_nothing_kept_when_a_clerk_sends_a_file(desk: Client) -> None:
    assert upload(desk, *LINES).status_code == 403
    assert not Import.objects.exists()


def test_looked_at_and_no_more_when_somebody_may_only_view(received: Received) -> None:
    record = services.plan(received(*LINES))
    desk = signed_in(somebody("view_import"))
    page = desk.get(page_of(record))
    assert "Make 1 item" in text_of(page)
    assert b"<form" not in page.content.partition(b'id="content-main"')[2]
    for act in ("plan", "apply", "discard", "undo"):
        assert desk.post(page_of(record, act)).status_code == 403
    assert desk.get(f"{IMPORTS}add/").status_code == 403


def test_own_ones_alone_when_somebody_may_only_import(received: Received) -> None:
    desk = signed_in(somebody("add_import"))
    record = uploaded(desk, *LINES)
    other = services.plan(received(*LINES))
    assert desk.get(page_of(record)).status_code == 200
    assert desk.get(page_of(other)).status_code == 404
    assert [row.pk for row in desk.get(IMPORTS).context["cl"].result_list] == [record.pk]


def test_403_when_a_manager_goes_on_with_another_ones(
    manager_desk: Client, admin_user: User, received: Received
) -> None:
    for record in (received(*LINES, actor=admin_user), received(*LINES)):
        services.plan(record)
        text = text_of(manager_desk.get(page_of(record)))
        assert "or a superuser can go on with it" in text or "Only a superuser" in text
        sent = {"seen": seen(record)}
        assert manager_desk.post(page_of(record, "apply"), sent).status_code == 403
    assert not Item.objects.exists()


def test_applied_when_a_superuser_goes_on_with_another_ones(
    manager: User, admin_client: Client, received: Received
) -> None:
    record = services.plan(received(*LINES, actor=manager))
    apply(admin_client, record)
    assert record.status == Import.Status.APPLIED


@pytest.mark.django_db
def test_reason_in_the_place_of_the_button_when_a_right_is_missing() -> None:
    desk = signed_in(somebody("add_import", "view_import"))
    record = uploaded(desk, "email,name", "paula@example.org,Paula Person")
    page = desk.get(page_of(record))
    assert "You do not have the right to all that this import would do." in text_of(page)
    assert b'id="apply"' not in page.content


@pytest.mark.parametrize("act", ["plan", "apply", "discard"])
def test_nothing_done_when_it_is_only_opened(act: str, manager_desk: Client) -> None:
    record = uploaded(manager_desk, *LINES)
    assert manager_desk.get(page_of(record, act))["Location"] == page_of(record)
    record.refresh_from_db()
    assert record.status == Import.Status.PLANNED


@pytest.mark.parametrize("act", ["plan", "apply", "discard", "undo"])
def test_403_when_another_site_sends_the_form(act: str, manager: User) -> None:
    record = uploaded(signed_in(manager), *LINES)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(manager)
    assert strict.post(page_of(record, act)).status_code == 403


@pytest.mark.parametrize("pk", ["0", "999999", "99999999999999999999999", "x"])
def test_404_when_there_is_no_such_import(pk: str, manager_desk: Client) -> None:
    assert manager_desk.get(f"{IMPORTS}{pk}/change/").status_code == 404


@pytest.mark.parametrize("page", ["history", "delete"])
def test_neither_history_nor_deleting_when_an_import_is_there(
    page: str, admin_client: Client, received: Received
) -> None:
    assert admin_client.get(page_of(received(*LINES), page)).status_code in {403, 404}


# ── Where it is found ─────────────────────────────────────────────────────────────────────────
def test_button_on_the_list_of_items_when_somebody_may_import(
    manager_desk: Client, desk: Client
) -> None:
    button = f'href="{IMPORTS}add/"'
    assert button in manager_desk.get("/admin/items/item/").content.decode()
    assert button not in desk.get("/admin/items/item/").content.decode()


def test_only_those_of_a_status_when_the_list_is_filtered(manager_desk: Client) -> None:
    planned = uploaded(manager_desk, *LINES)
    uploaded(manager_desk, "%PDF-1.4")
    rows = manager_desk.get(f"{IMPORTS}?status=planned").context["cl"].result_list
    assert [row.pk for row in rows] == [planned.pk]


def test_cause_leads_to_the_import_when_the_history_of_an_item_is_opened(
    manager_desk: Client, viewer_desk: Client
) -> None:
    record = uploaded(manager_desk, *LINES)
    apply(manager_desk, record)
    history = f"/admin/items/item/{Item.objects.get().pk}/history/"
    link = f'<a href="{page_of(record)}">import {record.pk}</a>'
    assert link in manager_desk.get(history).content.decode()
    assert link not in viewer_desk.get(history).content.decode()


# ── While a worker works ──────────────────────────────────────────────────────────────────────
def test_told_how_far_it_is_until_it_is_planned_when_a_file_is_large(manager_desk: Client) -> None:
    forget_jobs()
    record = uploaded(manager_desk, *LINES, *("" for _ in range(1_200_000)))
    page = manager_desk.get(page_of(record))
    assert "This import is waiting to be planned" in text_of(page)
    assert b'http-equiv="refresh"' in page.content
    assert manager_desk.get(page_of(record, "progress")).json() == {
        "working": True,
        "status": "waiting to be planned",
        "what": "",
        "done": 0,
        "total": 0,
    }
    do_jobs()
    assert manager_desk.get(page_of(record, "progress")).json()["working"] is False
    assert "Make 1 item" in text_of(manager_desk.get(page_of(record)))
