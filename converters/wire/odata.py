"""What Graph's own SDKs write into a body beside its properties: OData's annotations. Pure.

Names and types are those of Graph's metadata (``$metadata`` of v1.0); a test holds them equal.
"""

from __future__ import annotations

import re
from typing import Any

from converters.model.errors import Fault
from converters.wire.telling import found

TYPE = "@odata.type"
# Output bindings of Azure Functions stamp what they write, to tie one run's log to the next.
STAMP = "$AzureWebJobsParentId"
INVITATION, USER, MESSAGE_INFO = "invitation", "user", "invitedUserMessageInfo"
RECIPIENT, EMAIL_ADDRESS = "recipient", "emailAddress"
TEXT = "Edm.String"
TYPES: dict[str, dict[str, str]] = {
    INVITATION: {
        "invitedUser": "graph.user",
        "invitedUserEmailAddress": TEXT,
        "sendInvitationMessage": "Edm.Boolean",
        "invitedUserMessageInfo": "graph.invitedUserMessageInfo",
        "inviteRedirectUrl": TEXT,
    },
    USER: {"id": TEXT, "userPrincipalName": TEXT},
    MESSAGE_INFO: {
        "messageLanguage": TEXT,
        "ccRecipients": "Collection(graph.recipient)",
        "customizedMessageBody": TEXT,
    },
    RECIPIENT: {"emailAddress": "graph.emailAddress"},
    EMAIL_ADDRESS: {"name": TEXT, "address": TEXT},
}
_COMPLEX = re.compile(r"(?:Collection\()?graph\.(\w+)\)?")


def without(value: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return a request without the annotations that are taken, and a fault for each false type."""
    faults: list[Fault] = []
    kept = _without(value, INVITATION, "", faults)
    kept.pop(STAMP, None)
    return kept, faults


def _without(value: dict[str, Any], type_: str, where: str, faults: list[Fault]) -> dict[str, Any]:
    kept = {}
    for name, item in value.items():
        if declared := _declared(name, type_):
            if not _states(item, declared):
                wanted = written(declared)
                problem = f'is {found(item)}, where "{wanted}" is wanted'
                faults.append(Fault("invalidValue", where + name, problem))
            continue
        kept[name] = item
        if complex_ := _COMPLEX.fullmatch(TYPES[type_].get(name, "")):
            inner = complex_[1]
            if isinstance(item, dict):
                kept[name] = _without(item, inner, f"{where}{name}.", faults)
            elif isinstance(item, list):
                kept[name] = [
                    _without(one, inner, f"{where}{name}.{number}.", faults)
                    if isinstance(one, dict)
                    else one
                    for number, one in enumerate(item)
                ]
    return kept


def _declared(name: str, type_: str) -> str | None:
    """Return the true type that an annotation is to state, ``None`` for what is none."""
    if not name.endswith(TYPE):
        return None
    annotated = name.removesuffix(TYPE)
    return TYPES[type_].get(annotated) if annotated else f"graph.{type_}"


def _states(value: object, declared: str) -> bool:
    if value is None:
        return True
    return isinstance(value, str) and bool(re.fullmatch(pattern(declared), value))


def written(declared: str) -> str:
    """Return a type as OData writes it in an annotation."""
    return "#" + declared.replace("graph.", "microsoft.graph.").replace("Edm.", "")


def pattern(declared: str) -> str:
    """Return the pattern of a type's name, in any case, with and without the leading ``#``."""
    own = re.escape(written(declared)[1:])
    if declared.startswith("Edm."):
        own = rf"(Edm\.)?{own}"
    return "#?" + re.sub(
        r"[A-Za-z]", lambda letter: f"[{letter[0].upper()}{letter[0].lower()}]", own
    )


def schema(type_: str) -> dict[str, Any]:
    """Return what the schema of an object of this type takes beside its properties."""
    names: dict[str, list[str]] = {f"graph.{type_}": [""]}
    for name, declared in TYPES[type_].items():
        names.setdefault(declared, []).append(name)
    taken: dict[str, Any] = {
        f"^({'|'.join(annotated)}){re.escape(TYPE)}$": {
            "type": ["string", "null"],
            "pattern": f"^{pattern(declared)}$",
            "description": f"States the true type, {written(declared)}; has no effect.",
        }
        for declared, annotated in names.items()
    }
    if type_ == INVITATION:
        description = "Added by output bindings of Azure Functions; has no effect."
        taken[f"^{re.escape(STAMP)}$"] = {"description": description}
    return {"patternProperties": taken}
