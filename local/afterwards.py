"""The demo's last act: what becomes of the invitations, a month later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from local.fast_forward import FastForward

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.mailbox import Mailbox
    from local.world import World

    Control = Callable[[World, str, str, object], Any]

DAYS, PATIENCE_SECONDS = 31, 60
# How a follow-up can end.
ENDS = frozenset({"redeemed", "stale", "cancelled", "failed"})
COMPLETED = "completed"
# What the first people who were invited do; nobody hears of the others again.
REDEMPTIONS: tuple[tuple[str, str | None], ...] = (
    ("ExternalAzureAD", None),
    ("mail", "own@fabrikam.example"),
    ("MicrosoftAccount", "somebody@outlook.example"),
    # Whose request says what to do then.
    ("mail", "dee@fabrikam.example"),
)
COMPLETIONS = 1


def play(world: World, mailbox: Mailbox, control: Control) -> list[dict[str, Any]]:
    """Let some people redeem and a month pass; return the outcomes of the follow-ups."""
    invited = [made["invitedUser"]["id"] for made in control(world, "GET", "invitations", None)]
    for user_id, (issuer, name) in zip(sorted(invited), REDEMPTIONS, strict=False):
        body = {"userId": user_id, "issuer": issuer, "issuerAssignedId": name}
        control(world, "POST", "redeem", body)
    count = FastForward(world.environment).pass_days(DAYS) + COMPLETIONS
    outcomes: list[dict[str, Any]] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(outcomes) < count and time.monotonic() < deadline:
        taken = [event["data"] for event in mailbox.take()]
        # Events of the directory that come late have outcomes, too.
        outcomes += [outcome for outcome in taken if outcome["status"] in ENDS | {COMPLETED}]
        time.sleep(0.05)
    return outcomes


def as_expected(outcomes: list[dict[str, Any]]) -> bool:
    """Tell whether people are told as redeemed, as completed where asked for, or as stale."""
    statuses = [outcome["status"] for outcome in outcomes]
    redeemed, stale = statuses.count("redeemed"), statuses.count("stale")
    completed = [outcome["completion"] for outcome in outcomes if outcome["status"] == COMPLETED]
    done = all(step["result"] == "done" for steps in completed for step in steps)
    told = (redeemed, len(completed)) == (len(REDEMPTIONS), COMPLETIONS)
    return told and done and stale == len(statuses) - redeemed - COMPLETIONS > 0


def table(outcomes: list[dict[str, Any]]) -> Table:
    """Show what became of the invitations."""
    shown = Table(
        title=f"What became of the invitations, {DAYS} days later",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("Request", "Status", "Identity", "Steps, reasons, warnings"):
        shown.add_column(name, no_wrap=name != "Request", overflow="fold")
    for outcome in sorted(outcomes, key=lambda each: (each["status"], each["requestId"])):
        style = "green" if outcome["status"] in {"redeemed", COMPLETED} else "yellow"
        entries = [*outcome["reasons"], *outcome["warnings"]]
        steps = [f"{step['step']}: {step['result']}" for step in outcome.get("completion", ())]
        shown.add_row(
            outcome["requestId"],
            f"[{style}]{outcome['status']}[/]",
            outcome.get("redemption", {}).get("identityProvider", ""),
            "\n".join([*steps, *(entry["code"] for entry in entries)]),
        )
    return shown
