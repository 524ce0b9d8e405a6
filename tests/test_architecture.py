"""The direction of imports: the foundation knows no app, and each layer only what lies below it."""

import ast
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("users", "items")
# Within an app's room, a module may import from the same layer or a lower one.
LAYERS = (
    ("querysets",),
    ("models",),
    ("services", "groups", "passwords"),
    ("serializers", "authentication", "permissions", "figures", "forms", "exports"),
    ("views", "admin"),
    ("urls",),
)
SLICES = ("catalogue", "stock", "exchange")  # each may import those before it
MAX_LINES = 320  # "near 250": a file that outgrows this holds two things


def modules() -> list[Path]:
    """The product's modules, without migrations."""
    return [
        path
        for folder in ("config", *APPS)
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports when it is loaded (not under TYPE_CHECKING)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def layer_of(module: str) -> int | None:
    leaf = module.rpartition(".")[2]
    return next((i for i, layer in enumerate(LAYERS) if leaf in layer), None)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_the_foundation_imports_no_app(path: Path) -> None:
    if path.parts[len(ROOT.parts)] != "config" or path.name == "urls.py":
        return
    assert not [name for name in imports(path) if name.split(".")[0] in APPS]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_items_know_users_only_through_the_settings(path: Path) -> None:
    if path.parts[len(ROOT.parts)] != "items":
        return
    assert not [name for name in imports(path) if name.split(".")[0] == "users"]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_users_know_nothing_of_items(path: Path) -> None:
    if path.parts[len(ROOT.parts)] != "users":
        return
    assert not [name for name in imports(path) if name.split(".")[0] == "items"]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_layer_imports_no_higher_layer_of_its_room(path: Path) -> None:
    own, room = layer_of(name_of(path)), ".".join(path.relative_to(ROOT).parent.parts)
    if own is None or room.split(".")[0] not in APPS:
        return
    for name in imports(path):
        if not name.startswith(f"{room}."):
            continue
        other = layer_of(".".join(name.split(".")[: room.count(".") + 2]))
        assert other is None or other <= own, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize(("lower", "higher"), list(combinations(SLICES, 2)))
def test_a_slice_imports_no_later_slice(lower: str, higher: str) -> None:
    for path in (ROOT / "items" / lower).rglob("*.py"):
        assert not [name for name in imports(path) if name.startswith(f"items.{higher}")]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_models_and_services_know_nothing_of_http(path: Path) -> None:
    if path.stem not in {"models", "querysets", "services", "errors"}:
        return
    web = ("rest_framework", "django.http", "config.api", "django.views")
    assert not [name for name in imports(path) if name.startswith(web)]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_the_environment_is_read_in_the_settings_alone(path: Path) -> None:
    allowed = {"config/settings.py", "config/local.py", "config/web.py"}
    if str(path.relative_to(ROOT)) in allowed or "embedded" in path.parts:
        return
    text = path.read_text(encoding="utf-8")
    assert "os.environ" not in text
    assert "os.getenv" not in text


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_view_does_not_decide(path: Path) -> None:
    if path.stem != "views" or path.parts[len(ROOT.parts)] not in APPS:
        return
    assert ".filter(" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_says_in_its_first_line_what_lives_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_stays_of_a_size_that_one_reads_whole(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
