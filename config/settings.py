"""Every setting of Stockroom; the environment is read here and nowhere else.

Safe by default: what is left out of the environment gives the careful choice, and what cannot be
understood stops the start with a sentence that names the variable.
"""

from pathlib import Path

import dj_database_url
import pghistory
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError
from environs import validate as accept

from config import embedded, environment
from config.sizes import MB

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
DAY_S = 24 * 60 * 60

# ── Who may start ─────────────────────────────────────────────────────────────────────────────
try:
    DEBUG = env.bool("DEBUG", False)
    HTTPS = env.bool("HTTPS", True)  # off: plain HTTP, which only a run on loopback should use
    SECRET_KEY = env.str("SECRET_KEY", "", validate=environment.secret_key)
    SECRET_KEY_FALLBACKS = environment.names(env.str("SECRET_KEY_FALLBACKS", ""))
    ALLOWED_HOSTS = environment.names(env.str("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"))
    TRUSTED_PROXIES = environment.names(
        env.str("TRUSTED_PROXIES", "", validate=environment.networks)
    )

    STOCKROOM_DATA = BASE_DIR / env.str("STOCKROOM_DATA", ".data")
    PORT = env.int("PORT", 8000, validate=accept.Range(1, 65535))
    WORKERS = env.int("WORKERS", 2, validate=accept.Range(1, 256))
    DATABASE_URL = env.str("DATABASE_URL", "", validate=environment.database_url)
    # 0: no limit, for commands; config.web sets limits for the web.
    LOCK_TIMEOUT_S = env.int("LOCK_TIMEOUT_S", 0, validate=accept.Range(0))
    STATEMENT_TIMEOUT_S = env.int("STATEMENT_TIMEOUT_S", 0, validate=accept.Range(0))
    REDIS_URL = env.str("REDIS_URL", "", validate=environment.cache_url)
    ADMIN_EMAIL = env.str("ADMIN_EMAIL", "admin@example.org")
    ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", "")
    IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", 512, validate=accept.Range(1))
    TOKEN_TTL_S = env.int("TOKEN_TTL_S", 30 * DAY_S, validate=accept.Range(min=60))
    THROTTLE_ANONYMOUS = env.str("THROTTLE_ANONYMOUS", "60/min", validate=environment.rate)
    THROTTLE_SIGNED_IN = env.str("THROTTLE_SIGNED_IN", "1000/min", validate=environment.rate)
    THROTTLE_LOGIN = env.str("THROTTLE_LOGIN", "10/min", validate=environment.rate)
    DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", "USD", validate=environment.currency)
    LOG_LEVEL = env.str(
        "LOG_LEVEL", "INFO", validate=accept.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    )
    LOG_FORMAT = env.str("LOG_FORMAT", "json", validate=accept.OneOf(["json", "text"]))
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
    # Where worker processes put their figures together; `up` makes it. (prometheus_client's name)
    PROMETHEUS_MULTIPROC_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", "", validate=environment.folder)

    PRIVATE_DATABASE = not DATABASE_URL
    PRIVATE_CACHE = not REDIS_URL
    DATABASES = {
        "default": dj_database_url.parse(
            DATABASE_URL or embedded.database_url(STOCKROOM_DATA),
            conn_max_age=None,  # kept; config.serving has a few for each process
            conn_health_checks=False,  # config.serving sees whether one has been closed
        )
    }
except (EnvError, ValueError) as error:
    raise ImproperlyConfigured(f"An environment variable cannot be used: {error}") from error

if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Give it 50 or more random characters, for example the output of "
        "`python -c 'import secrets; print(secrets.token_urlsafe(50))'`, the same at every start."
    )

