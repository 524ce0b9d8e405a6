"""Items and categories in the admin."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from items.models import Category, Item
from tests.client import Api, signed_in
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.conftest import Branch
from tests.items.helpers import queries, sql, text_of
from users.models import User

ITEMS, CATEGORIES = "/admin/items/item/", "/admin/items/category/"
XSS = "<script>alert(1)</script>"


def page_of(row: Item | Category) -> str:
    """Where the admin edits a row."""
    return f"{ITEMS if isinstance(row, Item) else CATEGORIES}{row.pk}/change/"


def form_of(desk: Client, page: str) -> dict[str, Any]:
    """What a browser would send back of a form that it has just been given."""
    opened = desk.get(page)
    assert opened.status_code == 200  # the context is there even of a page that failed
    form = opened.context["adminform"].form
    sent: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        sent[bound.html_name] = "" if value is None else value
    return sent


def save(desk: Client, row: Item | Category, **changes: Any) -> Any:
    """Open a row's form, change something, send it."""
    page = page_of(row)
    return desk.post(page, {**form_of(desk, page), **changes})


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def make(url: str, many: int) -> None:
    """Rows, each with relations of its own."""
    for _ in range(many):
        if url == ITEMS:
            ItemFactory.create(
                category=CategoryFactory.create(parent=CategoryFactory.create()),
                owner=UserFactory.create(),
            )
        else:
            ItemFactory.create(category=CategoryFactory.create(parent=CategoryFactory.create()))


@pytest.mark.parametrize("url", [ITEMS, CATEGORIES])
def test_no_query_a_row_when_listed(url: str, desk: Client) -> None:
    make(url, 3)
    few = queries(desk, url)
    make(url, 27)
    assert queries(desk, url) == few


@pytest.mark.parametrize("url", [f"{ITEMS}?q=item", f"{ITEMS}?o=5", f"{CATEGORIES}?o=2.1"])
def test_no_query_a_row_when_searched_or_ordered(url: str, desk: Client) -> None:
    make(url.split("?", maxsplit=1)[0], 3)
    few = queries(desk, url)
    make(url.split("?", maxsplit=1)[0], 17)
    assert queries(desk, url) == few


def test_prices_as_written_when_listed(desk: Client) -> None:
    ItemFactory.create(unit_price="12.3", currency="USD")
    ItemFactory.create(unit_price="1890000", currency="KRW")
    text = text_of(desk.get(ITEMS))
    assert "12.30 USD" in text
    assert "1890000 KRW" in text


def test_path_when_categories_are_listed(desk: Client, branch: Branch) -> None:
    assert "Equipment / Computers / Laptops" in text_of(desk.get(CATEGORIES))


def test_branch_only_when_filtered_by_category(desk: Client, branch: Branch) -> None:
    ItemFactory.create(name="Inside", category=branch.bottom)
    ItemFactory.create(name="Outside", category=branch.other)
    listed = desk.get(f"{ITEMS}?category={branch.top.pk}").context["cl"].result_list
    assert [item.name for item in listed] == ["Inside"]


@pytest.mark.parametrize("value", ["x", "", "-1", "999999", "9" * 30, "²", "١", "%00"])
def test_200_when_the_branch_filter_has_an_odd_value(value: str, desk: Client) -> None:
    ItemFactory.create()
    assert desk.get(f"{ITEMS}?category={value}").status_code in {200, 302}


@pytest.mark.parametrize("value", ["%25", "_", "%5C", "'", "%ff", "x" * 3000])
@pytest.mark.parametrize("url", [ITEMS, CATEGORIES])
def test_200_when_an_odd_text_is_searched(url: str, value: str, desk: Client) -> None:
    assert desk.get(f"{url}?q={value}").status_code == 200


@pytest.mark.parametrize("text", ["furn", "FURN", "iture"])
def test_found_when_a_category_is_searched(text: str, desk: Client, branch: Branch) -> None:
    listed = desk.get(f"{CATEGORIES}?q={text}").context["cl"].result_list
    assert [category.name for category in listed] == ["Furniture"]


