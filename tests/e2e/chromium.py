"""The system's Chromium, and a page that tells what it complains of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def launch() -> Iterator[Browser]:
    """The browser, for as long as somebody looks."""
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("Chromium is not installed: make browser")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


def opened(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page and everything it complains of."""
    page, said = context.new_page(), list[str]()
    page.on(
        "console", lambda message: said.append(message.text) if message.type in {"error", "warning"} and "422" not in message.text else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said
