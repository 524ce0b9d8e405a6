"""Clients that are generated from the document: they have sound types, and they work."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.live import ADMIN_EMAIL, ADMIN_PASSWORD, Server

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
TIMEOUT_S = 120


def run(*command: str | Path, folder: Path, **environment: str) -> None:
    """Run a command to its end; its words are the failure's when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def consumer(server: Server) -> Sequence[str]:
    """What a consumer's program is told."""
    return server.url, ADMIN_EMAIL, ADMIN_PASSWORD, f"LAMP-{uuid4().hex}"


@pytest.fixture
def document(server: Server, tmp_path: Path) -> Path:
    """The document of the running server, as a file."""
    path = tmp_path / "stockroom.json"
    path.write_bytes(httpx.get(f"{server.url}/api/v1/schema").content)
    return path


def test_a_python_client_works_when_it_is_generated(
    server: Server, document: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.yml"
    names.write_text("package_name_override: stockroom_client\n")
    client = tmp_path / "stockroom_client"
    program = shutil.copy(HERE / "python" / "use.py", tmp_path)
    options = ("--meta", "none", "--config", names, "--fail-on-warning")
    run(
        BIN / "openapi-python-client",
        *("generate", "--path", document, "--output-path", client, *options),
        folder=tmp_path,
    )
    # All but client.py, which is the generator's own and the same for every document.
    checked = (program, client / "api", client / "models")
    strictly = ("--strict", "--follow-imports", "silent", "--cache-dir", tmp_path / "mypy")
    run(sys.executable, "-m", "mypy", *strictly, *checked, folder=tmp_path)
    run(sys.executable, "-W", "error", program, *consumer(server), folder=tmp_path)


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm on this machine")
def test_a_typescript_client_works_when_it_is_generated(
    server: Server, document: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "typescript"
    shutil.copytree(HERE / "typescript", folder)
    tools = folder / "node_modules" / ".bin"
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
    run(tools / "openapi-typescript", document, "--output", "stockroom.d.ts", folder=folder)
    run(tools / "tsc", folder=folder)
    run("node", "out/use.js", *consumer(server), folder=folder)


def test_no_registry_is_named_when_packages_are_locked() -> None:
    lock = (HERE / "typescript" / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
