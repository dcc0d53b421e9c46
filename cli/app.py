"""The application: every verb of ``b2b``, under its name."""

from __future__ import annotations

import typer

from cli import asking, events, following, letters, looking
from cli.assess import command as assessing
from cli.bulk import command as bulk
from cli.verb import verb

_HELP = """Convert internal Entra users to B2B collaboration, from the terminal.

Data goes to standard output, all else to standard error. Settings come from the environment, a
.env file (--env-file) or `azd env get-values`; you sign in as `az login` says.

Exit codes: 0 all is well, 1 there are findings (ineligible, failed, something to mend), 2 the call
or a setting is wrong, 3 something is unavailable, 130 interrupted.
"""

app = typer.Typer(
    help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)
_letters = typer.Typer(
    help="List, put back or delete requests that every try failed on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_events = typer.Typer(
    help="Look after the subscription by which the directory's events come.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

for _function in (
    asking.check,
    asking.request,
    asking.resend,
    bulk.bulk,
    assessing.assess,
    following.watch,
    following.status,
    following.history,
    looking.doctor,
    looking.smoke,
):
    app.command()(verb(_function))
for _name, _function in {
    "list": letters.list_,
    "replay": letters.replay,
    "drop": letters.drop,
}.items():
    _letters.command(_name)(verb(_function))
app.add_typer(_letters, name="dead-letters")
for _function in (events.status, events.renew):
    _events.command()(verb(_function))
app.add_typer(_events, name="events")
