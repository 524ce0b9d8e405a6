"""People and their API tokens in the admin."""

from collections.abc import Callable
from typing import Any, ClassVar

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.admin.exporting import Offer
from config.admin.records import RecordAdmin, attributed
from config.admin.stale import StaleGuardForm
from config.errors import DomainError
from config.text import sort_key
from users import services
from users.exports import USERS
from users.models import ApiToken, Membership, User


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _may_manage(request: HttpRequest, target: User) -> bool:
    """Whether whoever asks may manage somebody; a page asks a dozen times, the database once."""
    known: dict[int, bool] = request.__dict__.setdefault("may_manage", {})
    if target.pk not in known:
        known[target.pk] = services.may_manage(_actor(request), target)
    return known[target.pk]


class NewUserForm(AdminUserCreationForm):
    """A new person; a password is wanted only from those who are to log in."""

    class Meta:
        model = User
        fields = ["email", "name", "age"]


class UserForm(StaleGuardForm, UserChangeForm):
    """A person as they are."""

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(RecordAdmin, DjangoUserAdmin):
    """People; nobody manages an account that has rights they lack themselves."""

    form = UserForm
    exported: ClassVar = [Offer(USERS)]
    add_form = NewUserForm
    list_display = ["name", "email", "group_names", "is_staff", "is_active", "updated_at"]
    list_filter = ["is_active", "is_staff", "groups"]
    ordering: ClassVar = [sort_key("name"), "pk"]
    swift_orders: ClassVar = {name: sort_key(name) for name in ("name", "email")}
    lookup_words: ClassVar = {"active": lambda users: users.filter(is_active=True)}
    fieldsets = [
        (None, {"fields": ["email", "name", "age", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "groups"]}),
        ("Record", {"fields": ["last_login", "created_at", "updated_at"]}),
    ]
    superuser_fieldset = ("Beyond groups", {"fields": ["is_superuser", "user_permissions"]})
    add_fieldsets = [
        (None, {"fields": ["email", "name", "age"]}),
        ("Log-in", {"fields": ["usable_password", "password1", "password2"]}),
    ]
    readonly_fields = ["last_login", "created_at", "updated_at"]

    def may_be_looked_up(self, request: HttpRequest) -> bool:
        """By everyone at the admin: the names of people stand beside what they have or own."""
        return bool(request.user.is_staff)

    def search(self, request: HttpRequest, rows: Any, term: str) -> Any:
        """By name and e-mail; by name alone for who may look people up and not see them."""
        by_email = self.has_view_permission(request)
        return super().search(request, rows, term) if by_email else rows.called(term)

    def names_for_lookup(self, request: HttpRequest) -> Callable[[User], str]:
        """By their names; with the e-mail, for those who may see users."""
        may_see = self.has_view_permission(request)
        return lambda user: f"{user.name} <{user.email}>" if may_see else user.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Each with their groups, in one query more."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="groups")
    def group_names(self, user: User) -> str:
        """What says what they may do."""
        return ", ".join(sorted(group.name for group in user.groups.all()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What goes beyond groups is for superusers."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and request.user.is_superuser:
            fieldsets.insert(2, self.superuser_fieldset)
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody changes their own rights."""
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj.pk == request.user.pk:
            fields += ["is_active", "is_staff", "groups", "is_superuser", "user_permissions"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The right to change users, and every right that this one has."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or _may_manage(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for a change; and nobody deletes themselves."""
        allowed = super().has_delete_permission(request, obj)
        if obj is None:
            return allowed
        return allowed and obj.pk != request.user.pk and _may_manage(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Only those groups are offered whose every right one has oneself."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups" and not request.user.is_superuser:
            field.queryset = services.grantable_groups(_actor(request))
        return field

    @attributed
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  Django's name
        form_url: str = "",
    ) -> HttpResponse:
        """Set somebody's password, or take it away; both end their tokens."""
        before = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        after = self.get_object(request, unquote(id))
        if before and after and before.has_usable_password() and not after.has_usable_password():
            services.revoke_tokens_of(after)
        return response

    def get_actions(self, request: HttpRequest) -> Any:
        """No deletion of many: who may be deleted is asked for each."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a deletion takes with it; tokens go with their user, though nobody deletes them."""
        objects, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return objects, counts, forbidden - {ApiToken._meta.verbose_name}, protected

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what; and when they came into which group, or left it."""
        person = self.get_object(request, unquote(object_id))
        events = Membership.events_of(person.pk) if person is not None else []
        extra = {**(extra_context or {}), "memberships": events}
        return super().history_view(request, object_id, extra)


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
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens: made here and shown once, looked at, revoked; never edited or deleted."""

    form = TokenForm
    list_display = ["name", "user", "prefix", "scope", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["scope", "revoked_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__email", "user__name"]
    autocomplete_fields = ["user"]
    actions = ["revoke"]
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new one what is asked for, of another all that is known of it."""
        return super().get_fields(request, obj) if obj is None else SHOWN_OF_TOKEN

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The form, knowing who makes the token."""
        form = super().get_form(request, obj, *args, **kwargs)
        return type(form.__name__, (form,), {"maker": request.user})

    @attributed
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make one."""
        return super().changeform_view(*args, **kwargs)

    @attributed
    def changelist_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list, and the revocation of many at once."""
        return super().changelist_view(*args, **kwargs)

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
        revoked = 0
        for token in tokens.select_related("user"):
            if services.may_manage(_actor(request), token.user):
                services.revoke_token(token)
                revoked += 1
            else:
                message = f"{token} stays: {token.user.name} has rights that you do not have."
                self.message_user(request, message, messages.ERROR)
        self.message_user(request, f"{revoked} tokens are revoked.", messages.SUCCESS)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(admin.ModelAdmin):
    """Failed log-ins in the admin; too many lock an account or an address for a while."""

    list_display = ["attempt_time", "username", "ip_address", "failures_since_start"]
    fields = ["attempt_time", "username", "ip_address", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    actions = ["unlock"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They happen by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What happened has happened."""
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        """To delete is to unlock, which is said in that word."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description="Unlock: forget the selected failures", permissions=["delete"])
    def unlock(self, request: HttpRequest, attempts: QuerySet[AccessAttempt]) -> None:
        """Let the accounts and addresses of these try again at once."""
        forgotten, _ = attempts.delete()
        self.message_user(request, f"{forgotten} are forgotten.", messages.SUCCESS)