# ── Actions ───────────────────────────────────────────────────────────────────────────────────
def act(desk: Client, action: str, *items: Item) -> Any:
    """Do an action to ticked items."""
    return desk.post(ITEMS, {"action": action, "_selected_action": [item.pk for item in items]})


@pytest.mark.parametrize(
    ("action", "status"), [("activate", "active"), ("make_draft", "draft"), ("retire", "retired")]
)
def test_ticked_ones_change_when_a_status_is_given_to_many(
    action: str, status: str, desk: Client
) -> None:
    ticked = [ItemFactory.create(status=s) for s in ("draft", "active", "retired")]
    other = ItemFactory.create(status="draft" if status != "draft" else "active")
    assert act(desk, action, *ticked).status_code == 302
    assert set(Item.objects.exclude(pk=other.pk).values_list("status", flat=True)) == {status}
    assert Item.objects.get(pk=other.pk).status == other.status


def test_history_names_who_did_it_when_a_status_is_given_to_many(
    desk: Client, api: Api, clerk: User
) -> None:
    item, same = ItemFactory.create(status="active"), ItemFactory.create(status="retired")
    act(desk, "retire", item, same)
    event = api.get(f"/items/{item.pk}/history").data[0]
    assert (event["actor"]["id"], event["via"]) == (clerk.pk, "admin")
    assert event["changes"] == [{"field": "status", "before": "active", "after": "retired"}]
    assert api.get(f"/items/{same.pk}/history").meta["total"] == 1


def test_nothing_changes_when_a_viewer_sends_an_action(viewer_desk: Client) -> None:
    item = ItemFactory.create(status="active")
    act(viewer_desk, "retire", item)
    assert Item.objects.get(pk=item.pk).status == "active"


def test_nothing_is_deleted_when_a_clerk_sends_the_action(desk: Client) -> None:
    item = ItemFactory.create()
    data = {"action": "delete_selected", "_selected_action": [item.pk], "post": "yes"}
    desk.post(ITEMS, data)
    assert Item.objects.filter(pk=item.pk).exists()


def test_history_names_who_did_it_when_a_manager_deletes_many(
    manager_desk: Client, manager: User
) -> None:
    item = ItemFactory.create()
    data = {"action": "delete_selected", "_selected_action": [item.pk], "post": "yes"}
    manager_desk.post(ITEMS, data)
    label, context = sql("SELECT pgh_label, pgh_context FROM items_itemevent ORDER BY pgh_id DESC")[
        0
    ]
    assert (label, json.loads(context)["actor"]["id"]) == ("delete", manager.pk)


# ── Forms ─────────────────────────────────────────────────────────────────────────────────────
def test_saved_and_ascribed_when_a_form_is_sent(desk: Client, api: Api) -> None:
    item = ItemFactory.create(name="Chair")
    assert save(desk, item, name="Stool").status_code == 302
    event = api.get(f"/items/{item.pk}/history").data[0]
    assert (event["actor"]["name"], event["via"]) == ("Clara Clerk", "admin")
    assert event["changes"] == [{"field": "name", "before": "Chair", "after": "Stool"}]


def test_nothing_moves_when_a_form_is_sent_back_as_it_was(desk: Client) -> None:
    item = ItemFactory.create(
        unit_price="12.30",
        currency="USD",
        reorder_point="2.5",
        tags=["red", "big"],
        attributes={"a": [1, {"b": 0.1}], "c": "한글"},
        category=CategoryFactory.create(),
        owner=UserFactory.create(),
    )
    before = Item.objects.values().get()
    assert save(desk, item).status_code == 302
    assert Item.objects.values().get() == before


@pytest.mark.parametrize("tags", [["red, blue"], ["a,b", "c"]])
def test_tags_stay_as_they_are_when_something_else_is_saved(tags: list[str], desk: Client) -> None:
    item = ItemFactory.create(tags=tags)
    save(desk, item, name="Renamed")
    assert Item.objects.get(pk=item.pk).tags == tags


