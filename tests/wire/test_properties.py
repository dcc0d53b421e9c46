"""A request's properties are listed once: nothing that a sender can say is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.completion import Completion, Step
from converters.model.request import ConversionRequest, GraphFailure, MessageInfo, Recipient, Waits
from converters.wire.envelopes import deferred
from converters.wire.properties import content_digest, properties
from converters.wire.requests import RequestBody, parse
from tests.samples import OTHER_ID, request

WHOLE = request(
    message_info=MessageInfo("en-US", (Recipient("boss@contoso.example", "Boss"),), "Welcome"),
    redirect_url="https://myapps.microsoft.com",
    requested_by="RITM1",
)
EVERYTHING = Completion(tuple(Step), "boss@contoso.example", OTHER_ID)
COMPLETED = replace(WHOLE, completion=EVERYTHING)


def leaves(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> set[str]:
    """Return the paths of a schema's properties that hold no object."""
    found: set[str] = set()
    for name, entry in schema["properties"].items():
        for option in entry.get("anyOf", [entry]):
            if reference := option.get("$ref"):
                target = definitions[reference.rpartition("/")[2]]
                if "properties" in target:
                    found |= leaves(target, definitions, f"{path}{name}.")
                    continue
            if option.get("type") != "null":
                found.add(path + name)
    return found


def test_every_property_that_is_taken_is_in_the_list() -> None:
    schema = RequestBody.model_json_schema()
    assert leaves(schema, schema["$defs"]) == set(properties(COMPLETED))


def test_request_that_waits_says_all_that_it_said() -> None:
    assert parse(deferred(WHOLE), None) == WHOLE
    assert parse(deferred(COMPLETED), None) == COMPLETED
    copies = (Recipient("boss@contoso.example", "Boss"), Recipient("lead@partner.example"))
    several = replace(WHOLE, message_info=replace(WHOLE.message_info, cc=copies))
    assert parse(deferred(several), None) == several
    by_name = request(user_id=None, user_principal_name="kim@contoso.example")
    assert parse(deferred(by_name), None) == by_name


@pytest.mark.parametrize(("length", "kept"), [(1000, 1000), (1001, 1000)])
def test_request_that_waits_keeps_of_graphs_words_what_an_outcome_has_room_for(
    length: int, kept: int
) -> None:
    failure = GraphFailure(2, 400, "c" * length, "t" * length, "g-1")
    found = parse(deferred(request(waits=Waits(1, 1, 7, (), failure))), None)
    assert isinstance(found, ConversionRequest)
    assert found.waits.failure == GraphFailure(2, 400, "c" * kept, "t" * kept, "g-1")


def test_digest_is_the_one_that_the_ledger_of_the_last_release_holds() -> None:
    assert (
        content_digest(WHOLE) == "6e7ec3112288fa8ef3a9d9c0ff3ec4ea62c07f46facf1af15eeea17234dc97c8"
    )


def test_no_two_completions_look_alike() -> None:
    asked = [
        Completion(),
        Completion((Step.SPONSOR,), "boss@contoso.example"),
        Completion((Step.MANAGER,), None, "boss@contoso.example"),
        *(Completion((step,)) for step in (Step.USER_TYPE, Step.REVOKE_SESSIONS)),
        Completion((Step.RANDOMISE_PASSWORD,)),
        EVERYTHING,
    ]
    digests = {content_digest(replace(WHOLE, completion=each)) for each in asked}
    assert len(digests) == len(asked)


CHANGES: list[dict[str, Any]] = [
    {"user_id": OTHER_ID},
    {"user_id": None, "user_principal_name": "kim@contoso.example"},
    {"email_address": None},
    {"send_invitation_message": False},
    {"redirect_url": "https://teams.microsoft.com"},
    {"requested_by": None},
    {"from_event": True},
    {"request_id": "R-2"},
    *(
        {"message_info": info}
        for info in (
            MessageInfo(),
            MessageInfo("de", (Recipient("boss@contoso.example", "Boss"),), "Welcome"),
            MessageInfo("en-US", (Recipient("ceo@contoso.example", "Boss"),), "Welcome"),
            MessageInfo("en-US", (Recipient("boss@contoso.example", "Chief"),), "Welcome"),
            MessageInfo("en-US", (Recipient("boss@contoso.example"),), "Welcome"),
            MessageInfo("en-US", (Recipient("boss@contoso.example", "Boss"),), "Hello"),
            MessageInfo("en-US", (Recipient("boss@contoso.example", "Boss"),) * 2, "Welcome"),
        )
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_r5_any_other_content_has_another_digest(change: dict[str, Any]) -> None:
    assert content_digest(replace(WHOLE, **change)) != content_digest(WHOLE)


@given(st.text(max_size=40), st.text(max_size=40))
def test_digest_tells_texts_apart(one: str, other: str) -> None:
    infos = [MessageInfo(text=text) for text in (one, other)]
    digests = {content_digest(request(message_info=info)) for info in infos}
    assert len(digests) == len({one, other})
