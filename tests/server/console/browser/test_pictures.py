"""Pictures in few colours keep those that mean something: of a legend, and of a scale."""

import io
import random
import re
from itertools import pairwise

from PIL import Image, ImageColor, ImageDraw, ImageFont

from server.console.page import FOLDER
from tests.server.console.browser.pictures import small

Colours = list[tuple[int, ...]]
PALETTE = (FOLDER / "drawing" / "palette.css").read_text("utf-8")
SIZE, SQUARE, STEPS = (1280, 900), 16, 120
SERIES_TOP, SCALE_TOP = 20, 60
MAP, MAP_SIZE, POINTS, SHARPER = (640, 100), (600, 400), 500, 3
# Channels of colours, of 255, that nobody tells apart in a legend, and in a scale.
NEAR, NEAR_IN_A_SCALE = 4, 20
TEXT = "Calathea: rain water only, from the can on the balcony. Tap water turns its edges brown. " * 2


def test_a_legend_and_a_scale_keep_their_colours_in_a_page_of_text() -> None:
    for theme in (0, 1):
        series, steps = named("series-[1-8]", theme), scale(theme)
        before, after = page(series, steps)
        for number in range(len(series)):
            at = (SQUARE * (2 * number + 1), SERIES_TOP + SQUARE // 2)
            assert apart(before, after, at) <= NEAR, f"series {number + 1}"
        for number in range(len(steps)):
            assert apart(before, after, (SQUARE + number, SCALE_TOP)) <= NEAR_IN_A_SCALE, f"step {number}"


def named(name: str, theme: int) -> Colours:
    """Return the colours with such names, as the theme has them."""
    found = re.findall(rf"--{name}: light-dark\((#\w+), (#\w+)\)", PALETTE)
    assert found
    return [ImageColor.getrgb(one[theme]) for one in found]


def scale(theme: int) -> Colours:
    """Return the steps of the scale from colour to colour by which likeness is told."""
    return [
        tuple(round(a + (b - a) * step / STEPS) for a, b in zip(one, other, strict=True))
        for one, other in pairwise(named("heat-[0-3]", theme))
        for step in range(STEPS)
    ]


def page(series: Colours, steps: Colours) -> tuple[Image.Image, Image.Image]:
    """Return a page with a legend, a scale, a map and far more text, as it is and in few colours."""
    image = Image.new("RGB", SIZE, "#fafaf9")
    draw = ImageDraw.Draw(image)
    for number, colour in enumerate(series):
        left = SQUARE // 2 + 2 * SQUARE * number
        draw.rectangle((left, SERIES_TOP, left + SQUARE, SERIES_TOP + SQUARE), fill=colour)
    for number, colour in enumerate(steps):
        draw.line((SQUARE + number, SCALE_TOP, SQUARE + number, SCALE_TOP + SQUARE // 2), fill=colour)
    font = ImageFont.load_default(14)
    for line, ink in zip(range(100, SIZE[1] - 20, 18), ("#17191a", "#59605d", "#0f766e", "#b3261e") * 20, strict=False):
        draw.text((20, line), TEXT, fill=ink, font=font)
    image.paste(points(series), MAP)
    written = io.BytesIO()
    image.save(written, "PNG")
    return image, Image.open(io.BytesIO(small(written.getvalue()))).convert("RGB")


def points(series: Colours) -> Image.Image:
    """Return points whose edges blend with what is behind them and with each other."""
    width, height = (SHARPER * part for part in MAP_SIZE)
    image = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(image)
    chance = random.Random(1)
    for number in range(POINTS):
        x, y, radius = chance.uniform(0, width), chance.uniform(0, height), SHARPER * 8
        draw.line((width // 2, height // 2, x, y), fill="#9fd3cb", width=SHARPER)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=series[number % len(series)])
    return image.resize(MAP_SIZE, Image.Resampling.LANCZOS)


def apart(before: Image.Image, after: Image.Image, at: tuple[int, int]) -> int:
    """Return by how much the channels of one pixel differ at most."""
    pixels = [image.crop((*at, at[0] + 1, at[1] + 1)).tobytes() for image in (before, after)]
    found: int = max(abs(a - b) for a, b in zip(*pixels, strict=True))
    return found
