"""``python -m cli`` is ``b2b`` without installing it."""

from __future__ import annotations

import sys

from cli.start import main

if __name__ == "__main__":
    sys.exit(main())