def test_refused_with_both_versions_when_the_form_is_stale(desk: Client) -> None:
    item = ItemFactory.create(name="Chair", unit="pcs")
    page = page_of(item)
    form = form_of(desk, page)
    Item.objects.update(name="Theirs")
    response = desk.post(page, {**form, "name": "Mine"})
    assert response.status_code == 200
    text = text_of(response)
    assert "Theirs" in text
    assert "Mine" in text
    assert Item.objects.get(pk=item.pk).name == "Theirs"


@pytest.mark.parametrize("seen", ["", "x", None])
def test_refused_when_the_form_does_not_say_what_it_saw(seen: str | None, desk: Client) -> None:
    item = ItemFactory.create(name="Chair")
    form = {**form_of(desk, page_of(item)), "name": "Blind"}
    form.pop("seen")
    desk.post(page_of(item), form if seen is None else {**form, "seen": seen})
    assert Item.objects.get(pk=item.pk).name == "Chair"


def test_both_versions_escaped_when_the_form_is_stale(desk: Client) -> None:
    item = ItemFactory.create(name="Chair")
    form = form_of(desk, page_of(item))
    Item.objects.update(name=XSS)
    response = desk.post(page_of(item), {**form, "name": f"{XSS} mine"})
    assert XSS not in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "99"), ("created_at", "2001-01-01"), ("updated_at", "2001-01-01"), ("id", "1")],
)
def test_nothing_changes_when_a_derived_field_is_posted(
    field: str, value: str, desk: Client
) -> None:
    item = ItemFactory.create()
    before = Item.objects.values().get()
    save(desk, item, **{field: value, f"{field}_0": value})
    assert Item.objects.values().get() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_price": "12.345", "currency": "USD"},
        {"unit_price": "-1"},
        {"unit_price": "NaN"},
        {"sku": "TAKEN"},
        {"sku": "taken"},
        {"barcode": "B-1"},
        {"serial_number": "S-1"},
        {"name": "  "},
        {"currency": "XXX"},
        {"category": "999999"},
        {"attributes": "[]"},
        {"attributes": "{"},
        {"attributes": '{"a": NaN}'},
        {"attributes": '{"a": "\\u0000"}'},
        {"attributes": '{"a": "\\ud800"}'},
        {"attributes": '{"a": 123456789012345678901234567890}'},
        {"attributes": '{"a": 1e400}'},
        {"tags": ",".join(map(str, range(51)))},
        {"description": "x\0"},
    ],
    ids=str,
)
def test_refused_with_a_sentence_when_a_form_is_bad(changes: dict[str, str], desk: Client) -> None:
    ItemFactory.create(sku="TAKEN", barcode="B-1", serial_number="S-1")
    item = ItemFactory.create(currency="USD")
    response = save(desk, item, **changes)
    assert response.status_code == 200
    assert response.context["errors"]


def test_each_once_when_tags_are_typed_twice(desk: Client) -> None:
    item = ItemFactory.create()
    save(desk, item, tags="a,b,a")
    assert Item.objects.get(pk=item.pk).tags == ["a", "b"]


def test_null_when_codes_are_left_blank(desk: Client) -> None:
    item = ItemFactory.create(barcode="B", serial_number="S")
    save(desk, item, barcode="", serial_number="")
    now = Item.objects.get(pk=item.pk)
    assert (now.barcode, now.serial_number) == (None, None)


def test_made_when_a_new_one_is_sent(desk: Client, api: Api) -> None:
    form = {**form_of(desk, f"{ITEMS}add/"), "sku": "NEW", "name": "New"}
    assert desk.post(f"{ITEMS}add/", form).status_code == 302
    item = Item.objects.get()
    assert api.get(f"/items/{item.pk}/history").data[0]["actor"]["name"] == "Clara Clerk"


@pytest.mark.parametrize("below", ["top", "middle", "bottom"])
def test_refused_with_a_sentence_when_a_category_is_moved_below_itself(
    below: str, desk: Client, branch: Branch
) -> None:
    response = save(desk, branch.top, parent=getattr(branch, below).pk)
    assert response.status_code == 200
    assert "below itself" in text_of(response)


