"""The emulator's ``$filter``: what it means, what it refuses, and that no text breaks out of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.graph.filters import AnyOf, Comparison, Condition, Junction, Negation, StartsWith
from local.graph.parsing import FilterInvalid, parse, quoted
from local.graph.tenant import Tenant

USER: dict[str, Any] = {
    "mail": "Kim@Partner.example",
    "displayName": "O'Hara",
    "accountEnabled": True,
    "externalUserState": None,
    "otherMails": ["a@x.example", "b@x.example"],
    "domains": [{"id": "partner.example"}],
    "count": 3,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail eq 'kim@partner.EXAMPLE'", True),
        ("mail ne 'kim@partner.example'", False),
        ("displayName eq 'o''hara'", True),
        ("accountEnabled eq true", True),
        ("accountEnabled eq 'true'", False),
        ("externalUserState eq null", True),
        ("externalUserState ne 'Accepted'", True),
        ("count eq 3", True),
        ("accountEnabled eq 1", False),
        ("missing eq 'x'", False),
        ("startsWith(mail,'KIM@')", True),
        ("startswith(mail, 'lee')", False),
        ("startsWith(externalUserState,'')", False),
        ("otherMails/any(o:o eq 'B@x.example')", True),
        ("otherMails/any(o:startsWith(o,'c'))", False),
        ("domains/any(x: x/id eq 'partner.example')", True),
        ("domains/any(x: x/id eq 'other.example' or x/id eq 'partner.example')", True),
        ("missing/any(m:m eq 'x')", False),
        ("not (mail eq 'x')", True),
        ("not not mail eq 'x'", False),
        # and binds closer than or.
        ("count eq 3 or count eq 4 and mail eq 'x'", True),
        ("(count eq 3 or count eq 4) and mail eq 'x'", False),
        ("mail eq 'x' or otherMails/any(o:o eq 'x') or count eq 3", True),
    ],
)
def test_filter_means(text: str, *, expected: bool) -> None:
    assert parse(text).matches(USER) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail",
        "mail eq",
        "eq 'x'",
        "mail eq x",
        "mail eq 'x",
        "mail eq ''x'",
        "mail eq 'x' or",
        "mail eq 'x' mail eq 'y'",
        "mail eq 'x'or mail eq 'y'",
        "mail eq'x'",
        "mail EQ 'x'",
        "mail gt 'x'",
        "(mail eq 'x'",
        "mail eq 'x')",
        "mail eq \u2018x\u2019",
        "mail == 'x'",
        "not",
        "startsWith(mail)",
        "startsWith(mail,null)",
        "endsWith(mail,'x')",
        "otherMails/any(o:p eq 'x')",
        "otherMails/any(o eq 'x')",
        "otherMails/any()",
        "a/b/any(o:o eq 'x')",
        "count eq " + "9" * 5000,
        "(" * 5000 + "mail eq 'x'" + ")" * 5000,
        "not " * 5000 + "mail eq 'x'",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterInvalid):
        parse(text)


@given(st.text())
def test_no_text_breaks_out_of_its_quotes(text: str) -> None:
    condition = parse(f"mail eq {quoted(text)} and otherMails/any(o:o eq {quoted(text)})")
    assert condition.matches({"mail": text, "otherMails": ["", text]})
    assert not condition.matches({"mail": text + "x", "otherMails": [text]})


@given(st.text())
def test_any_text_at_all_is_parsed_or_refused(text: str) -> None:
    try:
        condition = parse(text)
    except FilterInvalid:
        return
    assert condition.matches(USER) in {True, False}


TEXTS = st.sampled_from(["a@x.example", "B@x.example", "smtp:a@x.example", "c"])
COMPARISONS = st.builds(
    Comparison,
    st.sampled_from([("mail",), ("userPrincipalName",), ("displayName",), ("id",)]),
    st.booleans(),
    TEXTS,
)
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    COMPARISONS,
    st.builds(StartsWith, st.just(("mail",)), TEXTS),
    st.builds(
        AnyOf,
        st.sampled_from(["otherMails", "proxyAddresses"]),
        st.just("o"),
        st.builds(Comparison, st.just(("o",)), st.booleans(), TEXTS),
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Negation, inner),
        st.builds(Junction, st.booleans(), st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=8,
)
USERS = st.lists(
    st.fixed_dictionaries(
        {
            "mail": st.none() | TEXTS,
            "displayName": st.none() | TEXTS,
            "otherMails": st.lists(TEXTS, max_size=2),
            "proxyAddresses": st.lists(TEXTS.map(lambda text: f"SMTP:{text}"), max_size=2),
        }
    ),
    max_size=5,
)


@given(CONDITIONS, USERS)
def test_index_offers_every_user_that_matches(
    condition: Condition, users: list[dict[str, Any]]
) -> None:
    tenant = Tenant(
        {"users": [{"userPrincipalName": f"{n}@x.example", **u} for n, u in enumerate(users)]}
    )
    offered = condition.candidates(tenant.ids_with)
    matching = {user["id"] for user in tenant.users.values() if condition.matches(user)}
    assert offered is None or matching <= offered
