"""Users, oneself, and tokens over REST."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from config.api import conditional
from config.api import parameters as p
from config.api.envelope import Success, envelope_response, to_json
from config.api.exporting import ExportingViewSet
from config.api.grammar import GrammarViewSet
from config.api.reading import Shown
from config.api.throttling import client_of
from config.api.viewsets import ResourceViewSet
from config.text import MAX_SEARCH_LENGTH, sort_key
from users import services
from users.exports import USERS
from users.models import ApiToken, User
from users.permissions import TokenScope, UserRights
from users.serializers import (
    LogInSerializer,
    NewTokenSerializer,
    PasswordChangeSerializer,
    SelfSerializer,
    TokenSerializer,
    UserSerializer,
)


def actor(request: Request) -> User:
    """Who asks; only for views that let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def token_in_use(request: Request) -> ApiToken:
    """The token that the request came with."""
    token: Any = request.auth
    assert isinstance(token, ApiToken)
    return token


class UserParameters(p.ListParameters):
    """What a list of users can be asked for."""

    orderings: ClassVar = {
        "name": sort_key("name"),
        "email": sort_key("email"),
        "created_at": "created_at",
        "updated_at": "updated_at",
    }

    search = p.TextParameter(
        max_length=MAX_SEARCH_LENGTH,
        help_text="Every word found anywhere in the name or e-mail, whatever the case or accents.",
    )
    group = p.TextParameter(source="in_group", help_text="The name of a group.")
    is_active = p.FlagParameter(source="being_active")


class UserViewSet(ExportingViewSet):
    """People: for those with the right to manage them, and each for themselves."""

    queryset = User.objects.prefetch_related("groups")
    serializer_class = UserSerializer
    permission_classes = [IsAuthenticated, TokenScope, UserRights]
    parameters: ClassVar = {**ResourceViewSet.parameters, "list": UserParameters}
    exported = USERS

    def get_queryset(self) -> Any:
        """Those whom the user may see."""
        rows: Any = super().get_queryset()
        return rows.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        """Oneself is edited with less than others are: nobody changes their own rights."""
        editing = self.action in {"update", "partial_update"}
        pk = self.kwargs.get("pk")  # none where only the document is made
        oneself = pk is not None and pk == self.request.user.pk
        return SelfSerializer if editing and oneself else UserSerializer

    def guesses(self, sent: Mapping[str, Any]) -> Sequence[str]:
        """One's own password, where it is asked for again."""
        return [f"user {self.request.user.pk}"] if "current_password" in sent else []

    def perform_create(self, serializer: BaseSerializer[User]) -> Shown:
        """Make the user, within what the maker may do."""
        made = services.create_user(actor=actor(self.request), **serializer.validated_data)
        return self.seen(made.pk)

    def perform_update(self, serializer: BaseSerializer[User]) -> Shown:
        """Change the user, within what the changer may do."""
        assert serializer.instance is not None
        services.update_user(
            actor=actor(self.request), user=serializer.instance, **serializer.validated_data
        )
        return self.seen(serializer.instance.pk)

    def perform_destroy(self, instance: User) -> None:
        """Delete the user, unless it is oneself or somebody with more rights."""
        services.delete_user(actor=actor(self.request), user=instance)


@extend_schema_view(
    retrieve=extend_schema(operation_id="get_me"),
    partial_update=extend_schema(operation_id="update_me"),
)
class MeViewSet(UserViewSet):
    """Oneself, without knowing one's id."""

    serializer_class = SelfSerializer
    keeps_answers = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As for the user of the token."""
        super().initial(request, *args, **kwargs)
        self.kwargs["pk"] = request.user.pk

    def get_serializer_class(self) -> Any:
        """One's own fields."""
        return SelfSerializer

    @extend_schema(
        operation_id="change_password", request=PasswordChangeSerializer, responses={200: None}
    )
    def password(self, request: Request, **_: Any) -> HttpResponse:
        """Change one's password. It ends all one's tokens, the one in use too: log in anew."""
        asked = PasswordChangeSerializer(data=self.body(), context={"user": request.user})
        asked.is_valid(raise_exception=True)
        services.change_password(
            user=actor(request),
            current=asked.validated_data["current_password"],
            new=asked.validated_data["new_password"],
        )
        return self.respond(None)


class LogInViewSet(GrammarViewSet):
    """A token for an e-mail and a password."""

    serializer_class = NewTokenSerializer
    keeps_answers = False
    action = ""  # DRF sets it after it has asked for the authenticators

    def get_authenticators(self) -> list[Any]:
        """None to log in; the token itself to log out."""
        logging_in = getattr(self.request, "method", None) == "POST" or self.action == "create"
        return [] if logging_in else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        """Anyone may try to log in; a token of any scope may end itself."""
        return [AllowAny()] if self.action == "create" else [IsAuthenticated()]

    def guesses(self, sent: Mapping[str, Any]) -> Sequence[str]:
        """The account's, from whatever address; and anybody's, from this address."""
        if self.action != "create":
            return []
        whose, email = [f"address {client_of(self.request)}"], sent.get("email")
        if isinstance(email, str):
            whose.append(f"account {User.objects.normalize_email(email)}")
        return whose

    @extend_schema(
        operation_id="log_in", request=LogInSerializer, responses={201: NewTokenSerializer}
    )
    def create(self, request: Request) -> HttpResponse:
        """Log in: a token that writes, shown this once."""
        asked = LogInSerializer(data=self.body())
        asked.is_valid(raise_exception=True)
        return shown_once(request, services.log_in(**asked.validated_data))

    @extend_schema(operation_id="log_out", request=None)
    def destroy(self, request: Request) -> HttpResponse:
        """Log out: revoke the token in use."""
        services.revoke_token(token_in_use(request))
        return self.respond(None)


class TokenViewSet(ResourceViewSet):
    """One's own tokens."""

    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    http_method_names = ["get", "head", "post", "delete"]  # a token is never edited
    keeps_answers = False
    permission_classes = [IsAuthenticated, TokenScope]

    def get_queryset(self) -> Any:
        """One's own."""
        rows: Any = super().get_queryset()
        return rows.owned_by(self.request.user)

    @extend_schema(responses={201: NewTokenSerializer})
    def create(self, request: Request) -> HttpResponse:
        """Make a token, not wider than the one in use and not outliving it; shown this once."""
        asked = self.get_serializer(data=self.body())
        asked.is_valid(raise_exception=True)
        made = services.create_token(
            user=actor(request), within=token_in_use(request), **asked.validated_data
        )
        return shown_once(request, made)

    def perform_destroy(self, instance: ApiToken) -> None:
        """Revoke it; it stays in the list with its date."""
        services.revoke_token(instance)


def shown_once(request: Request, made: services.NewToken) -> HttpResponse:
    """The answer that shows a new token's text."""
    made.record.refresh_from_db()
    data = TokenSerializer(made.record).data
    shown = Success({**data, "token": made.text})
    response = envelope_response(status.HTTP_201_CREATED, shown)
    response["ETag"] = conditional.tag_of(None, to_json(data))
    response["Location"] = reverse("apitoken-detail", args=[made.record.pk], request=request)
    return response
