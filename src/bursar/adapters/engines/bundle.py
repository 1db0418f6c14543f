"""From Rego files to one built bundle: the only thing the policy engine is ever given.

Built with reduced capabilities, as `opa run` would compile whatever it is sent with every built-in function there is.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bursar.domain.errors import ConfigError, Unavailable

PIN = "1.20.2"
"""The version the rules are proven with, and whose capabilities are packaged."""

CURE = f"Install OPA {PIN}, or name it in bursar.yaml: opa: {{binary: /path/to/opa}}"

OWN = "own"
"""Where rules of the user lie in the bundle; their packages begin with `bursar.rules`."""

_OWN_ROOT = "data.bursar.rules."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A built bundle: its file, the digest it carries as its revision, and the ids of the rules in it by entry point."""

    file: Path
    digest: str
    rules: Mapping[str, frozenset[str]]


def find_binary(named: Path | None, *, project: Path | None, cache: Path) -> Path | None:
    """OPA's binary: the one the configuration names and no other, else the one on PATH, in `.tools/` or in the user's cache."""
    if named:
        return named if named.is_file() else None
    on_path = shutil.which("opa")
    if on_path:
        return Path(on_path)
    near = [project] if project else [Path.cwd()]
    near += [Path(sys.prefix).parent] if sys.prefix != sys.base_prefix else []
    places = [*(folder / ".tools" / "opa" / "opa" for folder in near), cache / "bursar" / "opa" / "opa"]
    return next((place for place in places if place.is_file()), None)


def build(binary: Path, *, library: Path, own: Path | None, into: Path, seconds: float) -> Bundle:
    """Check and build every rule. Raises ConfigError for a rule that does not compile or leaves its place, Unavailable for no answer."""
    stage = into / "stage"
    names = _staged(stage, library=library, own=own)
    capabilities = library / "capabilities.json"
    digest = _digest({**names, "capabilities.json": capabilities})
    file = into / "bundle.tar.gz"
    checked = ["check", "--strict", "--capabilities", str(capabilities), "--schema", str(library / "schemas"), str(stage)]
    run(binary, checked, seconds=seconds)
    run(binary, ["build", "-b", str(stage), "--capabilities", str(capabilities), "-r", digest, "-o", str(file)], seconds=seconds)
    told = cast("dict[str, object]", json.loads(run(binary, ["inspect", "-a", "-f", "json", str(file)], seconds=seconds)))
    _check_places(cast("dict[str, list[str]]", told.get("namespaces") or {}))
    shutil.rmtree(stage)
    return Bundle(file=file, digest=digest, rules=_manifest(told))


def run(binary: Path, words: list[str], *, seconds: float) -> str:
    """What one OPA command prints, in an empty environment. Raises ConfigError with its complaint, Unavailable beyond the deadline."""
    try:
        done = subprocess.run(  # noqa: S603 - the engine the operator chose
            [str(binary), *words], env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"opa {words[0]} did not end within {seconds:g} s", cure=CURE) from error
    except OSError as error:
        raise Unavailable(f"{binary} does not run: {error.strerror}", cure=CURE) from error
    if done.returncode:
        raise ConfigError(f"opa {words[0]}: {(done.stderr or done.stdout).strip()[-2000:]}", cure="Mend the rule, then: bursar policy test")
    return done.stdout


def rego_files(folder: Path) -> Iterator[Path]:
    """Rules below a folder, without their tests, in one order."""
    return (path for path in sorted(folder.rglob("*.rego")) if not path.name.endswith("_test.rego"))


def _staged(stage: Path, *, library: Path, own: Path | None) -> dict[str, Path]:
    """Copy the rules where they are built from; returns them by their name in the bundle."""
    shutil.rmtree(stage, ignore_errors=True)
    names = {str(path.relative_to(library)): path for path in rego_files(library)}
    if own and own.is_dir():
        names |= {f"{OWN}/{path.relative_to(own)}": path for path in rego_files(own)}
    staged: dict[str, Path] = {}
    for name, path in names.items():
        target = stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        staged[name] = target
    return staged


def _digest(files: Mapping[str, Path]) -> str:
    whole = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _check_places(namespaces: Mapping[str, list[str]]) -> None:
    """A rule of the user adds findings; it may not stand in the verdict, the library or the engine's own guard."""
    for namespace, files in namespaces.items():
        own = [file for file in files if f"/{OWN}/" in f"/{file.lstrip('/')}"]
        if own and not namespace.startswith(_OWN_ROOT):
            package = namespace.removeprefix("data.")
            cure = "Begin it with: package bursar.rules.<family>.<rule>"
            raise ConfigError(f"policies/{Path(own[0]).name}: package {package} is not a rule's", cure=cure)


def _manifest(told: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Ids of the rules by entry point, from their METADATA."""
    ids: dict[str, set[str]] = {"gate": set(), "remediation": set()}
    for one in cast("list[dict[str, object]]", told.get("annotations") or []):
        path = [str(part["value"]) for part in cast("list[dict[str, object]]", one["path"])]
        custom = cast("dict[str, object]", cast("dict[str, object]", one["annotations"]).get("custom") or {})
        if path[1:3] == ["bursar", "rules"] and "id" in custom:
            ids["remediation" if path[3] == "remediation" else "gate"].add(str(custom["id"]))
    return {name: frozenset(found) for name, found in ids.items()}
