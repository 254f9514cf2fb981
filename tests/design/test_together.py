"""People who do the same at the same moment: one yes, one clear no, nothing half done."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from design import office
from design.office import NOW, PLAN, item
from karkhana.design import operations as design
from karkhana.design.models import Approval, Revision
from karkhana.design.queries import bill_of, compiled, find_revision, stored_plan
from karkhana.kernel.refusals import Refused

BOARD: dict[str, Any] = {"product_code": "BOARD", "revision_code": "A"}


@pytest.fixture
def board(fresh_database: str) -> Iterator[None]:
    """A board in a database of this test's own, seen by every thread."""
    office.product(agreement=office.alliance())
    yield
    connection.close()


def together(*actions: Callable[[], Any]) -> Counter[str]:
    """Run actions at the same moment; tell how each ended: ``done``, or the code of its refusal."""
    said: list[str] = []
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], Any]) -> None:
        try:
            gate.wait()
            action()
            said.append("done")
        except Refused as no:
            said.append(no.refusal.code)
        except Exception as fault:
            said.append(repr(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(said)


def test_of_eight_who_begin_one_revision_one_does(board: None) -> None:
    begin = lambda: design.create_revision(**BOARD, now=NOW, plan=PLAN)  # noqa: E731
    assert together(*[begin] * 8) == {"done": 1, "revision.exists": 7}


def test_of_two_editors_of_one_plan_the_second_is_told(board: None) -> None:
    version = office.draft().plan_version
    plans = [msgspec.structs.replace(PLAN, repair_limit=limit) for limit in range(4, 8)]
    saves = [lambda plan=plan: design.save_plan(**BOARD, plan=plan, version=version) for plan in plans]
    assert together(*saves) == {"done": 1, "plan.changed": 3}
    revision = find_revision("BOARD", "A")
    assert revision.plan_version == version + 1
    assert stored_plan(revision) in plans


def test_lines_saved_at_once_are_all_there(board: None) -> None:
    office.draft()
    saves = [
        lambda n=n: design.save_line(**BOARD, item=item(n, f"RES{n}", f"R{n}")) for n in range(10, 16)
    ]  # fmt: skip
    assert together(*saves, lambda: design.drop_line(**BOARD, number=1)) == {"done": 7}
    assert [line.number for line in bill_of(("BOARD", "A"))] == [2, 10, 11, 12, 13, 14, 15]


def test_what_is_submitted_while_somebody_edits_is_what_was_submitted(board: None) -> None:
    office.draft()
    edits = [lambda n=n: design.save_line(**BOARD, item=item(n, "RES", f"R{n}")) for n in range(10, 14)]
    submit = lambda: design.submit_revision(**BOARD, user=office.person("ravi"), now=NOW)  # noqa: E731
    said = together(*edits, submit)
    assert set(said) <= {"done", "revision.in_review"}
    revision = find_revision("BOARD", "A")
    assert revision.state == "in_review"
    office.approve("asha")  # its content is still what was submitted
    assert len(compiled(revision)[0].bom) == 2 + said["done"] - 1


def test_a_revision_is_released_and_approved_once(board: None) -> None:
    office.submitted()
    assert together(*[lambda: office.approve("asha")] * 4) == {"done": 1, "approval.twice": 3}
    office.approve("li")
    release = lambda: design.release_reviewed(**BOARD, now=NOW)  # noqa: E731
    back = lambda: design.return_to_draft(**BOARD)  # noqa: E731
    said = together(release, release, back)
    assert said == {"done": 1, "revision.not_in_review": 2}
    assert Approval.objects.count() == 2


def test_two_direct_releases_of_other_content_make_one(board: None) -> None:
    office.product("FREE")
    office.draft("FREE")
    package = compiled(find_revision("FREE", "A"))[0]
    releases = [
        lambda limit=limit: design.release_revision(
            product_code="FREE", revision_code="A", released_at=NOW,
            package=msgspec.structs.replace(package, repair_limit=limit),
        )
        for limit in range(4)
    ]  # fmt: skip
    assert together(*releases) == {"done": 1, "release.immutable": 3}


def test_a_line_cannot_slip_in_while_its_revision_is_being_released(board: None) -> None:
    """Past the program: in SQL, while another session holds the release that is not committed yet."""
    office.product("FREE")
    office.submitted("FREE")
    begun, insert = threading.Event(), threading.Event()
    said: list[str] = []

    def slip_in() -> None:
        try:
            begun.wait(timeout=30)
            with connection.cursor() as cursor:
                insert.set()
                cursor.execute(
                    "INSERT INTO design_bomline (revision_id, number, part_number, manufacturer, description,"
                    " value, package, quantity, \"references\", not_fitted, mechanical, alternates,"
                    " approved_manufacturers) SELECT revision_id, 99, part_number, '', '', '', '', 1, '{}',"
                    " '{}', false, '[]', '{}' FROM design_bomline l"
                    " JOIN design_revision r ON r.id = l.revision_id"
                    " JOIN design_product p ON p.id = r.product_id WHERE p.code = 'FREE' AND number = 1"
                )  # fmt: skip
            said.append("in")
        except Exception as problem:
            said.append(str(problem))
        finally:
            connection.close()

    thread = threading.Thread(target=slip_in)
    thread.start()
    with transaction.atomic():
        design.release_reviewed(product_code="FREE", revision_code="A", now=NOW)
        begun.set()
        insert.wait(timeout=30)
        thread.join(timeout=1)
    thread.join(timeout=30)
    assert len(said) == 1
    assert "cannot change" in said[0]
    revision = Revision.objects.get(product__code="FREE")
    assert revision.lines.count() == 2
