"""The API's frame: one document, one way of saying no, log-in by session or token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import re_path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import SessionAuth

from karkhana import __version__
from karkhana.design.http import BODIES as DESIGN_BODIES
from karkhana.design.http import router as design
from karkhana.floor.changes.http import router as changes
from karkhana.floor.firmware.http import router as firmware
from karkhana.floor.http import router as floor
from karkhana.floor.kitting.http import router as kitting
from karkhana.floor.orders.http import router as orders
from karkhana.floor.pools.http import router as pools
from karkhana.floor.receiving.http import router as receiving
from karkhana.floor.stages.http import router as stages
from karkhana.floor.stores.http import router as stores
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.ledger import events as ev
from karkhana.localisation.certificate.http import router as certificates
from karkhana.localisation.choosing.http import router as localise_next
from karkhana.localisation.designed.http import router as designed
from karkhana.localisation.http import router as localisation
from karkhana.partners.http import router as partners
from karkhana.partners.roles import HUB_ROLES, ROLES, SUPPLY_ROLES, VALUE_ROLES, has_role
from karkhana.supply.registers.http import router as purchases

_UNKNOWN = {
    "register.unknown",
    "supplier.unknown",
    "part.unknown",
    "unit.unknown",
    "lot.unknown",
    "stock.lot_unknown",
    "line.unknown",
    "product.unknown",
    "revision.unknown",
    "pool.unknown",
    "order.unknown",
    "firmware.image_unknown",
    "localise_next.candidate_unknown",
    "inspection.unknown",
    "certificate.unknown",
}
_STATUS = {
    "batch.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "register.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


class _RoleAuth(SessionAuth):
    """A session or token whose user has one of some roles."""

    def __init__(self, roles: Iterable[str]) -> None:
        super().__init__()
        self._roles = frozenset(roles)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Return the user when it has one of the roles."""
        return request.user if has_role(request.user, self._roles) else None


class Api(NinjaAPI):
    """Adds the schemas of events and drafts, which msgspec derives from the types that decode them."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**kwargs)
        (reference, *_), schemas = msgspec.json.schema_components(
            [ev.AnyEvent, *DESIGN_BODIES], ref_template="#/components/schemas/{name}"
        )
        document["components"]["schemas"].update({**schemas, "Event": reference})
        return document

    def _get_urls(self) -> list[Any]:
        """Return the addresses, a refusal for every other one, and one for a wrong method."""
        patterns = super()._get_urls()
        for pattern in patterns:
            if pattern.callback is not None:
                pattern.callback = _refuse_method(pattern.callback)
        return [*patterns, re_path(r"^[\s\S]*$", _no_such_address)]


def _no_such_address(request: HttpRequest) -> HttpResponse:
    refusal = Refusal("request.unknown", "There is nothing here.", "See /api/docs.")
    return answer(refusal, HTTPStatus.NOT_FOUND)


def _refuse_method(view: Callable[..., Any]) -> Callable[..., Any]:
    """Say in JSON that an address does not take a method; the framework says it in plain text."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        allowed = response.headers["Allow"]
        refusal = Refusal(
            "request.method",
            f"This address does not take {request.method}.",
            f"Use {allowed}; see /api/docs.",
            {"allowed": allowed},
        )
        said = answer(refusal, HTTPStatus.METHOD_NOT_ALLOWED)
        said.headers["Allow"] = allowed
        return said

    return guarded


api = Api(
    title="karkhana",
    version=__version__,
    description="Events go in, outcomes come back; units, traces and recalls are read.",
    auth=_RoleAuth(ROLES),
    urls_namespace="api",
)
api.add_router("", floor)
api.add_router("/orders", orders)
api.add_router("/supply", kitting, auth=_RoleAuth(SUPPLY_ROLES))
api.add_router("/supply", stores, auth=_RoleAuth(SUPPLY_ROLES))
api.add_router("/purchases", purchases, auth=_RoleAuth(SUPPLY_ROLES))
api.add_router("/design/stages", stages, auth=_RoleAuth(HUB_ROLES))
api.add_router("/design/firmware", firmware, auth=_RoleAuth(HUB_ROLES))
api.add_router("/design", design, auth=_RoleAuth(HUB_ROLES))
api.add_router("/design", changes, auth=_RoleAuth(HUB_ROLES))
api.add_router("/partners", partners, auth=_RoleAuth(HUB_ROLES))
api.add_router("/pools", pools)
api.add_router("/localisation/next", localise_next, auth=_RoleAuth(VALUE_ROLES))
api.add_router("/localisation/designed", designed, auth=_RoleAuth(VALUE_ROLES))
api.add_router("/localisation/certificates", certificates, auth=_RoleAuth(VALUE_ROLES))
api.add_router("/localisation", localisation, auth=_RoleAuth(VALUE_ROLES))
api.add_router("/supply", receiving)


def answer(refusal: Refusal, status: int) -> HttpResponse:
    """Say a refusal as JSON."""
    body = msgspec.json.encode({"refusal": refusal.as_dict()})
    return HttpResponse(body, content_type="application/json", status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    code = error.refusal.code
    missing = HTTPStatus.NOT_FOUND if code in _UNKNOWN else HTTPStatus.UNPROCESSABLE_ENTITY
    return answer(error.refusal, _STATUS.get(code, missing))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    place = ".".join(str(part) for part in first.get("loc", ()))
    message = f"{place}: {first.get('msg', 'is not valid')}."
    return answer(
        Refusal("request.invalid", message, "Correct the request; see /api/docs.", {"place": place}),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )


@api.exception_handler(AuthenticationError)
def _no_login(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(
        Refusal(
            "auth.role_missing",
            "This account has no role that may do this.",
            "Ask an admin to give it a role, or log in with another one.",
        ),
        HTTPStatus.FORBIDDEN,
    )


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer(
        Refusal("request.refused", f"{error}.", "Correct the request; see /api/docs."), error.status_code
    )


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return _no_such_address(request)


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return answer(
        Refusal("auth.denied", "This account may not do that.", "Ask an admin for the role."),
        HTTPStatus.FORBIDDEN,
    )


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer(
        Refusal("batch.too_large", "The request is larger than 64 MB.", "Send smaller batches."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )
