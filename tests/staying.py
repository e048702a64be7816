"""The browser driver and the desk's browser, kept for the browser tests that follow each other in a worker: starting both
costs as much as many a test. Not longer: while a driver is here no other can start, and no coroutine test can run.
"""

from contextlib import ExitStack

from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.journeys.flags import FLAGS

# What is there at once is found at once; Playwright's own five seconds are too few where others have the machine.
expect.set_options(timeout=30_000)


class Staying:
    """What stays. Everything that a file opened in the browser must be closed at its end."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._driver: Playwright | None = None
        self._browser: Browser | None = None

    def driver(self) -> Playwright:
        """Playwright's, started when it is not there."""
        if self._driver is None:
            self._driver = self._open.enter_context(sync_playwright())
        return self._driver

    def browser(self) -> Browser:
        """Debian's Chromium, without a screen; another when the last one died."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self.driver().chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            self._open.callback(self._browser.close)
        return self._browser

    def end(self) -> None:
        """Close both."""
        self._driver = self._browser = None
        self._open.pop_all().close()


STAYING = Staying()