# ── Applications ──────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "users.apps.UsersConfig",
    "items.apps.ItemsConfig",
    "config.apps.StockroomAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "users.apps.LockOutConfig",
]
MIDDLEWARE = [
    "config.front.Front",  # nothing below is asked for the API
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # messages in the reader's language
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it puts its page in the place of the answer
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# ── Database and cache ────────────────────────────────────────────────────────────────────────
SESSION = {
    # The same plans on every server, also one that was set up for disks that turn.
    "random_page_cost": 1.1,  # of what a page read in its turn costs
    "jit": "off",  # our queries take milliseconds: to compile one takes longer than it saves
    "pgtrigger.ignore": "{}",  # where it is not set, each trigger raises and catches an error
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_S}s",
    # Of a client that has vanished from the network PostgreSQL lets go of the locks within seconds.
    "tcp_keepalives_idle": 5,  # seconds
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 2,
}
CONNECT_TIMEOUT_S = 3
GIVEN_OPTIONS = " " + DATABASES["default"].get("OPTIONS", {}).get("options", "")
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    # A server that has vanished from the network is noticed within seconds too.
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,  # milliseconds
    **DATABASES["default"].get("OPTIONS", {}),
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()) + GIVEN_OPTIONS,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)  # events are found by their row
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL or embedded.redis_url(STOCKROOM_DATA),
        "KEY_PREFIX": "stockroom",
        "OPTIONS": {
            # A lost cache slows and never breaks: short waits, no retries, errors logged.
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 0.5,
            "CONNECTION_POOL_KWARGS": {"retry": None},
            "IGNORE_EXCEPTIONS": True,
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# ── Sign-in ───────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses who is locked out
    "users.backends.Backend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "users.passwords.EndsTokens"},
]
LOGIN_URL = "admin:login"
AXES_HANDLER = "users.lockout.Attempts"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # each by itself
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "users.lockout.account"
AXES_CLIENT_IP_CALLABLE = "users.lockout.address"
AXES_FAILURE_LIMIT = "users.lockout.failure_limit"
AXES_COOLOFF_TIME = "users.lockout.cool_off"
AXES_LOCKOUT_CALLABLE = "users.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody keeps somebody out by trying on
AXES_DISABLE_ACCESS_LOG = True  # it would grow for ever
AXES_ENABLE_ADMIN = False  # users.admin has a page that is read
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username"]  # not in the log: some type their password there

# ── Transport ─────────────────────────────────────────────────────────────────────────────────
# TrustedProxies removes this header when it does not come from one of TRUSTED_PROXIES.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * DAY_S if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * DAY_S
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 * MB  # the API's limit for a body
UPLOAD_PATHS = ("/api/v1/imports", "/admin/items/import/")  # but a POST to these may bring a file
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the admin's lists post one field for each ticked row

# ── Language, time, files ─────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_USE_FINDERS = True  # serves what the packages hold, with no step before the start

# ── The API ───────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "users.permissions.TokenScope",
        "config.api.permissions.ModelRights",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttling.Throttle"],
    "DEFAULT_RENDERER_CLASSES": ["config.api.envelope.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsing.StrictJSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.EnvelopeSchema",
    "EXCEPTION_HANDLER": "config.api.exceptions.handle",
    "URL_FORMAT_OVERRIDE": None,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stockroom",
    "DESCRIPTION": "What do we have, how many, where, and who has it?",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.components.complete",
    ],
    "PATH_CONVERTER_OVERRIDES": {
        "int": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}
    },
    "ENUM_SUFFIX": "",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ChangeAction": "config.history.ACTIONS.values",
        "DateOrder": "items.exchange.uploads.DATES",
        "DecimalMark": "items.exchange.uploads.DECIMALS",
        "ImportFormat": "items.exchange.uploads.FORMATS",
        "ImportStatus": "items.exchange.models.Import.Status",
        "ImportSubject": "items.exchange.uploads.SUBJECTS",
        "ItemStatus": "items.catalogue.models.Item.Status",
        "LocationKind": "items.stock.models.Location.Kind",
        "MovementKind": "items.stock.models.Movement.Kind",
        "TokenScope": "users.models.ApiToken.Scope",
    },
}

# ── Jobs ──────────────────────────────────────────────────────────────────────────────────────
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"  # where an app has its tasks; see config.jobs

# ── Logs ──────────────────────────────────────────────────────────────────────────────────────
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.incoming.RequestIdFilter"},
        "once": {"()": "config.logs.HoldBackRepeated"},
        "only_tracebacks": {"()": "config.logs.OnlyTracebacks"},
    },
    "formatters": {
        "json": {"()": "config.logs.JsonFormatter"},
        "text": {
            "()": "config.logs.TextFormatter",
            "format": "{asctime} {levelname} {name} [{request_id}] {message}",
            "style": "{",
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id", "once"],
        },
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # What the line of each request says already; a traceback it does not.
        "django.request": {"level": "ERROR", "filters": ["only_tracebacks"]},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        "django.security.csrf": {"handlers": ["nowhere"], "propagate": False},
        "django.server": {"handlers": ["nowhere"], "propagate": False},
        "procrastinate": {"level": "ERROR" if LOG_LEVEL == "ERROR" else "WARNING"},
        "procrastinate.worker": {"level": LOG_LEVEL},  # what becomes of each job
        # That the database was lost: config.working says so, in one line.
        "procrastinate.utils": {"handlers": ["nowhere"], "propagate": False},
        "axes": {"level": "ERROR" if LOG_LEVEL == "ERROR" else "WARNING"},  # failures alone
    },
}
