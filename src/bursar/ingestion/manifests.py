"""The manifests that cloud exports write last: what belongs to a delivery, for which month, and how new it is.

AWS legacy CUR, AWS Data Exports (CUR 2.0, FOCUS) and Azure exports. Everything below a manifest's export folder that the
live manifest does not name is a leftover of an earlier delivery and is not read.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import cast

from bursar.domain.errors import BillError, ConfigError
from bursar.domain.periods import Period
from bursar.ingestion.deliveries import Delivery, Fault, Part
from bursar.ingestion.signatures import kind_of

MANIFEST_BYTES = 64 << 20
"""Far above the manifest of the largest export."""

_NAME = re.compile(r"(^|.*-)manifest\.json$", re.IGNORECASE)
_PARTITION = re.compile(r"billing_period=.*", re.IGNORECASE)
_MONTH = re.compile(r"\d{8}-\d{8}")
_WHOLE_MONTH = re.compile(r"20\d\d(0[1-9]|1[0-2])01-20\d{6}")
_STAMP = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})T?(\d{2}):?(\d{2}):?(\d{2})?Z?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest understood: its place (one export and month), the folder it claims, its order, and its delivery.

    A manifest on top of its month goes before the copies within: the provider keeps it up to date, and a copy's file time
    is only that of the copying.
    """

    place: tuple[str, str, str]
    claims: Path
    order: tuple[int, datetime]
    delivery: Delivery


def is_manifest(path: Path) -> bool:
    """Whether a file is named like one."""
    return bool(_NAME.match(path.name))


def read_manifest(path: Path, *, root: Path) -> Manifest | None:
    """The manifest in a file below `root`, or None when the JSON is something else. Raises BillError when it is damaged."""
    try:
        if path.stat().st_size > MANIFEST_BYTES:
            raise BillError(f"{path.name}: too large for a manifest", cure="Ingest the export's own folder, with its layout.")
        content: object = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BillError(f"{path.name}: cannot be read: {error.strerror}", cure="Check the file's permissions.") from error
    except (ValueError, RecursionError) as error:
        raise BillError(f"{path.name}: the manifest is not JSON", cure="Fetch the export again; the manifest is written last.") from error
    if not isinstance(content, dict):
        return None
    fields = cast("dict[str, object]", content)
    try:
        if "reportKeys" in fields:
            return _aws_cur(path, fields, root)
        if "dataFiles" in fields:
            return _aws_export(path, fields, root)
        return _azure(path, fields, root) if "blobs" in fields else None
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise BillError(
            f"{path.name}: the manifest lacks what it must say ({error})", cure="Fetch the export again, manifest last."
        ) from error


def claims_of(path: Path) -> tuple[Path, ...]:
    """The folders whose files belong to a manifest, as far as its place alone tells: nothing in them is a bill of its own."""
    partition = _above(path, _PARTITION)
    return (path.parent, _data_beside(partition)) if partition else (path.parent,)


def awaits_manifest(path: Path) -> Path | None:
    """The month's folder of an export's layout that a file lies in, where a manifest tells what belongs together; None elsewhere."""
    partition = _above(path, _PARTITION)
    return partition if partition and partition.parent.name.lower() == "data" else _above(path, _WHOLE_MONTH)


def newest(manifests: Iterable[Manifest]) -> dict[tuple[str, str, str], Manifest]:
    """The live manifest of every place: the provider's newest, not the last to arrive."""
    live: dict[tuple[str, str, str], Manifest] = {}
    for manifest in manifests:
        held = live.get(manifest.place)
        if held is None or manifest.order > held.order:
            live[manifest.place] = manifest
    return live


def _aws_cur(path: Path, fields: Mapping[str, object], root: Path) -> Manifest:
    period_folder = path.parent
    depth = 1
    if period_folder.name == str(fields["assemblyId"]):
        period_folder, depth = period_folder.parent, 0
    billing = cast("dict[str, str]", fields["billingPeriod"])
    period = str(Period.parse(billing["start"][:6]))
    report = str(fields["reportName"])
    parts, fault = _parts(fields["reportKeys"], period_folder, root)
    exported_at = _assembly_time(fields) or _mtime(path)
    delivery = Delivery(
        name=_shown(path, root),
        format="aws-cur",
        parts=parts,
        source=slug(f"aws-cur-{report}-{fields.get('account', '')}"),
        period=period,
        exported_at=exported_at,
        fault=fault,
    )
    return Manifest(place=(str(delivery.source), period, "bill"), claims=period_folder, order=(depth, exported_at), delivery=delivery)


def _aws_export(path: Path, fields: Mapping[str, object], root: Path) -> Manifest:
    partition = _above(path, _PARTITION)
    if partition is None:
        raise _misplaced(path)
    period = str(Period.parse(partition.name.partition("=")[2]))
    export_folder = partition.parent.parent
    export = str(fields.get("exportName") or export_folder.name)
    claims = _data_beside(partition)
    parts, fault = _parts(fields["dataFiles"], claims, root)
    execution = next((str(fields[key]) for key in ("executionTime", "createdAt", "lastUpdated") if fields.get(key)), "")
    exported_at = _moment(execution) or _folder_time(parts) or _mtime(path)
    delivery = Delivery(
        name=_shown(path, root),
        format="aws-cur2",
        parts=parts,
        source=slug(f"aws-cur2-{export}"),
        period=period,
        exported_at=exported_at,
        fault=fault,
    )
    return Manifest(
        place=(str(delivery.source), period, "bill"), claims=claims, order=(int(path.parent == partition), exported_at), delivery=delivery
    )


