"""The published and derived examples of local value, as tables: W12 to W15, W20, W22, E1, E2."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from karkhana.kernel.refusals import Refused
from karkhana.localisation.catalogue import method_for, methods, sources
from karkhana.localisation.rules.methods import read_method
from karkhana.localisation.rules.pieces import Certificate, Charge, Piece, Result, Use
from karkhana.localisation.rules.valuing import Settings, evaluate
from karkhana.supply.landed.rules import assessable_value, duties_on

D = Decimal
DAY = dt.date(2026, 11, 23)


def piece(channel: str, **amounts: object) -> Piece:
    """Make a piece of a part named by its channel; amounts as text become Decimals."""
    known = {
        name: D(value) if isinstance(value, str) and name not in TEXTS else value
        for name, value in amounts.items()
    }
    return Piece(str(known.pop("part", channel)), "LOT", "SUP", channel, **known)  # type: ignore[arg-type]


TEXTS = ("part", "origin", "group", "expired")


def use(of: Piece, quantity: str = "1") -> Use:
    """Take some of a piece."""
    return Use(of.part, "place", D(quantity), (of,))


def value(
    method: str, uses: list[Use], terms: dict[str, str], *, day: dt.date = DAY, **chosen: str
) -> Result:
    """Value a unit."""
    settings = Settings.of(method_for(method, day), chosen, day=day)
    return evaluate(settings, uses, [Charge(kind, D(amount), "", "doc") for kind, amount in terms.items()])


def landed(cif: str, duty_percent: str) -> Piece:
    """Import something with duty and surcharge."""
    duties = duties_on(D(cif), duty_percent=D(duty_percent))
    return piece("import", cif=cif, duty=duties.cost)


CHIP = piece("reseller", part="chip", price="508.47", tax="91.53")
"""600 rupees with tax."""


@pytest.mark.parametrize(
    ("duty_percent", "more", "royalty", "imported", "percent", "grade"),
    [
        pytest.param("10", [], "0", "9990", "50.05", "Class-I", id="W14-10"),
        pytest.param("15", [], "0", "10485", "47.575", "Class-II", id="W14-15"),
        pytest.param("10", [CHIP], "0", "10590", "47.05", "Class-II", id="W15-chip"),
        pytest.param("10", [CHIP], "400", "10990", "45.05", "Class-II", id="W15-royalty"),
    ],
)
def test_procurement(
    duty_percent: str, more: list[Piece], royalty: str, imported: str, percent: str, grade: str
) -> None:
    """W14, W15: duties, resellers and royalties count as imported."""
    uses = [use(landed("9000", duty_percent)), *map(use, more)]
    found = value("PPP_MII", uses, {"price": "20000", "royalty_abroad": royalty})
    assert found.imported == D(imported)
    assert found.percent == D(percent).quantize(D("0.0001"))
    assert found.grade == grade


def test_duty_left_out_is_the_usual_error() -> None:
    """W14: without its duty the same device would be Class-I at 55 %."""
    found = value("PPP_MII", [use(piece("import", cif="9000"))], {"price": "20000"})
    assert found.percent == D("55.0000")


def test_before_the_revision_of_2024_a_reseller_could_be_chosen_to_count() -> None:
    """The order of 2020 had no exclusion of resellers: a parameter, against the maker unless chosen."""
    day = dt.date(2023, 6, 1)
    uses, terms = [use(landed("9000", "10")), use(CHIP)], {"price": "20000"}
    assert value("PPP_MII", uses, terms, day=day, resellers="all").percent == D("50.0500")
    assert value("PPP_MII", uses, terms, day=day).percent == D("47.5076")


@pytest.mark.parametrize(
    ("discount", "percent", "grade"),
    [pytest.param("3000", "48.9130", "", id="W12"), pytest.param("0", "50.5263", "Eligible", id="W12-none")],
)
def test_automotive(discount: str, percent: str, grade: str) -> None:
    """W12: exempted imports leave both sides, a discount beyond the margin leaves the price."""
    terms = {"ex_factory_price": "100000", "exempted_import": "5000", "excess_discount": discount}
    found = value("AUTO_DVA", [use(piece("import", cif="52000"))], terms)
    assert (found.percent, found.grade) == (D(percent), grade)


@pytest.mark.parametrize(
    ("rate", "percent", "grade"),
    [
        pytest.param("82.5", "52.1500", "Eligible", id="W13-82.5"),
        pytest.param("94.95", "44.9290", "", id="W13-94.95"),
        pytest.param("96", "44.3200", "", id="W13-96"),
        pytest.param("86.2068", "50.0000", "Eligible", id="W13-below-break-even"),
        pytest.param("86.2070", "49.9999", "", id="W13-above-break-even"),
    ],
)
def test_exchange_rates(rate: str, percent: str, grade: str) -> None:
    """W13: the same device at other rates; break-even at 86.2069 rupees for a dollar."""
    cif = assessable_value(D(580), D(0), D(0), D(rate))
    found = value("AUTO_DVA", [use(piece("import", cif=cif))], {"ex_factory_price": "100000"})
    assert (found.percent, found.grade) == (D(percent), grade)


@pytest.mark.parametrize(
    ("purchases", "percent", "grade"),
    [("5.5", "45", "Eligible"), ("6", "40", "Eligible"), ("6.5", "35", "")],
    ids=["W20-5.5", "W20-6", "W20-6.5"],
)
def test_drones(purchases: str, percent: str, grade: str) -> None:
    """W20: purchases in the country are taken off too."""
    found = value("DRONE_VA", [use(piece("domestic", price=purchases))], {"price": "10"})
    assert (found.percent, found.grade) == (D(percent).quantize(D("0.0001")), grade)


def earbuds(*, certified: bool = True) -> list[Use]:
    """E1: what one pair of earbuds takes."""
    duties = duties_on(D(420), duty_percent=D(15))
    assert duties.cost == D("69.30")
    battery = Certificate("C1", D(40)) if certified else None
    case = Certificate("C2", D(90)) if certified else None
    return [
        use(piece("import", cif="420", duty=duties.cost)),
        use(piece("domestic", part="battery", price="100", certificate=battery)),
        use(piece("domestic", part="enclosure", price="80", certificate=case)),
        use(piece("reseller", part="ic", price="42.37", tax="7.63")),
    ]


@pytest.mark.parametrize(
    ("certified", "chosen", "imported", "percent", "grade"),
    [
        pytest.param(True, {}, "619.30", "48.3916", "Class-II", id="E1"),
        pytest.param(True, {"look_through": "all"}, "551.30", "54.0583", "Class-I", id="E1-all-local"),
        pytest.param(False, {"uncertified": "none"}, "731.30", "39.0583", "Class-II", id="E1-missing"),
        pytest.param(False, {"uncertified": "all"}, "551.30", "54.0583", "Class-I", id="E1-waved"),
    ],
)
def test_earbuds(certified: bool, chosen: dict[str, str], imported: str, percent: str, grade: str) -> None:
    """E1: look-through of suppliers' certificates decides the class; 48.3917 rounded down."""
    terms = {"price": "1200", "royalty_abroad": "12"}
    found = value("PPP_MII", earbuds(certified=certified), terms, **chosen)
    assert (found.imported, found.percent, found.grade) == (D(imported), D(percent), grade)
    missing = {item.part for item in found.unproved if item.code == "certificate_missing"}
    assert missing == (set() if certified else {"battery", "enclosure"})


