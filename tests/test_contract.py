"""The published contract is the code's, and an independent validator agrees with both."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from converters.model.errors import RequestInvalid
from converters.wire.requests import parse
from local import contract

REQUEST = Draft202012Validator(contract.request_schema(), format_checker=FormatChecker())
OUTCOME = Draft202012Validator(contract.outcome_schema(), format_checker=FormatChecker())
SPECIFICATIONS = (
    Path(contract.__file__).parent / "node" / "node_modules" / "@asyncapi" / "specs" / "schemas"
)
EXAMPLES = sorted((contract.FOLDER / "examples").glob("*.json"))


@pytest.mark.parametrize("name", sorted(contract.documents()))
def test_published_file_is_what_the_code_says(name: str) -> None:
    assert (contract.FOLDER / name).read_text() == contract.documents()[name], (
        "run `python -m local contract`"
    )


@pytest.mark.parametrize("schema", [contract.request_schema(), contract.outcome_schema()])
def test_schemas_are_valid_2020_12(schema: dict[str, Any]) -> None:
    ours = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    assert list(ours.iter_errors(schema)) == []


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = contract.asyncapi()
    resources = [
        (f"./{name}", _resource(json.loads(text))) for name, text in contract.documents().items()
    ]
    registry: Registry[Any] = Registry().with_resources([("", _resource(document)), *resources])
    resolver = registry.resolver()
    references = list(_references(document))
    assert references
    for reference in references:
        resolver.lookup(reference)


def test_asyncapi_document_is_valid_by_the_specifications_own_schema() -> None:
    schema = json.loads((SPECIFICATIONS / "3.0.0.json").read_text())
    assert list(Draft7Validator(schema).iter_errors(contract.asyncapi())) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_valid_by_schema_and_by_code(path: Path) -> None:
    example = json.loads(path.read_text())
    if path.stem.startswith("outcome"):
        OUTCOME.validate(example)
        return
    assert parse(path.read_bytes(), "message-id").request_id
    if path.stem.startswith("request"):
        REQUEST.validate(example)


def test_there_are_examples_of_each_kind() -> None:
    kinds = {path.stem.split("-")[0] for path in EXAMPLES}
    assert kinds == {"request", "event", "outcome"}


GUID = "00000000-0000-4000-8000-000000000001"
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "", "text", 7, [], {}, GUID, "kim@partner.example", "check", "en-US", "x" * 300]
)
TYPES = st.sampled_from(
    [
        "#microsoft.graph.invitation", "Microsoft.Graph.User", "#microsoft.graph.recipient",
        "#Boolean", "edm.STRING", "#Collection(microsoft.graph.recipient)", "#", "", None, 7,
    ]
)  # fmt: skip
USERS = st.fixed_dictionaries(
    {},
    optional={"id": VALUES, "userPrincipalName": VALUES, "x": VALUES, "@odata.type": TYPES},
)
CC = st.fixed_dictionaries(
    {
        "emailAddress": st.fixed_dictionaries({}, optional={"address": VALUES, "name": VALUES})
        | st.none()
    },
    optional={"@odata.type": TYPES},
)
INFO = st.fixed_dictionaries(
    {},
    optional={
        "messageLanguage": VALUES,
        "customizedMessageBody": VALUES,
        "ccRecipients": st.lists(CC, max_size=2) | VALUES,
        "ccRecipients@odata.type": TYPES,
    },
)
COMPLETION = st.fixed_dictionaries(
    {},
    optional={
        "revokeSessions": VALUES,
        "randomisePassword": VALUES,
        "userType": VALUES | st.just("guest"),
        "sponsor": VALUES,
        "manager": VALUES,
        "x": VALUES,
    },
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "invitedUser": USERS | VALUES,
        "invitedUserEmailAddress": VALUES,
        "sendInvitationMessage": VALUES,
        "invitedUserMessageInfo": INFO | VALUES,
        "inviteRedirectUrl": VALUES,
        "requestId": VALUES,
        "requestedBy": VALUES,
        "mode": VALUES,
        "completion": COMPLETION | VALUES,
        "unknown": VALUES,
        "@odata.type": TYPES,
        "sendInvitationMessage@odata.type": TYPES,
        "$AzureWebJobsParentId": VALUES,
    },
)


@given(REQUESTS)
def test_schema_and_code_agree_on_every_request(request: dict[str, Any]) -> None:
    try:
        parse(base64.b64encode(json.dumps(request).encode()), "message-id")
    except RequestInvalid:
        accepted = False
    else:
        accepted = True
    assert REQUEST.is_valid(request) is accepted


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [reference for item in value for reference in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [reference for item in value.values() for reference in _references(item)]


def _resource(document: dict[str, Any]) -> Resource[Any]:
    return Resource.from_contents(document, default_specification=DRAFT202012)


def test_event_that_graph_does_not_send_is_named_nowhere() -> None:
    # What infra/ subscribes to is for its own tests to say.
    name = "user" + "created"
    root = contract.FOLDER.parent.parent
    folders = ("converters", "cli", "local", "tests", "docs", "benchmarks")
    paths = [path for folder in folders for path in (root / folder).rglob("*")]
    paths += [path for path in root.iterdir() if path.name != "CHANGELOG.md"]
    texts = {
        path.relative_to(root): path.read_text()
        for path in paths
        if path.suffix in {".py", ".json", ".md", ".toml", ".txt"}
        and "node_modules" not in path.parts
        and path.is_file()
    }
    assert Path("function_app.py") in texts
    assert Path("local/sample/requests.json") in texts
    naming = [path for path, text in texts.items() if re.search(name, text, re.IGNORECASE)]
    assert naming == []
