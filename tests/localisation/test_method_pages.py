"""The page of methods: everything that a method's file says is there, with its status and source."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from karkhana.localisation.catalogue import methods, sources
from karkhana.localisation.pages.methods import Said, aspects
from karkhana.localisation.pages.words import DOUBTS, WORDS, doubt_said, said
from karkhana.localisation.rules import pieces
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")


def logged_in(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_every_figure_of_every_method_is_shown_with_its_status() -> None:
    page = text_of(logged_in("buyer").get("/value/methods/?all=1"))
    for method in methods():
        assert method.order in page
        shown: list[Said] = [one for _, tell in aspects() for one in tell(method)]
        cited = {id(one.cited) for one in shown}
        for place, figure in method.cited():
            assert id(figure) in cited, f"{method.id} {place} is not on the page"
    for key in {figure.source for method in methods() for _, figure in method.cited()}:
        source = sources()[key]
        if source.kind != "own":
            assert f'href="{source.address}"' in page, key


def test_what_does_not_hold_today_is_left_out_until_asked_for() -> None:
    today = text_of(logged_in("engineer").get("/value/methods/"))
    assert "revised on 19.07.2024" in today
    assert "revised on 16.09.2020" not in today
    assert len(re.findall(r"<th scope=\"col\"><b", today)) < len(methods())


def test_operators_do_not_see_it() -> None:
    assert logged_in("operator").get("/value/methods/").status_code == 403


def test_every_code_has_words() -> None:
    for code in (*pieces.TERMS, *pieces.CHANNELS, *pieces.AMOUNTS):
        assert code in WORDS
    for method in methods():
        for name, parameter in method.parameters.items():
            assert name in WORDS, name
            assert [choice for choice in parameter.choices if choice not in WORDS] == []
    assert DOUBTS == pieces.DOUBTS
    assert (said("not_known"), doubt_said("no_price")) == ("not known", "No price is known.")
