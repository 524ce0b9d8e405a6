"""How the OpenAPI document names our way of signing in."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells drf-spectacular what BearerAuthentication takes."""

    target_class = "users.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """`Authorization: Bearer sr_…`."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "From `POST /auth/token`, the admin, or `manage.py create_token`.",
        }
