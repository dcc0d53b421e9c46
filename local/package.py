"""The package to deploy: exactly what runs, the same bytes for the same files."""

from __future__ import annotations

import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("host.json", "requirements.txt", "function_app.py")
# Code, and own mail's templates and texts; "mail" is what an operator puts in their place.
SUFFIXES = {"converters": (".py", ".html", ".txt", ".mo"), "mail": (".html", ".txt", ".mo")}
PACKAGE = ROOT / "dist" / "package.zip"
# The oldest that a zip file knows: when a file was checked out says nothing.
_MADE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16


def write(path: Path = PACKAGE) -> Path:
    """Write the package; return where."""
    sources = sorted(
        path
        for folder, suffixes in SUFFIXES.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for source in [*(ROOT / name for name in FILES), *sources]:
            entry = zipfile.ZipInfo(source.relative_to(ROOT).as_posix(), _MADE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _PLAIN_FILE
            package.writestr(entry, source.read_bytes())
    return path
