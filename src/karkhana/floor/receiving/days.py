"""The plant's day, where no plant is named."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings


def today_of(now: dt.datetime) -> dt.date:
    """Return the day of a moment on the plants' common clock."""
    return now.astimezone(ZoneInfo(settings.PLANT_TIME_ZONE)).date()
