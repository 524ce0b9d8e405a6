"""The peer: the same answers from the same tables, by FastAPI, SQLAlchemy (async) and asyncpg.

What a careful team would ship: an ORM session for each request, response models, a token looked up
by its digest and kept for five seconds, the unfiltered total kept for two, relations joined, no
refresh after a write. The database does for it what it does for Stockroom: history, search column,
row counts.
"""

import hashlib
import os
import time
from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ARRAY, ForeignKey, LargeBinary, String, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

USER_TTL_S, TOTAL_TTL_S = 5.0, 2.0

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=10)
Session = async_sessionmaker(engine, expire_on_commit=False)


# ── The tables ────────────────────────────────────────────────────────────────────────────────
class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSONB, bytes: LargeBinary}


class User(Base):
    __tablename__ = "users_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool]


class Token(Base):
    __tablename__ = "users_apitoken"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users_user.id"))
    digest: Mapped[bytes]
    user: Mapped[User] = relationship(lazy="raise")


class Category(Base):
    __tablename__ = "items_category"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Item(Base):
    __tablename__ = "items_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("items_category.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users_user.id"))
    status: Mapped[str] = mapped_column(default="active")
    unit: Mapped[str] = mapped_column(default="pcs")
    unit_price: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(default="USD")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    attributes: Mapped[dict[str, Any]]
    barcode: Mapped[str | None]
    serial_number: Mapped[str | None]
    reorder_point: Mapped[Decimal | None]
    on_hand: Mapped[Decimal] = mapped_column(server_default="0")
    on_loan: Mapped[Decimal] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    category: Mapped[Category | None] = relationship(lazy="raise")
    owner: Mapped[User | None] = relationship(lazy="raise")
    __mapper_args__ = {"eager_defaults": True}


class ItemSearchText(Base):
    __tablename__ = "items_itemsearchtext"
    row_id: Mapped[int] = mapped_column(ForeignKey("items_item.id"), primary_key=True)
    text: Mapped[str]


# ── What comes in and goes out ────────────────────────────────────────────────────────────────
class Ref(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    sku: str
    name: str
    description: str
    category_id: int | None
    category: Ref | None
    owner_id: int | None
    owner: Ref | None
    status: str
    unit: str
    unit_price: Decimal | None
    currency: str
    tags: list[str]
    attributes: dict[str, Any]
    barcode: str | None
    serial_number: str | None
    reorder_point: Decimal | None
    on_hand: Decimal
    on_loan: Decimal
    version: int
    created_at: datetime
    updated_at: datetime


class ItemIn(BaseModel):
    sku: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    category_id: int | None = None
    unit_price: Decimal | None = Field(default=None, ge=0)
    tags: list[str] = []
    attributes: dict[str, Any] = {}


class ItemChange(BaseModel):
    name: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=10_000)
    unit_price: Decimal | None = Field(default=None, ge=0)


Data = TypeVar("Data")


class One(BaseModel, Generic[Data]):
    success: bool = True
    data: Data
    meta: dict[str, Any] = {}


# ── Who asks ──────────────────────────────────────────────────────────────────────────────────
async def session() -> AsyncGenerator[AsyncSession]:
    async with Session() as opened:
        yield opened


Db = Annotated[AsyncSession, Depends(session)]
known: dict[bytes, tuple[float, User]] = {}


async def current_user(
    db: Db, sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> User:
    digest = hashlib.sha256(sent.credentials.encode()).digest()
    until, user = known.get(digest, (0.0, None))
    if user is not None and time.monotonic() < until:
        return user
    query = select(Token).where(Token.digest == digest).options(joinedload(Token.user))
    token = await db.scalar(query)
    if token is None or not token.user.is_active:
        raise HTTPException(401)
    known[digest] = (time.monotonic() + USER_TTL_S, token.user)
    return token.user


Me = Annotated[User, Depends(current_user)]
app = FastAPI()
RELATED = (joinedload(Item.category), joinedload(Item.owner))
total_until, total_kept = 0.0, 0


# ── The routes ────────────────────────────────────────────────────────────────────────────────
async def total(db: AsyncSession, where: list[Any]) -> int:
    global total_until, total_kept
    if not where and time.monotonic() < total_until:
        return total_kept
    found = await db.scalar(select(func.count()).select_from(Item).where(*where)) or 0
    if not where:
        total_until, total_kept = time.monotonic() + TOTAL_TTL_S, found
    return found


@app.get("/api/v1/items")
async def items(
    db: Db,
    me: Me,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    search: Annotated[str | None, Query(max_length=200)] = None,
) -> One[list[ItemOut]]:
    found = select(ItemSearchText.row_id)
    if search:
        found = found.where(ItemSearchText.text.contains(search.lower(), autoescape=True))
    where = [Item.id.in_(found)] if search else []
    count = await total(db, where)
    ordered = select(Item).where(*where).options(*RELATED).order_by(Item.id.desc())
    rows = await db.scalars(ordered.offset((page - 1) * page_size).limit(page_size))
    meta = {"page": page, "page_size": page_size, "total": count}
    return One(data=[ItemOut.model_validate(row) for row in rows], meta=meta)


async def row_of(db: AsyncSession, pk: int) -> Item:
    row = await db.get(Item, pk, options=RELATED)
    if row is None:
        raise HTTPException(404)
    return row


@app.get("/api/v1/items/{pk}")
async def item(db: Db, me: Me, pk: int) -> One[ItemOut]:
    return One(data=ItemOut.model_validate(await row_of(db, pk)))


@app.post("/api/v1/items", status_code=201)
async def create(db: Db, me: Me, sent: ItemIn) -> One[ItemOut]:
    category = await db.get(Category, sent.category_id) if sent.category_id else None
    if sent.category_id and category is None:
        raise HTTPException(422)
    row = Item(**sent.model_dump(), category=category, owner=None)
    db.add(row)
    try:
        await db.commit()
    except IntegrityError as error:
        raise HTTPException(409) from error
    return One(data=ItemOut.model_validate(row))


@app.patch("/api/v1/items/{pk}")
async def change(db: Db, me: Me, pk: int, sent: ItemChange) -> One[ItemOut]:
    row = await row_of(db, pk)
    for name, value in sent.model_dump(exclude_unset=True).items():
        setattr(row, name, value)
    await db.commit()
    return One(data=ItemOut.model_validate(row))
