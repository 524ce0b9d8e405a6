"""What is exported of users: never a password, nor anything that opens an account."""

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import Collate

from config.exports.tables import Column, Kind, Table

BY_NAME = Collate("name", "C")  # as the API names them
GROUPS = ArraySubquery(Group.objects.filter(user=OuterRef("pk")).order_by(BY_NAME).values("name"))

USERS = Table(
    "users",
    (
        Column("email", "email"),
        Column("name", "name"),
        Column("age", "age", Kind.INTEGER),
        Column("is_active", "is_active", Kind.FLAG),
        Column("is_staff", "is_staff", Kind.FLAG),
        Column("groups", GROUPS, Kind.LIST),
        Column("created_at", "created_at", Kind.TIME),
    ),
)
