"""Imports of registers: what each one read and refused, and how a layout of columns is to be understood."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

RUNNING, DONE, FAILED = "running", "done", "failed"
STATES = (RUNNING, DONE, FAILED)


class RegisterRun(models.Model):
    """One import of one file. ``kind`` is the kind of register, ``rows`` what there is to read.

    ``lines`` were read so far: ``made`` are booked, ``same`` were booked before, ``refused`` are not booked,
    ``skipped`` are totals. ``codes`` counts the refusals by code, ``settings`` is how the file was read.
    An import that was broken off is run again with the same file: what is booked stays booked.
    """

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, default=RUNNING)
    rows = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    codes = models.JSONField(default=dict)
    remarks = models.JSONField(default=list)
    settings = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, default="", blank=True)
    user = models.CharField(max_length=150, default="", blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="register_run_latest")]
        constraints = [models.CheckConstraint(condition=Q(state__in=STATES), name="register_run_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"


class RegisterRefusal(models.Model):
    """A row that was not booked: its line, the field, why, and its cells as they stood in the file."""

    run = models.ForeignKey(RegisterRun, on_delete=models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=40, default="", blank=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    next_step = models.TextField()
    cells = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="register_refusal_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"


class RegisterLayout(models.Model):
    """How a layout of headings is to be understood, as a person said it: kept for the next file like it.

    ``fingerprint`` is a digest of the kind and the headings; ``columns`` maps headings to fields (empty text:
    the column is left out); ``decimal``, ``dates`` and ``currency`` are what was said of the whole file.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20)
    headings = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    decimal = models.CharField(max_length=5, default="", blank=True)
    dates = models.CharField(max_length=3, default="", blank=True)
    currency = models.CharField(max_length=3, default="", blank=True)
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=150, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.fingerprint[:12]}"
