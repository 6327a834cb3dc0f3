"""A browser for tests of pages: Chromium, where there is one."""

import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
PATIENCE = 60
"""Seconds after which a test fails for something that has not come: a busy machine takes long."""


@contextmanager
def browsing():
    """Chromium, by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A container may not allow the sandbox, and only pages of this machine are opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, path, *scripts):
    """A page that is a file, in which nothing may go wrong, and which may ask nobody.

    Args:
        browser: See `browsing`.
        path: The file.
        scripts: What runs before those of the page.
    """
    wrong = []
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(1000 * PATIENCE)
    for script in scripts:
        context.add_init_script(script)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: wrong.append(asked.url))
    page.goto(path.as_uri())
    asked = [one for one in wrong if one.startswith("file:")]
    assert asked == [path.as_uri()], asked
    wrong.clear()
    try:
        yield page
    finally:
        context.close()
    assert wrong == []
