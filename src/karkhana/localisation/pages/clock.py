"""Which day it is where the factory stands: months and fiscal years begin there, not in Greenwich."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def today() -> dt.date:
    """Return the day of the plant."""
    return timezone.localdate(timezone=ZoneInfo(settings.PLANT_TIME_ZONE))
