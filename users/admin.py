"""People in the admin, and who failed to log in."""

from collections.abc import Callable
from typing import Any, ClassVar

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from config.admin.attribution import attributed
from config.admin.exporting import Offer
from config.admin.records import RecordAdmin
from config.admin.stale import StaleGuardForm
from config.text import sort_key
from users import services
from users.exports import USERS
from users.models import ApiToken, Membership, User
from users.token_admin import ApiTokenAdmin

__all__ = ["AccessAttemptAdmin", "ApiTokenAdmin", "UserAdmin"]  # where Django looks for them


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
