"""The demo: a tenant's worth of requests, through the real function, to a table of outcomes."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local import afterwards, readiness
from local.mailbox import Mailbox
from local.world import LOGS, ROOT, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

SAMPLE = ROOT / "local" / "sample" / "requests.json"
PATIENCE_SECONDS = 60
STYLES = {"invited": "green", "eligible": "green", "failed": "red", "rejected": "red"}


@dataclass(slots=True)
class Exchange:
    """One request of the sample, or one hire; what is expected, and what came back."""

    title: str
    act: int
    text: str
    expected: dict[str, Any]
    hire: dict[str, Any] | None = None
    outcome: dict[str, Any] | None = None

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Exchange:
        """Read an entry of the sample."""
        if hire := entry.get("hire"):
            return cls(entry["title"], entry["act"], "", entry["expect"], hire)
        message = entry["message"]
        text = message if isinstance(message, str) else json.dumps(message)
        if entry.get("encoding") == "base64":
            text = base64.b64encode(text.encode()).decode()
        return cls(entry["title"], entry["act"], text, entry["expect"])

    def as_expected(self) -> bool:
        """Tell whether the outcome is what the sample says."""
        return self.outcome is not None and all(
            found == wanted
            for found, wanted in (
                (self.outcome["status"], self.expected["status"]),
                (sorted(codes(self.outcome, "reasons")), sorted(self.expected["reasons"])),
                (
                    codes(self.outcome, "warnings"),
                    self.expected.get("warnings", codes(self.outcome, "warnings")),
                ),
            )
        )


def codes(outcome: dict[str, Any], kind: str) -> list[str]:
    """Return the codes of an outcome's reasons or warnings."""
    return [entry["code"] for entry in outcome[kind]]


def run(console: Console) -> int:
    """Run the demo; return the exit code: 0 only if every outcome is the expected one."""
    sample = json.loads(SAMPLE.read_text())
    exchanges = [Exchange.of(entry) for entry in sample["requests"]]
    console.print("[bold]Starting[/] Azurite, the Graph emulator and the queue host")
    with World(sample["settings"]) as world:
        mailbox = Mailbox.of(world.environment)
        _until_subscribed(world)
        with _progress(console) as progress:
            task = progress.add_task("Converting", total=len(exchanges))
            _play(exchanges, mailbox, world, lambda: progress.advance(task))
        mails = _control(world, "GET", "mails")
        later = afterwards.play(world, mailbox, _control)
        report = readiness.write(world.environment)
    console.print(_remedies(exchanges), _outcomes(exchanges), _mails(mails))
    console.print(afterwards.table(later))
    wrong = [exchange for exchange in exchanges if not exchange.as_expected()]
    for exchange in wrong:
        expected = json.dumps(exchange.expected)
        console.print(f"[red]Not as expected:[/] {exchange.title}: expected {expected}")
        console.print_json(data=exchange.outcome)
    right = len(exchanges) - len(wrong)
    console.print(
        f"{right} of {len(exchanges)} outcomes are as expected; {len(mails)} mails were sent."
        f" The logs are in {LOGS.relative_to(ROOT)}/."
    )
    console.print(f"Who else can be converted: open {report.relative_to(ROOT)} in a browser.")
    console.print(
        "Next: `make start` leaves this world running, with the lines to try it yourself."
    )
    return 0 if afterwards.as_expected(later) and not wrong else 1


def _play(
    exchanges: list[Exchange], mailbox: Mailbox, world: World, advance: Callable[[], object]
) -> None:
    for act in sorted({exchange.act for exchange in exchanges}):
        if act == 3:  # noqa: PLR2004 - the act in which the tenant's administrator changes his mind
            _control(world, "POST", "settings", {"allowInvitesFrom": "none"})
        waiting = {}
        for exchange in (exchange for exchange in exchanges if exchange.act == act):
            if exchange.hire:
                _control(world, "POST", "hire", exchange.hire)
                _deliver_events(exchange.hire["user"]["id"], mailbox, world)
                waiting[exchange.hire["user"]["id"]] = exchange
                continue
            message_id = mailbox.put(exchange.text)
            waiting[_request_id(exchange.text) or message_id] = exchange
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting and time.monotonic() < deadline:
            for event in mailbox.take():
                if answered := _answered(event["data"], waiting):
                    answered.outcome = event["data"]
                    advance()
            time.sleep(0.05)


def _answered(outcome: dict[str, Any], waiting: dict[str, Exchange]) -> Exchange | None:
    """Return what an outcome answers; ``None`` where it is of an event that came once more."""
    if exchange := waiting.pop(outcome["requestId"], None):
        return exchange
    known = outcome["user"] and outcome["status"] == "invited"
    return waiting.pop(outcome["user"]["id"], None) if known else None


def _until_subscribed(world: World) -> None:
    """Wait until the function has subscribed to the directory's events."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _control(world, "GET", "subscriptions") and time.monotonic() < deadline:
        time.sleep(0.05)


def _deliver_events(user_id: str, mailbox: Mailbox, world: World) -> None:
    """Deliver the events about a user as Event Grid does: base64, and each of them twice."""
    for event in _control(world, "GET", "events") * 2:
        if event["data"].get("resource") == f"Users/{user_id}":
            mailbox.put(base64.b64encode(json.dumps(event).encode()).decode())


def _request_id(text: str) -> str | None:
    try:
        message = json.loads(base64.b64decode(text) if text[0] != "{" else text)
    except ValueError:
        return None
    found = message.get("requestId") or message.get("id")
    return str(found) if found else None


def _control(world: World, method: str, what: str, body: object = None) -> Any:  # noqa: ANN401
    request = urllib.request.Request(
        f"{world.graph_url}/_emulator/{what}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text else None


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _outcomes(exchanges: list[Exchange]) -> Table:
    table = Table(title="Outcomes", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Request", ratio=1, overflow="fold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Reasons", no_wrap=True)
    for exchange in exchanges:
        outcome = exchange.outcome or {"status": "(none)", "reasons": []}
        style = STYLES.get(outcome["status"], "yellow")
        mark = "" if exchange.as_expected() else " [red]✗[/]"
        table.add_row(
            exchange.title,
            f"[{style}]{outcome['status']}[/]{mark}",
            "\n".join(codes(outcome, "reasons")),
        )
    return table


def _mails(mails: list[dict[str, Any]]) -> Table:
    """Show what the service has mailed itself (``make mail`` shows how the mails look)."""
    senders = ", ".join(sorted({mail.get("from", "Microsoft") for mail in mails}))
    table = Table(title=f"Mail from {senders}", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("To", "Copies", "Language", "Subject"):
        table.add_column(name, overflow="fold")
    for mail in mails:
        copies = [each["emailAddress"]["address"] for each in mail["ccRecipients"]]
        subject, language = mail.get("subject", ""), mail["messageLanguage"]
        table.add_row(mail["to"], "\n".join(copies), language, subject)
    return table


def _remedies(exchanges: list[Exchange]) -> Table:
    table = Table(title="What to do about each reason", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Reason, and who can act", ratio=2, overflow="fold")
    table.add_column("What is so, and the remedy", ratio=3)
    seen = {
        reason["code"]: reason
        for exchange in exchanges
        for reason in (exchange.outcome or {"reasons": []})["reasons"]
    }
    for code, reason in seen.items():
        text = f"{reason['message']}\n[bold]{reason['remediation']}[/]\n"
        table.add_row(f"{code}\n[dim]{reason['owner']}[/]", text)
    return table
