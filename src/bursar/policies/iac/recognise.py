"""A path → what it would change. Files are known by their content; what is not recognised is never passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, cast

from bursar.policies.iac.kubernetes import read_manifests
from bursar.policies.iac.plan import looks_like_plan, read_plan
from bursar.policies.planned import Planned, Undecidable

MAX_BYTES = 512 << 20
MAX_FILES = 5000
SUFFIXES = frozenset({".json", ".yaml", ".yml"})
_CURE = "Give a plan (terraform show -json plan.tfplan) or Kubernetes manifests."


def read_change(path: Path) -> Planned:
    """The change at a path: one plan, or the manifests of a file or folder. Raises Undecidable for everything else."""
    if not path.exists():
        raise Undecidable(f"there is no {path}", cure=_CURE)
    files = [path] if path.is_file() else _files(path)
    if not files:
        raise Undecidable(f"{path}: no .json, .yaml or .yml file in it", cure=_CURE)
    found = [_read(file, name=str(file.relative_to(path)) if file != path else path.name) for file in files]
    kinds = {one.kind for one in found}
    if len(kinds) > 1 or (kinds == {"plan"} and len(found) > 1):
        raise Undecidable(f"{path}: several plans, or plans beside manifests", cure="Give one plan, or one folder of manifests.")
    resources = tuple(resource for one in found for resource in one.resources)
    return Planned(kind=found[0].kind, resources=resources, notes=tuple(dict.fromkeys(note for one in found for note in one.notes)))


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink())
    if len(found) > MAX_FILES:
        raise Undecidable(f"{folder}: more than {MAX_FILES} files", cure="Give the folder of one change.")
    return found


def _read(file: Path, *, name: str) -> Planned:
    text = _text(file, name=name)
    if not text.strip():
        raise Undecidable(f"{name}: empty", cure=_CURE)
    if file.suffix.lower() != ".json" and not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return read_manifests(text, file=name)
    document = _document(text, name=name)
    if looks_like_plan(document):
        return read_plan(cast("Mapping[str, object]", document), file=name)
    return read_manifests(text, file=name)


def _text(file: Path, *, name: str) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise Undecidable(f"{name}: larger than {MAX_BYTES >> 20} MB", cure=_CURE)
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Undecidable(f"{name}: cannot be read as UTF-8 text", cure=_CURE) from error


def _document(text: str, *, name: str) -> object:
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise Undecidable(f"{name}: not valid JSON", cure=_CURE) from error


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
