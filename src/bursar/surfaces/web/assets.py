"""Static files: read once, named by their digest, compressed once, kept by browsers for ever.

The page asks for one stylesheet, one script of our own (with htmx in front), ECharts, the font and the mark.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_PARTS = {
    "app.css": ("app.css",),
    "app.js": ("vendor/htmx.min.js", "app.js", "charts.js"),
    "echarts.js": ("vendor/echarts.min.js",),
    "hanken-grotesk.woff2": ("vendor/hanken-grotesk.woff2",),
    "seal.svg": ("seal.svg",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served: its bytes, the same compressed (None where that does not pay), and its media type."""

    body: bytes
    packed: bytes | None
    media_type: str


@cache
def load(name: str) -> Asset | None:
    """The asset of this name, or None: only names of the list are ever opened."""
    parts = _PARTS.get(name)
    if parts is None:
        return None
    body = b"\n".join((STATIC / part).read_bytes() for part in parts)
    kind = _KINDS[Path(name).suffix]
    return Asset(body=body, packed=None if kind == "font/woff2" else gzip.compress(body, 9, mtime=0), media_type=kind)


@cache
def bundle_digest() -> str:
    """One digest over all assets: any change makes new addresses, and a stylesheet names its font by a plain neighbour."""
    digest = hashlib.sha256()
    for parts in _PARTS.values():
        for part in parts:
            digest.update((STATIC / part).read_bytes())
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Where a page finds an asset."""
    return f"/static/{bundle_digest()}/{name}"
