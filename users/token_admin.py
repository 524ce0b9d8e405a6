"""API tokens in the admin: made and shown once, looked at, revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from config.admin.attribution import AttributedAdmin
from config.errors import DomainError
from users import services
from users.models import ApiToken, User


class TokenForm(forms.ModelForm):
    """A new token. `maker` is set by the admin."""

    maker: User
    text: str

    class Meta:
        model = ApiToken
        fields = ["user", "name", "scope", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """The values. Refuses a user who has rights that the maker lacks, and a useless token."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if not services.may_manage(self.maker, cleaned["user"]):
            self.add_error("user", "They have rights that you do not have yourself.")
            return cleaned
        try:
            wanted = {name: cleaned[name] for name in ("user", "name", "expires_at")}
            services.check_token(**wanted)
        except DomainError as error:
            reasons = [detail.message for detail in error.details] or [error.message]
            raise forms.ValidationError(reasons) from error
        return cleaned

    def save(self, commit: bool = True) -> ApiToken:
        """Make the token; `text` has what is to be shown once."""
        made = services.create_token(**self.cleaned_data)
        self.text = made.text
        return made.record

    def save_m2m(self) -> None:
        """There is nothing of the kind."""


SHOWN_OF_TOKEN = [
    *("user", "name", "prefix", "scope"),
    *("created_at", "expires_at", "last_used_at", "revoked_at"),
]


@admin.register(ApiToken)
class ApiTokenAdmin(AttributedAdmin):
    """Tokens: made here and shown once, looked at, revoked; never edited or deleted."""

    form = TokenForm
    list_display = ["name", "user", "state", "last_used_at", "expires_at", "scope", "prefix"]
    list_filter = ["scope", "revoked_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__email", "user__name"]
    autocomplete_fields = ["user"]
    actions = ["revoke"]
    list_per_page = 50

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        """Whether it opens, or why not (as `usable` has it)."""
        if token.revoked_at is not None:
            return "revoked"
        if token.expires_at is not None and token.expires_at <= timezone.now():
            return "expired"
        return "valid" if token.user.is_active else "of an inactive user"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new one what is asked for, of another all that is known of it."""
        return super().get_fields(request, obj) if obj is None else SHOWN_OF_TOKEN

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The form, knowing who makes the token."""
        form = super().get_form(request, obj, *args, **kwargs)
        return type(form.__name__, (form,), {"maker": request.user})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asked about one token: no, it cannot be edited. In general: whether one may revoke."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked token stays, to tell what it was."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form has made it already; the page that shows it needs its text."""
        request.new_token = form.text  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, *args: Any) -> HttpResponse:
        """The one page that shows the token, kept in no message and no cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new token",
            "opts": self.opts,
            "token": obj,
            "text": request.new_token,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/users/apitoken/made.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """End them from now on; those of users who may do more than oneself stay."""
        actor: Any = request.user
        revoked = 0
        for token in tokens.select_related("user"):
            if services.may_manage(actor, token.user):
                services.revoke_token(token)
                revoked += 1
            else:
                message = f"{token} stays: {token.user.name} has rights that you do not have."
                self.message_user(request, message, messages.ERROR)
        self.message_user(request, f"{revoked} tokens are revoked.", messages.SUCCESS)