@pytest.mark.parametrize("parent", ["middle", None])
def test_refused_with_a_sentence_when_a_sibling_has_the_name(
    parent: str | None, desk: Client, branch: Branch
) -> None:
    above = getattr(branch, parent).pk if parent else ""
    taken = "LAPTOPS" if parent else "FURNITURE"
    form = {**form_of(desk, f"{CATEGORIES}add/"), "name": taken, "parent": above}
    response = desk.post(f"{CATEGORIES}add/", form)
    assert response.status_code == 200
    assert "of this name" in text_of(response)


def test_what_is_in_the_way_is_named_when_a_used_category_is_deleted(
    manager_desk: Client, branch: Branch
) -> None:
    ItemFactory.create(category=branch.bottom, name="In the way")
    response = manager_desk.post(f"{CATEGORIES}{branch.bottom.pk}/delete/", {"post": "yes"})
    assert response.status_code in {200, 403}
    assert "In the way" in text_of(response)
    assert Category.objects.filter(pk=branch.bottom.pk).exists()


@pytest.mark.parametrize("field", ["sku", "name", "description", "unit", "barcode", "tags"])
def test_escaped_when_an_item_holds_html(field: str, desk: Client) -> None:
    value: Any = XSS[:16] if field == "unit" else XSS
    item = ItemFactory.create(**{field: [value] if field == "tags" else value})
    for page in (ITEMS, page_of(item), page_of(item).replace("change", "history")):
        assert value not in desk.get(page).content.decode().replace("<script>\n", "")


def test_escaped_when_a_category_holds_html(desk: Client) -> None:
    category = CategoryFactory.create(name=XSS)
    ItemFactory.create(category=category)
    for page in (ITEMS, CATEGORIES, page_of(category)):
        assert XSS not in desk.get(page).content.decode()


# ── Rights ────────────────────────────────────────────────────────────────────────────────────
def test_read_only_when_a_viewer_opens_a_form(viewer_desk: Client) -> None:
    item = ItemFactory.create(name="Chair")
    assert viewer_desk.get(page_of(item)).status_code == 200
    assert viewer_desk.post(page_of(item), {"name": "Mine"}).status_code == 403


@pytest.mark.parametrize("url", [ITEMS, CATEGORIES, f"{ITEMS}add/"])
def test_403_or_log_in_when_somebody_has_no_rights(url: str, db: None) -> None:
    assert signed_in(UserFactory.create(is_staff=True)).get(url).status_code == 403
    assert signed_in(UserFactory.create()).get(url).status_code == 302
    assert Client().get(url).status_code == 302


# ── History ───────────────────────────────────────────────────────────────────────────────────
def test_from_what_to_what_when_the_history_is_opened(desk: Client, branch: Branch) -> None:
    item = ItemFactory.create(name="Chair")
    save(desk, item, name="Stool", category=branch.bottom.pk)
    text = text_of(desk.get(f"{ITEMS}{item.pk}/history/"))
    assert "Updated by Clara Clerk" in text
    assert "Name Chair Stool" in text
    assert "Category – Laptops" in text


def test_through_the_database_when_the_history_shows_sql(desk: Client) -> None:
    item = ItemFactory.create(name="Chair")
    sql("UPDATE items_item SET name = 'Stool'")
    assert "through the database" in text_of(desk.get(f"{ITEMS}{item.pk}/history/"))


def test_200_when_the_history_names_a_category_that_is_gone(desk: Client, branch: Branch) -> None:
    item = ItemFactory.create(category=branch.other)
    Item.objects.update(category=None)
    gone = branch.other.pk
    branch.other.delete()
    assert f"#{gone}" in text_of(desk.get(f"{ITEMS}{item.pk}/history/"))


@pytest.mark.parametrize("page", ["2", "x", "-1", "999"])
def test_older_ones_when_the_history_is_long(page: str, desk: Client) -> None:
    item = ItemFactory.create(name="0")
    for n in range(1, 60):
        Item.objects.update(name=f"n{n}")
    response = desk.get(f"{ITEMS}{item.pk}/history/?p={page}")
    assert response.status_code == 200
    assert "of 2" in text_of(response)


