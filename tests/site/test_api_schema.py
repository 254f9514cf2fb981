"""The API against its own OpenAPI document: whatever fits the document or breaks it, the answer conforms."""

from __future__ import annotations

import json

import pytest
import schemathesis
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.servers.basehttp import get_internal_wsgi_application
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from ninja import Schema
from schemathesis.specs.openapi import checks

from floor.fixtures import workshop_database, workshop_template
from karkhana.people.tokens import issue_token
from karkhana.site.api import api
from karkhana.site.roles import ensure_roles

__all__ = ["workshop_database", "workshop_template"]
FLOOR = {("POST", "/events"), ("GET", "/units/{serial}"), ("GET", "/recall"), ("GET", "/lines/{code}")}
OPERATIONS = sorted(
    (method.upper(), path.removeprefix("/api"))
    for path, item in api.get_openapi_schema(path_prefix="/api/")["paths"].items()
    for method in item
)
EXAMPLES, FLOOR_EXAMPLES = 12, 40
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def authorization(workshop_database: str) -> str:
    """A token that is committed: real requests close their connections."""
    ensure_roles()
    user = get_user_model().objects.create_user("machine")
    user.groups.set(Group.objects.filter(name__in=["operator", "engineer", "admin"]))
    return f"Bearer {issue_token(username='machine', name='test', now=timezone.now())}"


def test_document_names_every_operation_and_every_event(authorization: str) -> None:
    document = Client(headers={"Authorization": authorization}).get("/api/openapi.json").json()
    found = {(m.upper(), path.removeprefix("/api")) for path, item in document["paths"].items() for m in item}
    assert found == set(OPERATIONS)
    assert found > FLOOR
    from karkhana.ledger import events as ev

    names = {kind.__name__ for kind in ev.AnyEvent.__args__}  # type: ignore[attr-defined]
    assert names < document["components"]["schemas"].keys()
    references = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert references <= document["components"]["schemas"].keys()


def test_no_two_schemas_have_one_name() -> None:
    """The document keeps schemas by name: of two, one would stand for both."""
    found: dict[str, set[str]] = {}
    waiting = [Schema]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("karkhana."):
                found.setdefault(kind.__name__, set()).add(kind.__module__)
    assert len(found) > 20
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_conform(authorization: str, method: str, path: str) -> None:
    application = get_internal_wsgi_application()
    headers = {"Authorization": authorization}
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app=application, headers=headers)
    operation = schema[f"/api{path}"][method]
    answered: set[int] = set()

    @seed(20260615)
    @settings(
        max_examples=FLOOR_EXAMPLES if (method, path) in FLOOR else EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        response = case.call(headers=headers)
        answered.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    assert answered <= {200, 201, 404, 405, 422}
    assert answered
