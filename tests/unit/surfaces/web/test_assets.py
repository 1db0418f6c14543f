from __future__ import annotations

import hashlib
import re
from pathlib import Path

import yaml

import bursar.surfaces.web
from bursar.surfaces.web import assets

WEB = Path(bursar.surfaces.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").glob("*.html"))


def test_what_is_vendored_is_what_is_written_down() -> None:
    """Each vendored file has its version, licence text and SHA-256, and nothing is vendored unnamed."""
    vendor = WEB / "static" / "vendor"
    rows = yaml.safe_load((vendor / "vendored.yaml").read_text())["files"]
    assert {row["file"] for row in rows} == {path.name for path in vendor.iterdir() if path.is_file()} - {"vendored.yaml"}
    for row in rows:
        assert hashlib.sha256((vendor / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        assert row["version"]
        assert all((vendor / text).read_text().strip() for text in row["licence_text"])


def test_templates_hold_no_style_no_script_and_no_handler() -> None:
    """No template has an inline style, an inline script, an event attribute or a way around escaping."""
    for path in TEMPLATES:
        text = path.read_text()
        assert "|safe" not in text.replace(" ", ""), path
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path
        assert not re.search(r"<script(?![^>]*(?:src=|type=\"application/json\"))", text), path


def test_json_enters_pages_by_one_door() -> None:
    """Only the checked filter puts unescaped text on a page, and only into a JSON script."""
    used = [path.name for path in TEMPLATES if "|island" in path.read_text()]
    assert used == ["macros.html"]


def test_nothing_is_loaded_from_elsewhere() -> None:
    """Stylesheet and scripts of ours name no other host."""
    for name in ("app.css", "app.js", "charts.js"):
        assert not re.search(r"https?:|//[a-z]", re.sub(r"/\*.*?\*/", "", (WEB / "static" / name).read_text(), flags=re.DOTALL)), name


def test_a_page_asks_for_little() -> None:
    """Besides ECharts, everything static together is well under 60 KB."""
    names = ("app.css", "app.js", "hanken-grotesk.woff2", "seal.svg")
    loaded = [asset for asset in map(assets.load, names) if asset]
    assert sum(len(asset.packed or asset.body) for asset in loaded) < 50_000
    assert len(loaded) == len(names)


def test_only_listed_names_are_opened() -> None:
    """No address reaches a file that is not on the list."""
    assert assets.load("../app.py") is None
    assert assets.load("vendor/htmx.min.js") is None