def _azure(path: Path, fields: Mapping[str, object], root: Path) -> Manifest:
    config = cast("dict[str, str]", fields.get("exportConfig") or {})
    run = cast("dict[str, str]", fields.get("runInfo") or {})
    month_folder = _above(path, _MONTH)
    if month_folder is None:
        raise _misplaced(path)
    period = str(Period.parse(run.get("startDate", month_folder.name)[:7] if run.get("startDate") else month_folder.name[:6]))
    blobs = cast("list[dict[str, object]]", fields["blobs"])
    parts, fault = _parts([blob["blobName"] for blob in blobs], month_folder, root, blobs)
    kind = config.get("type", "")
    role = {"ActualCost": "actual", "AmortizedCost": "amortised"}.get(kind) or role_named(month_folder.parent.name)
    scope = config.get("resourceId", "").partition("/providers/Microsoft.CostManagement")[0] or month_folder.parent.name
    exported_at = _moment(run.get("submittedTime", "")) or _mtime(path)
    delivery = Delivery(
        name=_shown(path, root),
        format="azure-focus" if kind == "FocusCost" else "azure-cost",
        parts=parts,
        role=role if kind != "FocusCost" else "bill",
        source=slug(f"azure-{scope.rstrip('/').rpartition('/')[2]}"),
        period=period,
        exported_at=exported_at,
        rows=_total(blobs, "dataRowCount"),
        fault=fault,
    )
    return Manifest(
        place=(f"{delivery.source}:{month_folder.parent.name}", period, role),
        claims=month_folder,
        order=(0, exported_at),
        delivery=delivery,
    )


def _above(path: Path, name: re.Pattern[str]) -> Path | None:
    """The nearest folder above that is named so."""
    return next((parent for parent in path.parents if name.fullmatch(parent.name)), None)


def _data_beside(partition: Path) -> Path:
    """The month's folder of data, beside that of its metadata; names differ in case between exports."""
    folders = (partition.parent.parent / "data").glob("*")
    return next((folder for folder in folders if folder.name.lower() == partition.name.lower()), partition)


def _misplaced(path: Path) -> BillError:
    return BillError(f"{path.name}: not in an export's layout", cure="Ingest the export's own folder, with its layout.")


def _parts(keys: object, below: Path, root: Path, blobs: Iterable[Mapping[str, object]] = ()) -> tuple[tuple[Part, ...], Fault | None]:
    """The named objects in a local copy of the bucket, found by their longest matching suffix below the export's folder."""
    details = {str(blob.get("blobName")): blob for blob in blobs}
    found: list[Part] = []
    for key in dict.fromkeys(cast("list[str]", keys)):
        path = _resolve(str(key), below, root)
        if path is None or (kind := kind_of(path)) is None:
            return tuple(found), Fault(
                cause=f"the manifest names {PurePosixPath(str(key)).name}, which is not there",
                cure="Copy the whole export folder again, then ingest it; the manifest is written last.",
            )
        blob = details.get(str(key), {})
        found.append(Part(path=path, key=str(key), kind=kind, bytes=_count(blob, "byteCount"), rows=_count(blob, "dataRowCount")))
    return tuple(found), None


def _resolve(key: str, below: Path, root: Path) -> Path | None:
    """The file a key names, at or above the export's folder but never above what was given; '..' and '/' lead nowhere."""
    steps = [step for step in PurePosixPath(re.sub(r"^[a-z0-9]+://[^/]+/", "", key)).parts if step.strip("/")]
    if ".." in steps:
        return None
    for base in (below, *(above for above in below.parents if above.is_relative_to(root))):
        for skip in range(len(steps)):
            if (candidate := base.joinpath(*steps[skip:])).is_file():
                return candidate
    return None


def _count(blob: Mapping[str, object], name: str) -> int | None:
    value = blob.get(name)
    return int(str(value)) if value is not None else None


def _total(blobs: Iterable[Mapping[str, object]], name: str) -> int | None:
    counts = [_count(blob, name) for blob in blobs]
    return None if None in counts else sum(count for count in counts if count is not None)


def _assembly_time(fields: Mapping[str, object]) -> datetime | None:
    """Newer manifests may say when the assembly was written; assembly ids of some exports are stamps themselves."""
    return _moment(str(fields.get("assemblyTime") or fields.get("lastUpdated") or "")) or _moment(str(fields["assemblyId"]))


def _folder_time(parts: Iterable[Part]) -> datetime | None:
    """The execution folder `<timestamp>-<execution id>` of a create-new export."""
    times = [moment for part in parts if (moment := _moment(part.path.parent.name))]
    return max(times, default=None)


def _moment(text: str) -> datetime | None:
    match = _STAMP.match(text)
    if not match:
        return None
    try:
        return datetime(*(int(group or 0) for group in match.groups()), tzinfo=UTC)
    except ValueError:
        return None


def _mtime(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.stat().st_mtime), tz=UTC)


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def role_named(name: str) -> str:
    """Which of Azure's two exports a name speaks of; one that does not say is the actual one."""
    return "amortised" if "amorti" in name.lower() else "actual"


def slug(text: str) -> str:
    """A name that is safe as a folder: lower-case letters, digits, dots and dashes."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:96] or "unnamed"
