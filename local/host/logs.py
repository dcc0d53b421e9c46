"""What host and worker write on standard error."""

from __future__ import annotations

import logging


def log_to_standard_error(*, verbose: bool) -> None:
    """Write a line for each record, of the SDKs only warnings."""
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    # The SDKs would log every request.
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # The library warns every app without HTTP functions that it has none.
    logging.getLogger().addFilter(
        lambda record: not record.getMessage().startswith("Auth level is not applied")
    )