def test_few_queries_when_the_history_is_long(desk: Client) -> None:
    item, categories = ItemFactory.create(), CategoryFactory.create_batch(8)
    url = f"{ITEMS}{item.pk}/history/"
    Item.objects.update(category=categories[0])
    few = queries(desk, url)
    for category in categories[1:]:
        Item.objects.update(category=category)
    assert queries(desk, url) <= few + 2


def test_403_when_the_history_is_opened_without_rights(db: None) -> None:
    url = f"{ITEMS}{ItemFactory.create().pk}/history/"
    assert signed_in(UserFactory.create(is_staff=True)).get(url).status_code == 403


@pytest.mark.parametrize("pk", ["999999", "x", "9" * 30])
def test_away_when_the_history_is_of_nothing(pk: str, desk: Client) -> None:
    assert desk.get(f"{ITEMS}{pk}/history/").status_code in {302, 404}


# ── First page ────────────────────────────────────────────────────────────────────────────────
def figures(desk: Client) -> dict[str, int]:
    """{label: value} of the first page."""
    found = re.findall(
        r"<strong>(\d+)</strong>\s*([^<]+?)\s*</a>", desk.get("/admin/").content.decode()
    )
    return {label: int(value) for value, label in found}


def test_figures_of_the_register_when_a_viewer_opens_the_first_page(viewer_desk: Client) -> None:
    for status, many in (("active", 3), ("draft", 2), ("retired", 1)):
        ItemFactory.create_batch(many, status=status)
    CategoryFactory.create_batch(4)
    found = figures(viewer_desk)
    wanted = {"active items": 3, "draft items": 2, "retired items": 1, "categories": 4}
    assert {label: found.get(label) for label in wanted} == wanted


def test_figures_lead_to_those_rows_when_followed(viewer_desk: Client) -> None:
    ItemFactory.create(status="draft")
    ItemFactory.create(status="active")
    links = re.findall(
        r'<a href="([^"]*status__exact=draft)"', viewer_desk.get("/admin/").content.decode()
    )
    listed = viewer_desk.get(links[0]).context["cl"].result_list
    assert [item.status for item in listed] == ["draft"]


def test_no_figures_when_somebody_has_no_rights(db: None) -> None:
    ItemFactory.create()
    assert figures(signed_in(UserFactory.create(is_staff=True))) == {}


def test_no_categories_in_the_figures_when_somebody_sees_only_items(db: None) -> None:
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_item"))
    found = set(figures(signed_in(user)))
    assert found == {"active items", "draft items", "retired items", "low on stock"}


@pytest.mark.parametrize("page", [ITEMS, CATEGORIES])
def test_nothing_of_the_inside_is_shown_when_a_new_one_is_begun(page: str, desk: Client) -> None:
    opened = desk.get(f"{page}add/")
    assert opened.status_code == 200
    assert "django.db" not in opened.content.decode()


def test_refused_with_a_sentence_when_a_new_one_is_bad(desk: Client) -> None:
    form = {**form_of(desk, f"{ITEMS}add/"), "sku": "", "name": "New"}
    answer = desk.post(f"{ITEMS}add/", form)
    assert (answer.status_code, answer.context["errors"]) == (200, [["This field is required."]])


@pytest.mark.parametrize(
    "query", ["category=" + "9" * 5000, "category=x", "q=%00", "q=" + "a+" * 900]
)
def test_a_page_when_the_query_is_odd(query: str, desk: Client) -> None:
    assert desk.get(f"{ITEMS}?{query}").status_code == 200


def test_the_owner_can_be_chosen_when_one_may_not_look_users_up(desk: Client) -> None:
    owner = UserFactory.create(name="Olga Owner")
    asked = {"app_label": "items", "model_name": "item", "field_name": "owner", "term": "olga"}
    found = desk.get("/admin/autocomplete/", asked).json()["results"]
    assert found == [{"id": str(owner.pk), "text": "Olga Owner"}]
