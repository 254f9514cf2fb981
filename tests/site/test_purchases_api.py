"""The API of purchasing: uploads, runs, suppliers, prices, certificates, rates and duties."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from site_accounts import client_of

from karkhana.supply.models import LocalContentCertificate, Receipt
from karkhana.supply.registers import background

HEAD = "Lot,Supplier,Part,Invoice,Line,Invoice date,Qty,Worth,Currency,Exchange rate,HSN,Origin"
ROW = "L1,SHENZHEN,DRV-10,INV-7,1,2026-10-05,1000,500.00,USD,84.5,8518 90 00,CN"
API = "/api/purchases"


@pytest.fixture
def buyer(rolled_back: None) -> Client:
    return client_of("buyer")


def send(client: Client, method: str, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.generic(method, API + path, json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def upload(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("october.csv", "\n".join(lines).encode())


SUPPLIER = {"code": "SHENZHEN", "name": "Shenzhen Drivers", "country": "CN"}


def test_a_register_is_looked_at_and_imported(buyer: Client) -> None:
    assert send(buyer, "PUT", "/suppliers", SUPPLIER) == {"changed": True}
    assert send(buyer, "PUT", "/suppliers", SUPPLIER) == {"changed": False}
    shown = buyer.post(f"{API}/registers/purchases/preview", {"file": upload(HEAD, ROW)}).json()
    assert (shown["missing"], shown["unused"]) == (["value"], ["Worth"])
    form = {"map": ["Worth=value"], "file": upload(HEAD, ROW, ROW.replace("1000", "0"))}
    answer = buyer.post(f"{API}/registers/purchases", form)
    assert answer.status_code == 201
    run = answer.json()
    assert (run["state"], run["made"], run["refused"]) == ("done", 1, 1)
    assert buyer.get(f"{API}/registers/runs/{run['id']}").json() == run
    (refused,) = buyer.get(f"{API}/registers/runs/{run['id']}/refused").json()
    assert (refused["line"], refused["code"], refused["cells"][0]) == (3, "quantity.not_positive", "L1")
    (receipt,) = buyer.get(f"{API}/receipts?part=DRV-10").json()
    assert (receipt["supplier"], receipt["unproved"]) == ("SHENZHEN", True)
    assert buyer.get(f"{API}/attention").json()["receipts_waiting"] == 1
    assert "SHENZHEN" in [one["code"] for one in buyer.get(f"{API}/suppliers").json()]


def test_what_is_too_large_is_refused_before_it_is_read(
    buyer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "BYTES_MAX", 10)
    answer = buyer.post(f"{API}/registers/purchases", {"file": upload(HEAD, ROW)})
    assert answer.status_code == 413
    assert answer.json()["refusal"]["code"] == "register.too_large"
    assert not Receipt.objects.exists()


def test_unknown_kinds_and_runs(buyer: Client) -> None:
    answer = buyer.post(f"{API}/registers/sales", {"file": upload(HEAD)})
    assert answer.json()["refusal"]["code"] == "register.kind"
    assert buyer.get(f"{API}/registers/runs/999999").status_code == 404
    assert buyer.get(f"{API}/registers/runs/0").status_code == 422
    assert buyer.post(f"{API}/registers/purchases", {}).status_code == 422


def test_parts_prices_certificates_and_rates(buyer: Client) -> None:
    send(buyer, "PUT", "/suppliers", SUPPLIER)
    send(buyer, "PUT", "/parts", {"number": "DRV-10", "hsn": "85189000"})
    offer = {"part": "DRV-10", "supplier": "SHENZHEN", "price": "0.51", "currency": "USD",
             "valid_from": "2026-10-01", "channel": "import", "origin": "CN"}  # fmt: skip
    assert send(buyer, "POST", "/prices", offer)["changed"]
    assert send(buyer, "POST", "/prices", offer | {"part": "X"}, 404)["refusal"]["code"] == "part.unknown"
    source = {"part": "DRV-10", "supplier": "SHENZHEN", "approved_on": "2026-10-01"}
    assert send(buyer, "PUT", "/sources", source)["changed"]
    certificate = {"supplier": "SHENZHEN", "number": "LC/1", "percent": "12.5", "valid_from": "2026-04-01",
                   "valid_to": "2027-03-31", "file_sha256": "ab" * 32}  # fmt: skip
    assert send(buyer, "POST", "/certificates", certificate)["changed"]
    assert LocalContentCertificate.objects.count() == 1
    over = send(buyer, "POST", "/certificates", certificate | {"percent": "100.5"}, 422)
    assert over["refusal"]["code"] == "certificate.percent"
    rate = {"currency": "USD", "kind": "customs", "valid_from": "2026-10-01", "valid_to": "2026-10-15",
            "rate": "84.25"}  # fmt: skip
    assert send(buyer, "POST", "/rates", rate)["changed"]
    assert buyer.get(f"{API}/rates/USD?day=2026-10-15").json()["rate"] == "84.25000000"
    unknown = buyer.get(f"{API}/rates/USD?day=2026-10-16")
    assert (unknown.status_code, unknown.json()["refusal"]["code"]) == (422, "rate.unknown")


def test_duty_tables(buyer: Client) -> None:
    (rate,) = buyer.get(f"{API}/duties?device=hearable&item=pcba&day=2024-06-01").json()
    assert (rate["percent"], rate["year"]) == ("15", "FY25")
    assert len(buyer.get(f"{API}/duties?device=wearable").json()) == 32


def test_only_who_buys_may_use_it(rolled_back: None) -> None:
    assert client_of("operator").get(f"{API}/attention").status_code == 403
    assert Client().get(f"{API}/attention").status_code == 401
