"""The settings, read from a doctored environment by real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
KEY = "q7Xh2Lr9-Vb4Nt6Ky1_Zc8Mw3Ps5Gd0Fj-Ue7Ra2Ti9Ho4Lk6Bn1"
PRODUCTION = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "stock.example.org",
    "DATABASE_URL": "postgresql://stockroom@127.0.0.1:1/stockroom",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
SHOW = """
import json
from django.conf import settings
import sys
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder, with this environment and no more."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read(*names: str, **environment: str) -> dict[str, object]:
    """What the settings are in a production environment with these changes."""
    module = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = run("-c", SHOW, *names, **{**PRODUCTION, **module, **environment})
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def last_line(text: str) -> str:
    """What a process said last."""
    return text.strip().splitlines()[-1]


def refusal(**environment: str) -> str:
    """What a process that only reads the settings says when it refuses to."""
    done = run("-c", "import config.settings", **{**PRODUCTION, **environment})
    assert done.returncode != 0, f"{environment} was taken"
    return last_line(done.stderr)


# ── Refused ───────────────────────────────────────────────────────────────────────────────────


def test_names_the_key_and_how_to_make_one_when_there_is_none() -> None:
    said = refusal(SECRET_KEY="")
    assert ("SECRET_KEY is not set" in said, "token_urlsafe" in said) == (True, True)


def test_says_only_a_sentence_when_a_command_has_no_key() -> None:
    done = run("manage.py", "check", **{**PRODUCTION, "SECRET_KEY": ""})
    assert (done.returncode != 0, "SECRET_KEY is not set" in done.stderr) == (True, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("DEBUG", "perhaps"),
        ("TOKEN_TTL_S", "1"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere/at/all"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("DATABASE_URL", "mysql://host/name"),
        ("REDIS_URL", "nonsense"),
        ("TRUSTED_PROXIES", "nonsense"),
        ("DEFAULT_CURRENCY", "XYZ"),
        ("THROTTLE_ANONYMOUS", "60"),
        ("THROTTLE_SIGNED_IN", "0/min"),
        ("THROTTLE_LOGIN", "10/hour"),
    ],
)
def test_names_the_variable_when_its_value_is_bad(name: str, value: str) -> None:
    assert name in refusal(**{name: value})


def test_says_what_was_given_and_expected_when_a_rate_is_bad() -> None:
    said = refusal(THROTTLE_LOGIN="ten per minute")
    assert ("'ten per minute'" in said, "60/min" in said) == (True, True)


def test_does_not_show_the_password_when_the_database_url_is_bad() -> None:
    done = run(
        "-c",
        "import config.settings",
        **{**PRODUCTION, "DATABASE_URL": "postgresql://user:hunter2@host:port/name"},
    )
    assert (done.returncode != 0, "hunter2" in done.stderr) == (True, False)


# ── Taken ─────────────────────────────────────────────────────────────────────────────────────


def test_the_deployment_check_is_clean_when_in_production() -> None:
    done = run(
        *("-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        **PRODUCTION,
        TRUSTED_PROXIES="127.0.0.1",
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert "no issues (0 silenced)" in done.stdout


def test_the_careful_choice_is_made_when_nothing_is_said() -> None:
    careful = {
        "DEBUG": False,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "TRUSTED_PROXIES": [],
        "ADMIN_PASSWORD": "",
        "THROTTLE_ANONYMOUS": "60/min",
        "THROTTLE_SIGNED_IN": "1000/min",
        "THROTTLE_LOGIN": "10/min",
        "ALLOWED_HOSTS": ["stock.example.org"],
    }
    assert read(*careful) == careful


def test_only_this_machine_is_a_host_when_none_is_named() -> None:
    done = run(
        "-c",
        "from config.settings import ALLOWED_HOSTS; print(*ALLOWED_HOSTS)",
        **{name: value for name, value in PRODUCTION.items() if name != "ALLOWED_HOSTS"},
    )
    assert done.stdout.split() == ["localhost", "127.0.0.1", "[::1]"]


def test_plain_http_is_spoken_when_https_is_off() -> None:
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "SECURE_HSTS_SECONDS")
    assert read(*names, HTTPS="off") == dict(zip(names, (False, False, 0), strict=True))


def test_one_connection_a_thread_is_kept_when_there_is_no_pool() -> None:
    databases = read("DATABASES")["DATABASES"]
    assert isinstance(databases, dict)
    found = databases["default"]
    assert ("pool" in found["OPTIONS"], found["CONN_MAX_AGE"]) == (False, None)


def test_what_the_database_url_sets_prevails_when_it_sets_what_we_do() -> None:
    url = f"{PRODUCTION['DATABASE_URL']}?options=-c%20random_page_cost%3D4"
    databases = read("DATABASES", DATABASE_URL=url)["DATABASES"]
    assert isinstance(databases, dict)
    said = databases["default"]["OPTIONS"]["options"].split()  # PostgreSQL takes the last
    assert [each for each in said if "random_page_cost" in each] == [
        "random_page_cost=1.1",
        "random_page_cost=4",
    ]


def test_says_only_a_sentence_when_the_database_does_not_answer() -> None:
    done = run("manage.py", "create_token", "somebody@example.org", **PRODUCTION)
    assert done.returncode != 0
    assert "The database does not answer" in done.stderr
    assert "Traceback" not in done.stderr