@pytest.mark.parametrize(
    ("board", "imported", "percent"),
    [
        pytest.param(landed("700", "20"), "1264", "51.3846", id="E2-board-imported"),
        pytest.param(piece("import", cif="430"), "840", "67.6923", id="E2-board-made-here"),
    ],
)
def test_smart_meter(board: Piece, imported: str, percent: str) -> None:
    """E2: the populated board made in the country instead of imported at 20 %."""
    others = [use(piece("import", part=f"other {cif}", cif=cif)) for cif in ("260", "60", "90")]
    found = value("PPP_MII", [use(board), *others], {"price": "2600"})
    assert (found.imported, found.percent) == (D(imported), D(percent))


def test_landed_cost() -> None:
    """W22: what customs add."""
    duties = duties_on(D(1000), duty_percent=D(15), igst_percent=D(18))
    assert (duties.basic, duties.surcharge, duties.igst) == (D(150), D(15), D("209.70"))
    assert (duties.total, duties.cost) == (D("374.70"), D(165))


def test_a_certified_percentage_is_rounded_down() -> None:
    """49.996 % is not Class-I and is never written as 50."""
    found = value("PPP_MII", [use(piece("import", cif="50004"))], {"price": "100000"})
    assert (found.percent, found.certified, found.grade) == (D("49.9960"), D("49.99"), "Class-II")
    exact = value("PPP_MII", [use(piece("import", cif="50000"))], {"price": "100000"})
    assert (exact.certified, exact.grade) == (D("50.00"), "Class-I")


def test_advance_authorisation_divides_by_the_imports() -> None:
    """(FOB less CIF) in per cent of the CIF, and never to be mixed with the others."""
    found = value("ADV_AUTH_VA", [use(piece("import", cif="100"))], {"fob": "115"})
    assert (found.percent, found.grade) == (D("15.0000"), "Advance authorisation")
    assert {item.code for item in found.unproved} == {"figure_unverified"}


def test_bill_of_material_method() -> None:
    """Domestic bill over whole bill, own conversion a line of it, profit none."""
    half = piece("domestic", price="24", certificate=Certificate("C", D(50)))
    uses = [use(piece("import", cif="60", duty="6")), use(half)]
    found = value("PMA_BOM", uses, {"conversion": "10", "profit": "50", "royalty_abroad": "20"})
    assert (found.denominator, found.imported) == (D(120), D(98))
    assert found.percent == D("18.3333")


