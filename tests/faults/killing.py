"""Kill a host at every call that a request leads to, let another take over, check the promises."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueServiceClient

from local.world import provision
from tests.directory import GROUP_ID
from tests.events import user_event
from tests.faults.place import Place
from tests.faults.scenarios import SECONDS, Scenario
from tests.faults.wiretap import Point, Wiretap

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

    from local.graph import GraphEmulator
    from tests.faults.nursery import Nursery

LEASE_SECONDS = 2
LAG_MS = 1000
PATIENCE_SECONDS = 90
CHECKS = "REDEMPTION_CHECKS_QUEUE"
ROLES = (
    *("REQUESTS_QUEUE", "RESULTS_QUEUE", "QUOTA_QUEUE", "DEAD_LETTERS_QUEUE"),
    CHECKS,
)
# What is told on the way, and ends nothing.
NO_ENDS = frozenset({"deferred", "reminded"})


@dataclass(frozen=True, slots=True)
class Field:
    """Where runs take place: ``graph`` is the emulator, ``azurite`` a connection string."""

    azurite: str
    graph: GraphEmulator
    nursery: Nursery


class Run:
    """One request from its message to the end, killed at a point or undisturbed.

    Attributes:
        calls: what the request led to.
        reached: whether the host was killed.
        problems: the promises that were broken.
    """

    def __init__(self, field: Field, scenario: Scenario, point: Point | None) -> None:
        self._field, self._scenario, self._point = field, scenario, point
        self._id = uuid.uuid4().hex
        self._user_id = str(uuid.UUID(self._id))
        self._person_id = str(uuid.uuid4())
        self._no_ends = NO_ENDS | ({"redeemed"} if scenario.completes else set())
        self._names = {role: f"{role[:3].lower()}-{self._id}" for role in ROLES}
        self._events: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.reached = False
        self.problems: list[str] = []

    async def play(self) -> None:
        """Play it to its end and look at what came of it."""
        requests = self._names["REQUESTS_QUEUE"]
        roles = {name: role.partition("_")[0].lower() for role, name in self._names.items()}
        roles[f"{requests}-poison"] = "poison"
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            tap = await enter(Wiretap(self._field.azurite, self._field.graph.url, roles))
            storage = await enter(QueueServiceClient.from_connection_string(self._field.azurite))
            settings = {
                **SECONDS,
                **self._scenario.settings,
                **self._names,
                "LEDGER_TABLE": f"t{self._id}",
                **tap.environment,
            }
            direct = {**settings, "CONVERSION_STORAGE": self._field.azurite}
            await asyncio.to_thread(provision, direct)
            await self._prepare(storage, tap)
            await self._host_and_successor(storage, tap, settings)
            await self._until_over(storage, tap)
            self.calls = tap.calls
            if self._point is None:
                self._expect(not tap.answer_to_lose, f"never called: {tap.answer_to_lose}")
            await self._check(storage)

    async def _prepare(self, storage: QueueServiceClient, tap: Wiretap) -> None:
        scenario, user_id = self._scenario, self._user_id
        address = f"{self._id}@partner.example"
        user = {
            "id": user_id,
            "userPrincipalName": f"{self._id}@contoso.example",
            "otherMails": [address],
            **scenario.user,
        }
        # The user is no news to the directory; what is done to it from now on lags.
        self._field.graph.set_lag(0)
        self._field.graph.tenant.add_user(user)
        if scenario.event:
            self._field.graph.tenant.memberships.add(GROUP_ID, user_id)
        if scenario.completes:
            name = f"{self._person_id}@contoso.example"
            person = {"id": self._person_id, "userPrincipalName": name}
            self._field.graph.tenant.add_user(person)
        self._field.graph.set_lag(LAG_MS)
        asked = (
            user_event(self._id, user=user_id)
            if scenario.event
            else {
                "requestId": self._id,
                "invitedUser": {"id": user_id},
                "invitedUserEmailAddress": address,
                **scenario.request,
            }
        )
        if asked.get("invitedUser") == "userPrincipalName":
            asked["invitedUser"] = {"userPrincipalName": user["userPrincipalName"]}
        if scenario.results_late:
            await storage.delete_queue(self._names["RESULTS_QUEUE"])
        if scenario.loses:
            tap.lose_answer(scenario.loses)
        name = self._names["REQUESTS_QUEUE"] + ("-poison" if scenario.poisoned else "")
        self.text = scenario.text or json.dumps(asked)
        if scenario.follows is None:
            await storage.get_queue_client(name).send_message(self.text)
        else:
            tap.counts_all = scenario.lost
            place = Place(self._field.azurite, f"t{self._id}", self._names[CHECKS])
            await place.leave(scenario, self._id, self._user_id, self._person_id)

    async def _host_and_successor(
        self, storage: QueueServiceClient, tap: Wiretap, settings: dict[str, str]
    ) -> None:
        nursery = self._field.nursery
        first = await nursery.start(settings, LEASE_SECONDS)
        self._hosts = [first]
        if self._point is None:
            return
        tap.plan(self._point, lambda: nursery.kill(first))
        # Chance is part of what a request meets: this time it may have taken fewer calls.
        while not tap.killed.is_set() and not await self._is_over(storage):
            await self._mend(storage, tap)
            await asyncio.sleep(0.1)
        self.reached = tap.killed.is_set()
        nursery.kill(first)
        self._hosts = [await nursery.start(settings, LEASE_SECONDS)]

    async def _until_over(self, storage: QueueServiceClient, tap: Wiretap) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self._is_over(storage):
                    await self._mend(storage, tap)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            self.problems.append(f"not over after {PATIENCE_SECONDS} s: {tap.calls}")
        for pid in self._hosts:
            self._field.nursery.kill(pid)

    async def _mend(self, storage: QueueServiceClient, tap: Wiretap) -> None:
        if self._scenario.results_late and "queue: put results" in tap.refused:
            tap.refused.clear()
            # A refusal that was under way when it was made asks for it once more.
            with suppress(ResourceExistsError):
                await storage.create_queue(self._names["RESULTS_QUEUE"])
        user = self._field.graph.tenant.users[self._user_id]
        ready = any(call.startswith("graph") for call in tap.calls)
        if self._scenario.reminds:
            await self._take_outcomes(storage)
            ready = bool(self._events)
        if self._scenario.redeems and ready and user["externalUserState"] != "Accepted":
            self._field.graph.tenant.redeem(self._user_id)

    async def _is_over(self, storage: QueueServiceClient) -> bool:
        requests = self._names["REQUESTS_QUEUE"]
        names = [requests, f"{requests}-poison"]
        if self._scenario.follows is not None:
            names.append(self._names[CHECKS])
        for name in names:
            if await _count(storage.get_queue_client(name)):
                return False
        await self._take_outcomes(storage)
        return any(event["data"]["status"] not in self._no_ends for event in self._events)

    async def _take_outcomes(self, storage: QueueServiceClient) -> None:
        queue = storage.get_queue_client(self._names["RESULTS_QUEUE"])
        try:
            async for message in queue.receive_messages(
                messages_per_page=32, visibility_timeout=600
            ):
                self._events.append(json.loads(message.content))
                await queue.delete_message(message)
        except ResourceNotFoundError:
            return

    async def _check(self, storage: QueueServiceClient) -> None:
        """Hold what came of it against the promises."""
        scenario = self._scenario
        ended = [event for event in self._events if event["data"]["status"] not in self._no_ends]
        statuses = {event["data"]["status"] for event in ended}
        self._expect(statuses == {scenario.status}, f"outcomes {statuses}")
        users = [made["invitedUser"]["id"] for made in self._field.graph.invitations]
        made = users.count(self._user_id)
        # A silent one whose URL died with the host is made anew, once for each time that it did.
        # So is one whose mail had to wait: nobody is mailed by it.
        again = 5 if scenario.mails is not None else int(scenario.silent)
        least, most = min(1, scenario.invitations), scenario.invitations + again
        if scenario.at_most:
            least = 0
        self._expect(least <= made <= most, f"{made} invitations")
        ids = {event["id"] for event in ended}
        self._expect(len(ids) == 1 or (made > 1 and scenario.silent), f"{len(ids)} ids")
        self._check_mails()
        reminders = {e["id"] for e in self._events if e["data"]["status"] == "reminded"}
        self._expect(len(reminders) == scenario.reminds, f"{len(reminders)} reminders")
        if scenario.completes:
            self._check_completion([event["data"] for event in ended])
        if scenario.silent:
            url = self._field.graph.tenant.redeem_urls[self._user_id]
            told = [event["data"]["invitation"].get("inviteRedeemUrl") for event in ended]
            self._expect(url in told, "the URL that works was never told")
            last = [each for each in told if each][-1]
            self._expect(last == url, "the last URL that was told does not work")
        kept = [
            message.content
            for message in await storage.get_queue_client(
                self._names["DEAD_LETTERS_QUEUE"]
            ).peek_messages(32)
        ]
        wanted = {self.text} if scenario.poisoned else set()
        self._expect(set(kept) == wanted, f"{len(kept)} dead letters")

    def _check_completion(self, told: list[dict[str, Any]]) -> None:
        """Hold that every step was done, and is told the same each time."""
        redeemed = {e["id"] for e in self._events if e["data"]["status"] == "redeemed"}
        self._expect(len(redeemed) == 1, f"{len(redeemed)} times redeemed")
        contents = {json.dumps(data, sort_keys=True) for data in told}
        self._expect(len(contents) == 1, f"{len(contents)} different ends")
        wanted = [(step, "done") for step in self._scenario.completes]
        found = [(each["step"], each["result"]) for each in told[0]["completion"]] if told else []
        self._expect(found == wanted, f"steps {found}")
        tenant = self._field.graph.tenant
        relations, user_id = tenant.relations, self._user_id
        done = (
            user_id in relations.revocations,
            relations.passwords[user_id] > 0,
            tenant.users[user_id]["userType"] == "Guest",
            relations.sponsors[user_id] == [self._person_id],
            relations.managers.get(user_id) == self._person_id,
        )
        self._expect(all(done), f"effects {done}")

    def _check_mails(self) -> None:
        """Nobody is mailed twice, and who was not mailed is told of."""
        wanted, graph = self._scenario.mails, self._field.graph
        if wanted is None:
            return
        mails = [mail for mail in graph.mails if mail["to"] == f"{self._id}@partner.example"]
        warned = {
            warning["code"] for event in self._events for warning in event["data"]["warnings"]
        } & {"mailInDoubt", "mailNotSent"}
        self._expect(len(mails) <= wanted, f"{len(mails)} mails")
        self._expect(len(mails) == wanted or bool(warned), "not mailed, and nobody was told")
        self._expect(
            not (warned and self._scenario.mail_is_told), f"{warned}, and the sent items tell"
        )
        links = [
            made["inviteRedeemUrl"]
            for made in graph.invitations
            if made["invitedUser"]["id"] == self._user_id
        ]
        works = not mails or mails[-1]["redeemUrl"] == links[-1]
        self._expect(works, "the link that was mailed does not work")

    def _expect(self, holds: bool, problem: str) -> None:  # noqa: FBT001 - what it is about
        if not holds:
            self.problems.append(problem)


async def _count(queue: QueueClient) -> int:
    return (await queue.get_queue_properties()).approximate_message_count or 0
