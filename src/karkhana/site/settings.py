"""Django's settings, all from one :class:`karkhana.site.config.Config`.

Importing this module starts nothing and writes nothing: the embedded database's address follows from the
data folder's name, and its password is read by libpq when a connection is opened.
"""

from __future__ import annotations

from pathlib import Path

from karkhana.site.config import Config

CONFIG = Config.from_environment()
SITE = Path(__file__).resolve().parent

SECRET_KEY = CONFIG.secret_key()
DEBUG = CONFIG.debug
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
DATABASES = {"default": CONFIG.django_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
    "karkhana.partners",
    "karkhana.design",
    "karkhana.people",
    "karkhana.supply",
    "karkhana.floor",
    "karkhana.localisation",
    "karkhana.ledger",
    "karkhana.site",
]

MIDDLEWARE = [
    "karkhana.site.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "karkhana.site.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "karkhana.site.bearer.bearer_token",
    # Closed unless a view says login_not_required: a forgotten check shows nothing to anyone.
    "karkhana.site.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "karkhana.site.urls"
WSGI_APPLICATION = "karkhana.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SITE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Stored times are UTC. Pages show plant-local time, which is data of the plant; this is its default.
USE_TZ = True
TIME_ZONE = "UTC"
PLANT_TIME_ZONE = CONFIG.time_zone

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
USE_I18N = True
LOCALE_PATHS = [SITE / "locale"]

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.home / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "karkhana.site.static_finders.PlotlyFinder",
]
# Until `karkhana serve` has collected them, static files are served straight from where they lie.
COLLECTED_STORAGE = "karkhana.site.static_storage.StaticStorage"
_COLLECTED = not DEBUG and (STATIC_ROOT / ".stamp").is_file()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            COLLECTED_STORAGE if _COLLECTED else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
    },
}
# A page that names a file newer than the last collection still loads, only without its hash.
WHITENOISE_MANIFEST_STRICT = False
WHITENOISE_USE_FINDERS = not _COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
# No other site has any business with our files.
WHITENOISE_ALLOW_ALL_ORIGINS = False

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# A bill of materials or an event file of a day comes in one request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "karkhana.site.request_log.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
