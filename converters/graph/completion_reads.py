"""What is asked of the directory for a completion, at the request and after the redemption.

Sources: "List users", "List sponsors", "List manager".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.graph import power_reads, user_reads
from converters.graph.read import Absence, Incomplete, Read
from converters.graph.standing_reads import standing
from converters.graph.user_reads import literal, quoted
from converters.model.completion import Step
from converters.model.facts import CompletionFacts, Person
from converters.settings.reader import GUID

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.read import Item
    from converters.model.completion import Completion
    from converters.model.facts import Unread
    from converters.model.trace import Trace

_PROPERTIES = ("id", "accountEnabled", "userType", "externalUserState")
_PEOPLE = (Step.SPONSOR, Step.MANAGER)


def person(step: Step, name: str) -> Read[Person | None]:
    """Ask for the user of an object id or UPN who is to be the sponsor or the manager."""
    key = "id" if GUID.fullmatch(name) else "userPrincipalName"
    properties = ",".join(dict.fromkeys((key, *_PROPERTIES)))
    condition = quoted(f"{key} eq {literal(name)}")
    return Read(
        name=step,
        what=f"the user named as {step}",
        path=f"/users?$select={properties}&$filter={condition}",
        permission="User.Read.All",
        parse=lambda body: _person(body, key, name),
    )


def sponsors(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the sponsors of a user: users and groups."""
    return Read(
        name="sponsors",
        what="the user's sponsors",
        path=f"/users/{quoted(user_id)}/sponsors?$select=id",
        permission="User.Read.All",
        parse=lambda body: tuple(each.text("id") for each in body.items("value")),
    )


def manager(user_id: str) -> Read[str | None]:
    """Ask for the manager of a user; that there is none is a fact too."""
    return Read(
        name="currentManager",
        what="the user's manager",
        path=f"/users/{quoted(user_id)}/manager?$select=id",
        permission="User.Read.All",
        parse=lambda item: item.text("id"),
        absence=Absence("no manager", None),
    )


async def read_people(
    graph: Graph, completion: Completion, allowed: frozenset[Step], trace: Trace
) -> dict[Step, Person | Unread | None]:
    """Read the people whom a completion names, in the steps that are allowed.

    Raises:
        GraphUnavailable: Graph did not answer for now.
    """
    reads = [read for read in _people(completion) if read.name in allowed]
    if not reads:
        return {}
    answers = await graph.read(reads, trace)
    return {Step(read.name): answers.fact(read) for read in reads}


async def read_for_completion(
    graph: Graph, user_id: str, completion: Completion, trace: Trace
) -> CompletionFacts:
    """Read everything that decides a completion's steps, in one ``$batch``.

    Raises:
        GraphUnavailable: Graph did not answer for now.
    """
    stands, user, power = standing(user_id), user_reads.user(user_id), power_reads.power(user_id)
    people: dict[str, Read[Any]] = {read.name: read for read in _people(completion)}
    if Step.SPONSOR in completion.steps:
        people["sponsors"] = sponsors(user_id)
    if Step.MANAGER in completion.steps:
        people["current_manager"] = manager(user_id)
    answers = await graph.read([stands, user, *power.values(), *people.values()], trace)
    return CompletionFacts(
        answers.fact(stands),
        answers.fact(user),
        power_reads.privileges(power, answers),
        **{str(name): answers.fact(read) for name, read in people.items()},
    )


def _people(completion: Completion) -> list[Read[Person | None]]:
    named = [(step, completion.person(step)) for step in _PEOPLE if step in completion.steps]
    return [person(step, name) for step, name in named if name]


def _person(body: Item, key: str, asked: str) -> Person | None:
    found = body.items("value")
    if any(item.text(key).lower() != asked.lower() for item in found):
        raise Incomplete
    people = [
        Person(
            id=item.text("id"),
            account_enabled=item.flag_or_none("accountEnabled") is True,
            user_type=item.text_or_none("userType"),
            external_user_state=item.text_or_none("externalUserState"),
        )
        for item in found
    ]
    return people[0] if len(people) == 1 else None