def test_one_unit_two_methods_two_classes() -> None:
    """The earbuds of E1 by three methods: three percentages, never to be mixed."""
    terms = {"price": "1200", "royalty_abroad": "12"}
    assert value("PPP_MII", earbuds(), terms).percent == D("48.3916")
    drone = value("DRONE_VA", earbuds(), terms)
    assert (drone.percent, drone.grade) == (D("39.6941"), "")
    assert value("LSEM_DVA", earbuds(), terms).percent == D("49.0275")


def test_a_changeover_leaves_a_range() -> None:
    """What is proved rests on the worse of two possible lots; the better one bounds it."""
    here = piece("domestic", part="R1", price="10", origin="IN", certificate=Certificate("C", D(100)))
    there = piece("import", part="R1", cif="9", duty="1")
    found = value("PPP_MII", [Use("R1", "F1", D(2), (here, there))], {"price": "100"})
    assert (found.percent, found.percent_min, found.percent_max) == (D(80), D(80), D(100))


@pytest.mark.parametrize(("imported", "grade"), [("10", ""), ("60", ""), ("90", "Non-local")])
def test_no_class_is_told_that_it_could_fall_out_of(imported: str, grade: str) -> None:
    """While a lot has no receipt, only the class that nothing falls out of is sure."""
    lost = Piece("R2", "LOT", "SUP", "unknown", doubts=("no_receipt",))
    found = value("PPP_MII", [use(piece("import", cif=imported)), use(lost)], {"price": "100"})
    assert (found.percent, found.grade) == (100 - D(imported), grade)


def test_without_a_price_there_is_no_percentage() -> None:
    """A missing denominator is said, with what to enter."""
    with pytest.raises(Refused) as caught:
        value("PPP_MII", [use(piece("import", cif="1"))], {})
    assert caught.value.refusal.code == "method.denominator"


@pytest.mark.parametrize("method", methods(), ids=lambda method: f"{method.id}-{method.valid_from}")
def test_every_figure_names_a_known_source(method) -> None:  # type: ignore[no-untyped-def]
    """No figure without a source that stands in the list."""
    cited = method.cited()
    assert len(cited) >= 8
    for place, figure in cited:
        assert figure.source in sources(), place


OWN = """
id = "OWN"
name = "A method of one's own"
order = "made up"
valid_from = 2026-01-01
status = "derived"
source = "a test"
[denominator]
add = ["price"]
status = "derived"
source = "a test"
"""
CHANNEL = '[channels.{name}]\nvalue = ["price"]\nlocal = "{local}"\nstatus = "derived"\nsource = "a test"\n'


def own(**local: str) -> str:
    """Write a method file."""
    words = dict.fromkeys(("import", "domestic", "reseller", "consigned", "unknown"), "none") | local
    return OWN + "".join(CHANNEL.format(name=name, local=word) for name, word in words.items())


def test_a_method_is_a_file() -> None:
    """A file is enough for a method."""
    settings = Settings.of(read_method(own(domestic="all"), name="own.toml"), day=DAY)
    bought = [use(piece("domestic", price="30")), use(piece("reseller", price="20"))]
    found = evaluate(settings, bought, [Charge("price", D(100), "", "doc")])
    assert (found.imported, found.percent) == (D(20), D("80.0000"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (own(domestic="some"), "channels.domestic"),
        (own(domestic="$nothing"), "nothing"),
        (own().replace('add = ["price"]', 'add = ["prize"]'), "prize"),
        (own().replace("status =", "stat =", 1), "stat"),
        (own().replace('source = "a test"', 'source = ""'), "source"),
        ("id = ", "own.toml"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "recursion"),
        ("", "own.toml"),
        (own().replace("[channels.reseller]", "[channels.resellers]"), "resellers"),
    ],
)
def test_a_wrong_method_file_says_where(text: str, said: str) -> None:
    """A refusal names the file and the place."""
    with pytest.raises(Refused) as caught:
        read_method(text, name="own.toml")
    assert caught.value.refusal.code == "method.file"
    assert said in caught.value.refusal.message


def test_unknown_method_and_parameter() -> None:
    """What is not there is refused with what is."""
    early = dt.date(2015, 1, 1)
    for name, day, code in (("NOPE", DAY, "method.unknown"), ("PPP_MII", early, "method.not_then")):
        with pytest.raises(Refused) as caught:
            method_for(name, day)
        assert caught.value.refusal.code == code
    with pytest.raises(Refused) as caught:
        Settings.of(method_for("PPP_MII", DAY), {"profit": "half"}, day=DAY)
    assert caught.value.refusal.code == "method.parameter"
