"""The pages of the forms that book, and the actions of lists that lead to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from config.admin.filters import is_id
from config.admin.site import changelist_url
from items.stock.bookings import attempt, book, state_of, subjects_of
from items.stock.forms import FORMS, BookingForm

MAX_TOLD = 10  # bookings that are told one by one
MAX_AT_ONCE = 100  # subjects of one form
TRIED = "try"  # the name of the button that only tells what would happen
FRAGMENT = "fragment"  # and of a request that wants only that part of the page

Action = tuple[Callable[..., Any], str, str]


def booking_url(slug: str, ids: list[int], back: str = "") -> str:
    """Where a form asks about these."""
    asked: list[tuple[str, Any]] = [(FORMS[slug].parameter, pk) for pk in ids]
    if back:
        asked.append(("back", back))
    return f"{reverse('admin:items_movement_book', args=[slug])}?{urlencode(asked)}"


def booking_page(admin: ModelAdmin, request: HttpRequest, slug: str) -> HttpResponse:
    """One form: shown, tried out, or booked. `admin` is whose page it is.

    Raises Http404 for a form or subjects that are not there, PermissionDenied without the right.
    """
    if (kind := FORMS.get(slug)) is None:
        raise Http404(f"There is no form {slug}; there are {', '.join(FORMS)}.")
    if not request.user.has_perm(kind.right):
        raise PermissionDenied
    subjects = subjects_of(kind, _ids(request, kind.parameter))
    if not subjects:
        raise Http404("There is none of those that were named.")
    form = kind(subjects, request.user, request.POST if request.method == "POST" else None)
    tried = request.method == "POST" and TRIED in request.POST
    # Asked for first: what is booked from here on has not been seen.
    context: dict[str, Any] = {"form": form, "tried": tried, "seen": state_of(form.items)}
    if request.method == "POST" and form.is_valid():
        if tried:
            context["told"] = attempt(form)
        else:
            told = book(form, request.POST.get("seen", ""))
            if not form.errors:
                return _done(request, form, [str(each) for each in told])
    if tried and FRAGMENT in request.POST:
        return TemplateResponse(request, "admin/items/outcome.html", {**context, "alone": True})
    return TemplateResponse(
        request,
        "admin/items/booking.html",
        {
            **admin.admin_site.each_context(request),
            **context,
            "title": _title(form),
            "back": _back(request, form),
            "item": form.items[0] if len(subjects) == 1 else None,
            "opts": form.subject._meta,
            "media": admin.media + form.media,
        },
    )


def _ids(request: HttpRequest, parameter: str) -> list[int]:
    """The ids in the URL. Raises Http404 when one is none, or when they are too many."""
    given = request.GET.getlist(parameter)
    if len(given) > MAX_AT_ONCE:
        raise Http404(f"At most {MAX_AT_ONCE} can be booked at once; {len(given)} were named.")
    if not all(is_id(text) for text in given):
        raise Http404(f"{parameter} is a number.")
    return [int(pk) for pk in given]


def _title(form: BookingForm) -> str:
    if len(form.subjects) == 1:
        return f"{form.title}: {form.items[0]}"
    return f"{form.title}: {len(form.subjects)} {form.subject._meta.verbose_name_plural}"


def _back(request: HttpRequest, form: BookingForm) -> str:
    """Where one came from; else the item's page, or the list."""
    back = request.GET.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    if len(form.subjects) == 1:
        return reverse("admin:items_item_change", args=[form.items[0].pk])
    return changelist_url(form.subject)


def _done(request: HttpRequest, form: BookingForm, told: list[str]) -> HttpResponse:
    for sentence in told[:MAX_TOLD]:
        messages.success(request, sentence)
    if len(told) > MAX_TOLD:
        messages.success(request, f"And {len(told) - MAX_TOLD} more.")
    if not told:
        messages.info(request, "What you say is what the books say: there was nothing to book.")
    return HttpResponseRedirect(_back(request, form))


class BookingActions(ModelAdmin):
    """A list whose selected rows can be booked, each kind by those who have its right."""

    def get_actions(self, request: HttpRequest) -> Any:
        """The forms that book such rows, before the other actions."""
        forms = {slug: form for slug, form in FORMS.items() if form.subject is self.model}
        bookings: dict[str, Action] = {
            slug: (_booking(slug), slug, f"{form.title} …")
            for slug, form in forms.items()
            if request.user.has_perm(form.right)
        }
        return {**bookings, **super().get_actions(request)}


def _booking(slug: str) -> Callable[..., HttpResponse | None]:
    """The action that leads to a form with the selected rows."""

    def action(_: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        ids = list(rows.values_list("pk", flat=True)[: MAX_AT_ONCE + 1])
        if len(ids) > MAX_AT_ONCE:
            message = f"At most {MAX_AT_ONCE} can be booked at once; select fewer."
            messages.error(request, message)
            return None
        return HttpResponseRedirect(booking_url(slug, ids, request.get_full_path()))

    return action
