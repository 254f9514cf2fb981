"""All addresses of the web. Rooms add theirs below; only ``/healthz`` and the log-in are open to everyone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.i18n import set_language

import karkhana.design.addresses  # noqa: F401  (makes the address part ``code`` known)
from karkhana.design.pages import bill, products, revision, route, tables
from karkhana.design.pages.difference import difference_page, difference_xlsx
from karkhana.design.pages.exchange import release_export, release_import
from karkhana.design.pages.imports import import_confirm, import_page, import_preview
from karkhana.floor import pages as floor
from karkhana.floor.changes import deviation_pages as deviations
from karkhana.floor.changes import pages as changes
from karkhana.floor.firmware import pages as firmware
from karkhana.floor.kitting import pages as kitting
from karkhana.floor.orders import pages as orders
from karkhana.floor.pools import pages as pools
from karkhana.floor.receiving import inspection_pages as inspections
from karkhana.floor.receiving import pages as receiving
from karkhana.floor.stages import article_pages as articles
from karkhana.floor.stages import pages as stages
from karkhana.floor.stores import pages as stores
from karkhana.localisation.certificate import pages as value_certificates
from karkhana.localisation.choosing import pages as choosing
from karkhana.localisation.designed import pages as designed
from karkhana.localisation.pages import methods as value_methods
from karkhana.localisation.pages import terms as value_terms
from karkhana.localisation.pages import units as value_units
from karkhana.localisation.pages import value as value_pages
from karkhana.partners import pages as partners
from karkhana.site.api import api
from karkhana.site.health import healthz
from karkhana.site.pages.account import LogIn
from karkhana.site.roles import ADMIN, BUYER, ENGINEER, LEAD, OPERATOR, PARTNER, role_required
from karkhana.supply.registers import pages as registers
from karkhana.supply.sources import pages as sources

handler403 = "karkhana.site.pages.errors.forbidden"
handler404 = "karkhana.site.pages.errors.not_found"
handler500 = "karkhana.site.pages.errors.fault"

staff = role_required()
leads = role_required(LEAD, ENGINEER, ADMIN)
engineers = role_required(ENGINEER, ADMIN)
hub = role_required(ENGINEER, ADMIN, PARTNER)
admins = role_required(ADMIN)
supply = role_required(BUYER, LEAD, ADMIN)
inspectors = role_required(OPERATOR, BUYER, LEAD, ADMIN)
value = role_required(BUYER, ENGINEER, LEAD, ADMIN)

_REVISION = "design/products/<code:product>/<code:revision>"
_STAGE = "design/stages/<code:product>"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/", api.urls),
    path("login/", login_not_required(LogIn.as_view()), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("", staff(floor.overview), name="overview"),
    path("live/", staff(floor.overview_live), name="overview-live"),
    path("lines/", staff(floor.lines), name="lines"),
    path("lines/<path:code>/live/", staff(floor.line_live), name="line-live"),
    path("lines/<path:code>/", staff(floor.line), name="line"),
    path("stations/", staff(floor.stations), name="stations"),
    path("station/<path:code>/scan/", staff(floor.station_scan), name="station-scan"),
    path("station/<path:code>/", staff(floor.station), name="station"),
    path("units/", staff(floor.units), name="units"),
    path("units/<path:serial>/graph/", staff(floor.unit_graph), name="unit-graph"),
    path("units/<path:serial>/", staff(floor.unit), name="unit"),
    path("search/", staff(floor.search), name="search"),
    path("refusals/", staff(floor.refusals), name="refusals"),
    path("recall/", leads(floor.recall_page), name="recall"),
    path("recall/list.csv", leads(floor.recall_csv), name="recall-csv"),
    path("design/diff/", hub(difference_page), name="design-diff"),
    path("design/diff/xlsx/", hub(difference_xlsx), name="design-diff-xlsx"),
    path("design/import/", engineers(release_import), name="release-import"),
    path("design/firmware/", hub(firmware.firmware_list), name="firmware"),
    path("design/firmware/new/", hub(firmware.firmware_new), name="firmware-new"),
    path("design/firmware/add/", hub(firmware.firmware_add), name="firmware-add"),
    path("design/firmware/manifest/", hub(firmware.firmware_manifest), name="firmware-manifest"),
    path("design/firmware/<int:number>/", hub(firmware.firmware_image), name="firmware-image"),
    path("design/firmware/<int:number>/approve/", hub(firmware.firmware_approve), name="firmware-approve"),
    path("design/firmware/<int:number>/act/", engineers(firmware.firmware_act), name="firmware-act"),
    path("design/firmware/<int:number>/file/", hub(firmware.firmware_file), name="firmware-file"),
    path("design/", hub(products.products), name="design-products"),
    path("design/new/", engineers(products.product_new), name="design-product-new"),
    path("design/revise/<code:product>/", engineers(products.product_revise), name="design-product-revise"),
    path(
        "design/agreement/<code:product>/",
        engineers(products.product_agreement),
        name="design-product-agreement",
    ),
    path("design/products/<code:product>/", hub(products.product), name="design-product"),
    path(f"{_REVISION}/", hub(revision.revision), name="design-revision"),
    path(f"{_REVISION}/export/", hub(release_export), name="release-export"),
    path(f"{_REVISION}/act/", engineers(revision.revision_act), name="design-revision-act"),
    path(f"{_REVISION}/approve/", hub(revision.revision_approve), name="design-approve"),
    path(f"{_REVISION}/bom/line/<int:number>/", hub(bill.bom_line), name="design-bom-line"),
    path(
        f"{_REVISION}/bom/line/<int:number>/save/",
        engineers(bill.bom_line_save),
        name="design-bom-line-save",
    ),
    path(f"{_REVISION}/bom/assembly/<int:number>/", hub(bill.bom_assembly), name="design-bom-assembly"),
    path(f"{_REVISION}/bom/exploded/", hub(bill.bom_exploded), name="design-bom-exploded"),
    path(f"{_REVISION}/bom/import/", engineers(bill.bom_import), name="design-bom-import"),
    path(f"{_REVISION}/route/step/<int:place>/", hub(route.route_step), name="design-route-step"),
    path(f"{_REVISION}/route/edit/", engineers(route.route_edit), name="design-route-edit"),
    path(f"{_REVISION}/documents/add/", engineers(tables.document_add), name="design-document-add"),
    path(f"{_REVISION}/documents/<slug:sha256>/file/", hub(tables.document_file), name="design-document"),
    path(f"{_REVISION}/<slug:tab>/save/", engineers(tables.table_save), name="design-table-save"),
    path(f"{_REVISION}/<slug:tab>/", hub(revision.revision_tab), name="design-revision-tab"),
    path("design/changes/", hub(changes.change_list), name="changes"),
    path("design/changes/new/", hub(changes.change_new), name="change-new"),
    path("design/changes/<str:number>/", hub(changes.change), name="change"),
    path("design/changes/<str:number>/approve/", hub(changes.change_approve), name="change-approve"),
    path("design/changes/<str:number>/accept/", engineers(changes.change_accept), name="change-accept"),
    path("design/changes/<str:number>/impact/", hub(changes.change_impact), name="change-impact"),
    path("design/changes/<str:number>/edit/", hub(changes.change_edit), name="change-edit"),
    path("design/changes/<str:number>/withdraw/", hub(changes.change_withdraw), name="change-withdraw"),
    path("design/changes/<str:number>/effect/", engineers(changes.change_effect), name="change-effect"),
    path("design/changes/<str:number>/close/", engineers(changes.change_close), name="change-close"),
    path("design/deviations/", hub(deviations.deviation_list), name="deviations"),
    path("design/deviations/new/", hub(deviations.deviation_new), name="deviation-new"),
    path("design/deviations/<str:number>/", hub(deviations.deviation), name="deviation"),
    path(
        "design/deviations/<str:number>/approve/", hub(deviations.deviation_approve), name="deviation-approve"
    ),
    path(
        "design/deviations/<str:number>/accept/",
        engineers(deviations.deviation_accept),
        name="deviation-accept",
    ),
    path(
        "design/deviations/<str:number>/withdraw/",
        hub(deviations.deviation_withdraw),
        name="deviation-withdraw",
    ),
    path(
        "design/deviations/<str:number>/close/", engineers(deviations.deviation_close), name="deviation-close"
    ),
    path("design/stages/", hub(stages.board), name="stages"),
    path(f"{_STAGE}/request/", engineers(stages.request_gate), name="stage-request"),
    path(f"{_STAGE}/approve/", hub(stages.approve), name="stage-approve"),
    path(f"{_STAGE}/pass/", engineers(stages.pass_gate), name="stage-pass"),
    path(f"{_STAGE}/withdraw/", engineers(stages.withdraw), name="stage-withdraw"),
    path(f"{_STAGE}/revoke/", engineers(stages.revoke), name="stage-revoke"),
    path(f"{_STAGE}/adopt/", admins(stages.adopt), name="stage-adopt"),
    path(f"{_STAGE}/issues/", hub(stages.open_issue), name="stage-issue-open"),
    path(f"{_STAGE}/issues/close/", engineers(stages.close_issue), name="stage-issue-close"),
    path(f"{_STAGE}/criteria/", engineers(stages.set_criteria), name="stage-criteria"),
    path(f"{_STAGE}/runs/", engineers(stages.add_run), name="stage-run"),
    path(f"{_STAGE}/first-article/", engineers(articles.new_first_article), name="first-article-new"),
    path(f"{_STAGE}/first-article/<int:number>/", hub(articles.first_article), name="first-article"),
    path(f"{_STAGE}/", hub(stages.stage), name="stage"),
    path("orders/", staff(orders.orders), name="orders"),
    path("orders/new/", leads(orders.new_order), name="order-new"),
    path("orders/<path:code>/", staff(orders.order), name="order"),
    path("supply/stock/", supply(stores.stock), name="stock"),
    path("supply/stock/places/", supply(stores.place_make), name="place-make"),
    path("supply/lots/<path:lot>/act/", supply(stores.lot_act), name="lot-act"),
    path("supply/lots/<path:lot>/units/", supply(stores.lot_units), name="lot-units"),
    path("supply/lots/<path:lot>/", supply(stores.lot), name="lot"),
    path("supply/kitting/", supply(kitting.kitting), name="kitting"),
    path("supply/kitting/<path:order>/hand-out/", supply(kitting.kit_hand_out), name="kit-hand-out"),
    path("supply/kitting/<path:order>/", supply(kitting.kit), name="kit"),
    path("supply/consigned/", supply(stores.consigned), name="consigned"),
    path("import/", engineers(import_page), name="import"),
    path("import/preview/", engineers(import_preview), name="import-preview"),
    path("import/confirm/", engineers(import_confirm), name="import-confirm"),
    path("partners/", hub(partners.partners), name="partners"),
    path("partners/add/", admins(partners.add_party), name="party-add"),
    path("partners/members/", admins(partners.add_member), name="party-member-add"),
    path("partners/agreements/", admins(partners.add_agreement), name="agreement-add"),
    path("partners/key/", hub(partners.my_key), name="my-key"),
    path("partners/key/make/", hub(partners.make_key), name="my-key-make"),
    path("partners/key/revoke/", hub(partners.revoke_key), name="my-key-revoke"),
    path("pools/", staff(pools.pools_page), name="pools"),
    path("pools/~new/", engineers(pools.pool_create), name="pool-create"),
    path("pools/<str:code>/", staff(pools.pool_page), name="pool"),
    path("pools/<str:code>/set/", engineers(pools.pool_set), name="pool-set"),
    path("pools/<str:code>/import/", engineers(pools.pool_import), name="pool-import"),
    path("pools/<str:code>/remove-range/", engineers(pools.pool_remove_range), name="pool-remove-range"),
    path("pools/<str:code>/draw/", engineers(pools.pool_draw), name="pool-draw"),
    path("pools/<str:code>/spoil/", leads(pools.pool_spoil), name="pool-spoil"),
    path("value/designed/", value(designed.designed_page), name="value-designed"),
    path("value/", value(value_pages.value_page), name="value"),
    path("value/compute/", value(value_pages.compute), name="value-compute"),
    path("value/runs/<int:number>/", value(value_pages.run_progress), name="value-run"),
    path("value/lines/", value(value_pages.lines_page), name="value-lines"),
    path("supply/receiving/", supply(receiving.receipts), name="receiving"),
    path("supply/receiving/new/", supply(receiving.receive), name="receive"),
    path("supply/receiving/rules/", supply(receiving.rules), name="receiving-rules"),
    path("supply/inspection/", inspectors(inspections.inspections), name="inspections"),
    path("supply/inspection/again/", supply(inspections.inspection_again), name="inspection-again"),
    path("supply/inspection/<int:number>/", inspectors(inspections.inspection), name="inspection"),
    path(
        "supply/inspection/<int:number>/judge/",
        inspectors(inspections.inspection_judge),
        name="inspection-judge",
    ),
    path(
        "supply/inspection/<int:number>/dispose/",
        supply(inspections.inspection_dispose),
        name="inspection-dispose",
    ),
    path(
        "supply/inspection/<int:number>/severity/",
        supply(inspections.severity_note),
        name="inspection-severity",
    ),
    path("supply/expiry/", supply(receiving.expiry), name="expiry"),
    path("supply/expiry/ticks/", inspectors(receiving.ticks), name="ticks"),
    path("supply/expiry/life/", supply(receiving.life), name="lot-life"),
    path("value/next/", value(choosing.next_page), name="value-next"),
    path("value/next/import/", value(choosing.next_import), name="value-next-import"),
    path("value/next/drop/", value(choosing.next_drop), name="value-next-drop"),
    path("value/methods/", value(value_methods.methods_page), name="value-methods"),
    path("value/terms/", value(value_terms.terms_page), name="value-terms"),
    path("value/targets/<int:number>/drop/", value(value_terms.target_drop), name="value-target-drop"),
    path("value/units/", value(value_units.units_page), name="value-units"),
    path("value/units/<path:serial>/", value(value_units.unit_fragment), name="value-unit"),
    path("value/certificates/", value(value_certificates.list_page), name="certificates"),
    path("value/certificates/new/", value(value_certificates.new_page), name="certificate-new"),
    path("value/certificates/issue/", supply(value_certificates.issue_certificate), name="certificate-issue"),
    path(
        "value/certificates/<path:number>/file/<slug:kind>/",
        value(value_certificates.certificate_file),
        name="certificate-file",
    ),
    path("value/certificates/<path:number>/", value(value_certificates.certificate_page), name="certificate"),
    path("supply/", supply(registers.overview), name="supply"),
    path("supply/registers/", supply(registers.registers), name="supply-registers"),
    path("supply/registers/preview/", supply(registers.register_preview), name="supply-register-preview"),
    path("supply/registers/import/", supply(registers.register_import), name="supply-register-import"),
    path("supply/registers/<int:number>/", supply(registers.register_run), name="supply-register"),
    path(
        "supply/registers/<int:number>/refused.csv",
        supply(registers.register_refused),
        name="supply-register-refused",
    ),
    path("supply/bills/", supply(registers.bills), name="supply-bills"),
    path("supply/receipts/", supply(sources.receipts), name="supply-receipts"),
    path("supply/rates/", supply(sources.rates), name="supply-rates"),
    path("supply/suppliers/", supply(sources.suppliers), name="supply-suppliers"),
    path("supply/suppliers/<path:code>/", supply(sources.supplier), name="supply-supplier"),
    path("supply/parts/", supply(sources.parts), name="supply-parts"),
    path("supply/parts/duties/", supply(sources.duties), name="supply-duties"),
    path("supply/parts/<path:number>/", supply(sources.part), name="supply-part"),
]
