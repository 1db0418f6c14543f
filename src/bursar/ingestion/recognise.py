"""What lies below the given paths: exports by their manifests first, then loose files by their headers."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bursar.domain.errors import BillError, ConfigError
from bursar.domain.wording import count
from bursar.ingestion.deliveries import PAIRED, Arrivals, Delivery, Fault, Part, cause_of
from bursar.ingestion.manifests import Manifest, awaits_manifest, claims_of, is_manifest, newest, read_manifest, role_named
from bursar.ingestion.reading import BillFile, FileKind, describe_script, described
from bursar.ingestion.signatures import FORMATS, check_begun, format_of, header_of, kind_of
from bursar.ports import Warehouse

_DATE = re.compile(r"(?<!\d)20\d\d([-_.]?)(0[1-9]|1[0-2])(\1(0[1-9]|[12]\d|3[01]))?(?!\d)")
ESTATE = "estate.json"
"""What the control planes of a simulated estate say, beside its bills."""
IGNORED = frozenset({"truth.json", "_SUCCESS", "README.md", "readme.txt", "SOURCES.md"})


def recognise(paths: Sequence[Path], *, warehouse: Warehouse, named: str = "auto", exported_at: datetime | None = None) -> Arrivals:
    """Every delivery below the paths. `named` forces the format of loose files, `exported_at` says when they were exported.

    Raises ConfigError for a path that is not there.
    """
    if named not in {"auto", *FORMATS}:
        raise ConfigError(f"unknown format {named!r}", cure=f"One of: auto, {', '.join(FORMATS)}.")
    files = [(file, root) for root, file in _walk(paths)]
    manifests, faults = _manifests(file for file in files if is_manifest(file[0]))
    live = newest(manifests)
    claimed = [manifest.claims for manifest in manifests] + [folder for file, _ in faults for folder in claims_of(file)]
    used = {part.path for manifest in live.values() for part in manifest.delivery.parts}
    free = [(file, root) for file, root in files if not is_manifest(file) and file not in used]
    loose = [(file, root) for file, root in free if not any(file.is_relative_to(folder) for folder in claimed)]
    leftovers = sum(1 for file, _ in files if not is_manifest(file) and file not in used) - len(loose)
    early = {} if named != "auto" else _early(loose, {path.absolute() for path in paths})
    found = _loose([(file, root) for file, root in loose if file not in early], warehouse, named)
    dated = (replace(bill, exported_at=exported_at) for bill in found.bills)
    bills = (*(_with_format(manifest.delivery, warehouse) for manifest in live.values()), *dated)
    return Arrivals(
        bills=tuple(sorted(bills, key=lambda bill: (bill.exported_at is None, str(bill.exported_at), bill.name))),
        invoices=found.invoices,
        metrics=found.metrics,
        estates=found.estates,
        unknown=(*faults, *found.unknown),
        waiting=_waiting(early),
        leftovers=leftovers,
        ignored=found.ignored,
    )


def _walk(paths: Sequence[Path]) -> Iterable[tuple[Path, Path]]:
    """Every file once, with the root it was first found under, in a stable order; hidden files are left out."""
    seen: set[Path] = set()
    for path in (given.absolute() for given in paths):
        for root, file in _below(path):
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield root, file


def _below(path: Path) -> Iterable[tuple[Path, Path]]:
    if path.is_file():
        yield path.parent, path
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and not any(step.startswith(".") for step in file.relative_to(path).parts):
                yield path, file
    else:
        raise ConfigError(f"no such file or folder: {path}", cure="Give the path of a bill, an invoice CSV or an export folder.")


def _manifests(files: Iterable[tuple[Path, Path]]) -> tuple[list[Manifest], list[tuple[Path, Fault]]]:
    manifests: list[Manifest] = []
    faults: list[tuple[Path, Fault]] = []
    for file, root in files:
        try:
            manifest = read_manifest(file, root=root)
        except BillError as error:
            faults.append((file, Fault(cause=str(error), cure=error.cure)))
            continue
        if manifest:
            manifests.append(manifest)
    return manifests, faults


def _with_format(delivery: Delivery, warehouse: Warehouse) -> Delivery:
    """A data export may hold CUR 2.0 or FOCUS: its first file tells."""
    if delivery.fault or not delivery.parts or delivery.format != "aws-cur2":
        return delivery
    try:
        found = format_of(_header(delivery.parts[0].path, delivery.parts[0].kind, warehouse))
    except BillError as error:
        first = delivery.parts[0].path
        cause = cause_of(error, first.name, {first: first.name})
        return replace(delivery, fault=Fault(cause=cause, cure=error.cure or "Fetch the export again."))
    if found in {"aws-focus", "focus"}:
        return replace(delivery, format="aws-focus")
    return delivery


def _early(files: Sequence[tuple[Path, Path]], given: Collection[Path]) -> dict[Path, tuple[Path, Path]]:
    """Bill files of an export's layout that came before its manifest, with their month's folder and root; not those named one by one."""
    return {
        file: (month, root)
        for file, root in files
        if file not in given and kind_of(file) and file.name not in IGNORED and (month := awaits_manifest(file))
    }


def _waiting(early: Mapping[Path, tuple[Path, Path]]) -> tuple[tuple[str, Fault], ...]:
    """Each folder that waits, with what to do."""
    told: list[tuple[str, Fault]] = []
    for (month, root), number in sorted(Counter(early.values()).items()):
        name = str(month.relative_to(root)) if month.is_relative_to(root) and month != root else month.name
        fault = Fault(
            cause=f"waits for its manifest: {count(number, 'file')} of an export, but nothing yet that says which belong together",
            cure="Exports write it last: ingest again once it is there. To take a file as it is, name it: bursar ingest FILE",
        )
        told.append((name, fault))
    return tuple(told)


def _loose(files: Sequence[tuple[Path, Path]], warehouse: Warehouse, named: str) -> Arrivals:
    shards: defaultdict[tuple[Path, str, str, str], list[Part]] = defaultdict(list)
    names: dict[tuple[Path, str, str, str], str] = {}
    invoices: list[Path] = []
    metrics: list[Path] = []
    unknown: list[tuple[Path, Fault]] = []
    ignored: list[Path] = []
    estates = tuple(path for path, _ in files if path.name == ESTATE)
    for path, root in files:
        if path.name in IGNORED or path in estates:
            ignored += [path] if path.name in IGNORED else []
            continue
        kind = kind_of(path)
        try:
            found = _format(path, kind, warehouse, named)
        except BillError as error:
            unknown.append((path, Fault(cause=cause_of(error, path.name, {path: path.name}), cure=error.cure or "Fetch the file again.")))
            continue
        if found == "invoice":
            invoices.append(path)
        elif found == "metrics":
            metrics.append(path)
        elif kind:
            group = (path.parent, _stem(path), found, kind)
            key = str(path.relative_to(root))
            names.setdefault(group, key)
            shards[group].append(Part(path=path, key=key, kind=kind))
    bills = tuple(
        Delivery(
            name=names[group] if len(parts) == 1 else f"{names[group]} and {len(parts) - 1} more",
            format=group[2],
            parts=tuple(parts),
            role=role_named(parts[0].path.name) if group[2] == PAIRED else "bill",
        )
        for group, parts in shards.items()
    )
    return Arrivals(
        bills=bills,
        invoices=tuple(invoices),
        metrics=tuple(metrics),
        estates=estates,
        unknown=tuple(unknown),
        ignored=tuple(ignored),
    )


def _format(path: Path, kind: FileKind | None, warehouse: Warehouse, named: str) -> str:
    if kind is None:
        raise BillError(f"{path.name}: not a kind of file bills come in", cure="Bills are .csv, .csv.gz, .parquet, .jsonl or .json files.")
    if named != "auto":
        return named
    check_begun(path, kind)
    header = _header(path, kind, warehouse)
    found = format_of(header)
    if found is None:
        shown = ", ".join(header[:8]) + (", …" if len(header) > 8 else "")
        raise BillError(
            f"{path.name}: unknown format; its header is: {shown or '(empty)'}",
            cure=f"If you know it, name it: bursar ingest --format {'|'.join(FORMATS)} {path.name}",
        )
    return found


def _header(path: Path, kind: FileKind, warehouse: Warehouse) -> tuple[str, ...]:
    if kind != "parquet":
        return header_of(path, kind)
    file = BillFile(path=path, key=path.name, kind="parquet")
    found = described([file], warehouse.run(describe_script([file])))
    return tuple(name for name, _ in found[0].columns) if found else ()


def _stem(path: Path) -> str:
    """The name without a shard's number, so that `part_0_0001.csv` and `part_1_0001.csv` are one delivery.

    Shards are numbered by exporters, with three digits or more or as `part_N_N`; `bill_1` and `bill_2` are two versions for all we know.
    A date is no number: a month exported on two days came twice. A name without a number stands for itself.
    """
    name = re.sub(r"(\.[a-z]+)+$", "", path.name.lower())
    dated = _DATE.sub(r"<\g<0>>", name)
    return re.sub(r"(^|[-_.])\d{3,}$|(^|[-_.])part[-_.]\d+([-_.]\d+)*$", "#", dated)
