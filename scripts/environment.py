"""Makes .venv what the lock files say: `environment.py runtime`, `dev`, or `bootstrap` for the installer alone.

Does nothing when the environment is already right, and starts from nothing when it cannot be trusted: its Python is
gone, it was made for another folder, or an earlier run did not finish making it. Written so that an interpreter far
older than the project's own can still read it and say that it is too old.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import typing

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "forecourt.json")
OLDEST = (3, 11)
# `dev` holds everything that `runtime` holds, in the same versions.
LOCKS = {"bootstrap": [], "runtime": ["runtime"], "dev": ["dev", "runtime"]}


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        refuse("usage: environment.py bootstrap|runtime|dev")
    if sys.version_info < OLDEST:
        refuse(
            "Forecourt needs Python %d.%d or newer, and %s is %d.%d.\nName a newer one: make PYTHON=python3.12 ..."
            % (*OLDEST, sys.executable, *sys.version_info[:2])
        )
    with Turn():
        prepare(sys.argv[1])


def prepare(kind: str) -> None:
    stamp = read_stamp()
    made_from = {"root": ROOT, "python": sys.version, "bootstrap": digest("requirements/bootstrap.txt")}
    if stamp.get("made from") != made_from or not runs(PYTHON):
        make_venv()
        stamp = {"made from": made_from}
        write_stamp(stamp)
    if not LOCKS[kind]:
        return
    wanted = {lock: digest("requirements/%s.txt" % lock) for lock in LOCKS[kind]}
    wanted["project"] = digest("pyproject.toml")
    if all(stamp.get(name) == value for name, value in wanted.items()):
        return
    refuse_foreign_venv()
    say("Installing what requirements/%s.txt lists into .venv ..." % kind)
    # Should this run be interrupted, the next one starts from nothing.
    write_stamp({})
    uv("sync", "--require-hashes", "requirements/bootstrap.txt", "requirements/%s.txt" % kind)
    uv("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    write_stamp({"made from": made_from, **wanted})


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415 - absent from Debian's python3 until python3-venv is installed
        import venv  # noqa: F401, PLC0415 - the same
    except ImportError:
        refuse(
            "%s cannot make virtual environments. On Debian and Ubuntu this installs what is missing:\n"
            "  apt-get install python%d.%d-venv" % (sys.executable, *sys.version_info[:2])
        )
    refuse_foreign_venv()
    say("Making .venv with Python %d.%d ..." % sys.version_info[:2])
    if os.path.lexists(VENV):
        remove_venv()
    # Not sys.executable: with .venv activated that is the interpreter that was just removed.
    run([getattr(sys, "_base_executable", sys.executable), "-m", "venv", VENV])
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([*pip, "--only-binary=:all:", "--require-hashes", "--requirement", "requirements/bootstrap.txt"])


def refuse_foreign_venv() -> None:
    if os.path.isdir(VENV) and not os.access(VENV, os.W_OK):
        refuse("%s belongs to somebody else. Remove it, or work in a copy of this folder that is your own." % VENV)


def remove_venv() -> None:
    if os.path.islink(VENV) or os.path.isfile(VENV):
        os.unlink(VENV)
    else:
        shutil.rmtree(VENV)


def uv(*arguments: str) -> None:
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
    # Whoever has told pip where packages come from need not say it a second time.
    if "PIP_INDEX_URL" in os.environ:
        environment.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    run([os.path.join(VENV, "bin", "uv"), "pip", *arguments, "--quiet", "--python", PYTHON], environment)


def run(command: "list[str]", environment: "dict[str, str] | None" = None) -> None:
    finished = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if finished.returncode != 0:
        refuse("This command failed, and its own words stand above:\n  %s" % " ".join(command))


def runs(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def digest(path: str) -> str:
    try:
        with open(os.path.join(ROOT, path), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        refuse("%s is missing from %s. `make lock` makes lock files; git restores the rest." % (path, ROOT))


def read_stamp() -> "dict[str, object]":
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp: "dict[str, object]" = json.load(file)
            return stamp
    except (OSError, ValueError):
        return {}


def write_stamp(stamp: "dict[str, object]") -> None:
    draft = STAMP + ".draft"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(stamp, file, indent=1)
    os.replace(draft, STAMP)


class Turn:
    """Two runs in one folder take turns; the operating system gives the turn back if a run dies."""

    def __enter__(self) -> None:
        self.folder = os.open(ROOT, os.O_RDONLY)
        fcntl.flock(self.folder, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self.folder)


def say(sentence: str) -> None:
    print(sentence, flush=True)


def refuse(sentence: str) -> typing.NoReturn:
    sys.exit(sentence)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
