"""The shape of users and tokens, in and out."""

from copy import copy
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from config.api.fields import ChoiceField, EmailField, TextField
from config.api.reads import Read
from config.api.serializers import ResourceSerializer, StrictSerializer
from users.models import EMAIL_MAX_LENGTH, NAME_MAX_LENGTH, ApiToken, User
from users.querysets import UserManager

PASSWORD_MAX_LENGTH = 128  # long enough for a sentence, short enough to hash


class PasswordField(TextField):
    """A password: never trimmed, never answered."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            write_only=True, trim_whitespace=False, max_length=PASSWORD_MAX_LENGTH, **options
        )


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class GroupNamesField(serializers.Field[Any, Any, Any, Any]):
    """The names of groups."""

    default_error_messages = {
        "not_a_list": "Expected a list of names.",
        "unknown": "There is no group {name!r}; there are: {known}.",
    }

    def to_internal_value(self, data: Any) -> list[Group]:
        """The groups. Raises ValidationError for a name that is none."""
        if not isinstance(data, list) or not all(isinstance(name, str) for name in data):
            self.fail("not_a_list")
        groups = {group.name: group for group in Group.objects.all()}
        for name in data:
            if name not in groups:
                self.fail("unknown", name=name[:50], known=", ".join(sorted(groups)))
        return [groups[name] for name in dict.fromkeys(data)]

    def to_representation(self, value: Any) -> list[str]:
        """The names, in alphabetical order."""
        return sorted(group.name for group in value.all())

    def read(self, _: str) -> Read:
        """The same, out of one more column."""
        names = Group.objects.filter(user=OuterRef("pk")).order_by().values("name")
        return Read([ArraySubquery(names)], sorted)


class UserSerializer(ResourceSerializer):
    """A user, for those who manage users. `password` is only written."""

    password = PasswordField(required=False)
    groups = GroupNamesField(required=False)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "name",
            "age",
            "is_active",
            "is_staff",
            "groups",
            "password",
            "created_at",
            "updated_at",
        ]

    def validate_password(self, password: str) -> str:
        """The password, when Django's validators find nothing against it for this person."""
        sent = {name: self.initial_data.get(name) for name in ("email", "name")}
        known = {n: v[:NAME_MAX_LENGTH] for n, v in sent.items() if isinstance(v, str)}
        whose = copy(self.instance) if isinstance(self.instance, User) else User()
        for name, value in known.items():
            setattr(whose, name, value)
        validate_password(password, whose)
        return password

    def validate_email(self, email: str) -> str:
        """The e-mail in the one form in which it is kept (which may be longer: İ has two parts)."""
        kept = UserManager.normalize_email(email)
        if len(kept) > EMAIL_MAX_LENGTH:
            message = f"Ensure this field has no more than {EMAIL_MAX_LENGTH} characters."
            raise serializers.ValidationError(message, code="max_length")
        return kept


@extend_schema_serializer(component_name="Me")
class SelfSerializer(UserSerializer):
    """Oneself: rights are read only, and a new e-mail needs the password."""

    current_password = PasswordField(
        required=False,
        help_text="Needed when the e-mail changes, since it is what one logs in with.",
    )

    class Meta(UserSerializer.Meta):
        fields = [
            *(name for name in UserSerializer.Meta.fields if name != "password"),
            "current_password",
        ]
        read_only_fields = ["is_active", "is_staff"]

    password = None  # type: ignore[assignment]  # DRF's way to drop a declared field
    groups = GroupNamesField(read_only=True)


class PasswordChangeSerializer(StrictSerializer):
    """One's own password, from what to what; `context["user"]` is whose."""

    current_password = PasswordField()
    new_password = PasswordField()

    def validate_new_password(self, password: str) -> str:
        """The password, when Django's validators find nothing against it."""
        validate_password(password, self.context["user"])
        return password


class LogInSerializer(StrictSerializer):
    """What one logs in with."""

    email = EmailField(write_only=True)
    password = PasswordField()


class TokenSerializer(ResourceSerializer):
    """A token as it can be seen: without its text."""

    name = TextField(max_length=NAME_MAX_LENGTH)
    scope = ChoiceField(choices=ApiToken.Scope.choices, default=ApiToken.Scope.WRITE)

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scope",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ]
        read_only_fields = ["prefix", "created_at", "last_used_at", "revoked_at"]


class NewTokenSerializer(TokenSerializer):
    """A token just made; `token` is its text, shown this once."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
