"""What is wrong with how a page is laid out, by the boxes of its elements."""

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).with_name("boxes.js").read_text("utf-8")


def misplaced(page: Page) -> list[str]:
    """Return a sentence for each text or control that lies over another, is cut, or is beyond the side of the window.

    The window is as high as the page meanwhile, so that nothing is left out for being further down.
    """
    before = page.viewport_size
    assert before is not None
    height = page.evaluate("document.scrollingElement.scrollHeight")
    page.set_viewport_size({"width": before["width"], "height": max(height, before["height"])})
    found: list[str] = page.evaluate(SCRIPT)
    page.set_viewport_size(before)
    return found
