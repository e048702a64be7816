"""What must not be in the project's files: a machine's addresses, a machine's paths, a registry's lock."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, text_of, tree_with

NEVER_KEPT = {"uv.lock"}  # it writes the registry's address on every other line; requirements.lock does not
# Taken apart so that this file does not hold what it forbids.
_HOMES = "|".join(
    (
        "home/[a-z][a-z0-9_-]*/",
        "ro" + "ot/",
        "Us" + "ers/[A-Za-z]",
        "(?:var/)?" + "tmp/[a-z]",
        "work/",
        "workspace/",
    )
)
_PATH = re.compile(rf"(?<![\w.~$}}/-])/(?:{_HOMES})")
_PUBLIC = ("pypi" + ".org", "files.pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org")
_SETTINGS = re.compile(
    r"^\s*(?:[\w.-]+\.)?(?:extra-index-url|index-url|find-links|trusted-host|(?:@[\w-]+:)?registry)\s*[=:](.*)$",
    re.MULTILINE,
)
_HOST = re.compile(r"(?:https?://(?:[^/@\s]*@)?)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?", re.IGNORECASE)


def _configuration() -> Iterator[str]:
    """What this machine says about registries, to pip and to npm."""
    home = Path.home()
    read = [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf"), home / ".config/pip/pip.conf"]
    read += [home / ".pip/pip.conf", home / ".npmrc", Path("/etc/npmrc"), Path("/usr/etc/npmrc")]
    for path in read:
        try:
            yield path.read_text(encoding="utf-8")
        except OSError:  # not there, or not for us to read
            continue
    for name, value in os.environ.items():
        if name.lower().startswith(("pip_", "npm_config_", "uv_")):
            yield f"{name.lower().split('_', 1)[1].removeprefix('config_').replace('_', '-')}={value}"


def hosts_in(configuration: str) -> set[str]:
    """Names of registry machines in pip's or npm's settings; this machine itself is none."""
    found = set()
    for value in _SETTINGS.findall(configuration):
        for word in value.split():
            if not word.startswith(("/", "file:")) and (host := _HOST.match(word.strip("'\""))):
                found.add(host[1].lower())
    return {host for host in found if not host.startswith(("127.", "localhost"))} - set(_PUBLIC)


def forbidden(root: Path, hosts: set[str]) -> list[str]:
    """Lines that would tie the project to one machine or one registry."""
    found = []
    for name in files(root):
        text = text_of(root / name)
        if Path(name).name in NEVER_KEPT:
            found.append(f"{name}: is never kept")
        if text is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            why = _why(name, line, hosts)
            if why:
                found.append(f"{name}:{number}: {why}")
    return found


def _why(name: str, line: str, hosts: set[str]) -> str:
    if "://" in line and name.startswith("requirements") and name.endswith(".lock"):
        return "an address in a lock"
    if name.endswith("package-lock.json") and ('"resolved"' in line or any(host in line for host in _PUBLIC)):
        return "a registry's address in a lock"
    if any(host in line for host in hosts):
        return "the address of a registry"
    return "a path of somebody's machine" if _PATH.search(line) else ""


def test_nothing_forbidden_is_kept() -> None:
    hosts = set().union(*(hosts_in(text) for text in _configuration()))
    assert forbidden(ROOT, hosts) == []


def test_hosts_are_read_from_settings() -> None:
    told = """
[global]
index-url = https://user:secret@pypi.mirror.example/simple
extra-index-url = file:///opt/x https://more.example:8443/simple
find-links = /opt/wheels
cert = /etc/ssl/other.example.crt
registry=https://npm.mirror.example/
@scope:registry=http://127.0.0.1:4873/
"""
    assert hosts_in(told) == {"pypi.mirror.example", "more.example", "npm.mirror.example"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", "version = 1\n"),
        ("docs/install.md", "use https://pypi.mirror.example/simple\n"),
        ("requirements.lock", f"--index-url https://{_PUBLIC[0]}/simple\n"),
        ("requirements-uv.lock", "uv @ https://somewhere.example/uv.whl\n"),
        ("package-lock.json", '  "resolved": "x",\n'),
        ("tests/test_a.py", 'open("/' + "home/" + 'anna/x")\n'),
        ("README.md", "cd /" + "work/main\n"),
        ("docs/a.md", "kept in /" + "tmp/xuncun\n"),
    ],
)
def test_each_is_told(tmp_path: Path, name: str, text: str) -> None:
    found = forbidden(tree_with(tmp_path, {name: text}), {"pypi.mirror.example"})
    assert len(found) == 1
    assert found[0].startswith(name)


def test_what_is_fine_is_left_alone(tmp_path: Path) -> None:
    fine = {
        "requirements.lock": "uv==1.0 \\\n    --hash=sha256:00\n",
        "package-lock.json": '"funding": "https://opencollective.example"\n',
        "dev": "ls /usr/lib/postgresql /etc/pip.conf .work/x\n",
        "README.md": "see https://example.org/" + "home/anna/ and ~/work/x\n",
    }
    assert forbidden(tree_with(tmp_path, fine), {"pypi.mirror.example"}) == []
