"""Makes the pictures of the README: starts a demo of its own, plays a scenario, and photographs it and the console in Chromium.

python docs/make_screenshots.py
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIETLY = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
WIDE, DESK, NARROW = {"width": 1500, "height": 900}, {"width": 1280, "height": 840}, {"width": 360, "height": 740}
QUALITIES = (76, 68, 60, 52, 44)
LARGEST = 200_000
"""Bytes of a picture: the best quality below it is taken."""
EVENTS = 14
"""Presses of "next event", after which the case stands at the township."""


@contextmanager
def _demo() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        words = [sys.executable, "-m", "fanxiao", "demo", "--no-browser", "--port", str(port)]
        running = subprocess.Popen(words, env=os.environ | {"FANXIAO_HOME": home})
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(60)


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except OSError:
            time.sleep(1)
    raise TimeoutError("the demo did not start")


def _play(page: Page, url: str) -> None:
    page.goto(f"{url}/demo")
    page.wait_for_selector("#chain li")
    page.select_option("#script select", "climbs")
    page.click("#script button")
    page.wait_for_selector("#playing:not(:empty)")
    page.click("#auto")
    for number in range(EVENTS):
        page.wait_for_selector("body:not(.busy)")
        page.click("[data-to=day]" if number % 3 == 2 else "[data-to=event]")
    page.wait_for_selector("body:not(.busy)")


def _console(page: Page) -> None:
    """Into the office of whoever was asked last at the county, and through three of its pages."""
    with page.expect_popup() as opened:
        page.click("#to-console button")
    office = opened.value
    office.set_default_timeout(120_000)
    office.set_viewport_size(DESK)
    office.wait_for_selector("#live")
    _photograph(office, "console-case")
    for name, path in (("console-today", "/today"), ("console-areas", "/areas")):
        office.goto(office.url.split("/", 3)[0] + "//" + office.url.split("/", 3)[2] + path)
        office.wait_for_timeout(1500)  # charts draw themselves
        _photograph(office, name)


def _photograph(page: Page, name: str) -> None:
    """JPEG: a page with as much text is three times as heavy as PNG."""
    for quality in QUALITIES:
        picture = page.screenshot(type="jpeg", quality=quality)
        if len(picture) < LARGEST:
            break
    (DOCS / f"{name}.jpg").write_bytes(picture)


def main() -> None:
    """Writes demo.jpg, demo-narrow.jpg and console-….jpg into docs/."""
    if CHROMIUM is None:
        raise SystemExit("Chromium is needed: apt-get install chromium")
    with _demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIETLY))
        page = browser.new_page(viewport=WIDE)
        page.set_default_timeout(120_000)
        _play(page, url)
        _photograph(page, "demo")
        _console(page)
        page.set_viewport_size(NARROW)
        page.wait_for_timeout(500)
        _photograph(page, "demo-narrow")
        browser.close()


if __name__ == "__main__":
    main()
