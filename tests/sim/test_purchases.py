"""Every lot that a simulated build received is in the books, or is counted as one that is not."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from karkhana.ledger.models import Unit
from karkhana.sim.purchases import Booked, book_purchases, invoice_number
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import Scenario, install, load_scenario
from karkhana.supply.models import BillOfEntry, BillOfEntryItem, Receipt

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
