#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several instances of a class on real photographs: how much of each one Grad-CAM and Grad-CAM++ show.

    instances.py [--pictures FOLDER]      needs NumPy and the camx package (see run_python.sh)

A report without a threshold: it prints a table and passes or fails nothing. Grad-CAM++ was made because
Grad-CAM underweights the smaller of several instances; tests/api/test_api_instances.c checks that on the paper's own
construction, where everything has a closed form. On photographs nothing has one. Each picture here holds two
instances that look different: one photograph of docs/demo, large, and beside it the same object, smaller, mirrored
and without its colours (or darker).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))

import camx  # noqa: E402

DEMO = ROOT / "docs" / "demo"
SIDE = 448
Rect = Tuple[int, int, int, int]


def resized(picture: Any, width: int, height: int) -> Any:
    """Means over the areas of the new pixels; good enough for shrinking."""
    rows = np.linspace(0, picture.shape[0], height + 1).astype(int)
    columns = np.linspace(0, picture.shape[1], width + 1).astype(int)
    sums = np.add.reduceat(picture.astype(np.float64), rows[:-1], axis=0)
    sums = np.add.reduceat(sums, columns[:-1], axis=1)
    areas = np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]
    return (sums / areas + 0.5).astype(np.uint8)


def grey(picture: Any) -> Any:
    """Without colours."""
    return np.repeat((picture @ [0.299, 0.587, 0.114])[..., None], 3, axis=2).astype(np.uint8)


def dark(picture: Any) -> Any:
    """At dusk: darker and bluer."""
    return (picture * [0.45, 0.5, 0.65]).astype(np.uint8)


def composed(
    file: str, crop: Rect, small: int, change: Any, background: int
) -> Tuple[Any, List[Rect]]:
    """The object at 250 pixels in one corner and at `small` pixels in the other."""
    x, y, width, height = crop
    photograph = camx.imread(DEMO / file)[y : y + height, x : x + width]
    canvas = np.full((SIDE, SIDE, 3), background, np.uint8)
    large = (10, 10, 250, 250 * height // width)
    little = (SIDE - 10 - small, SIDE - 10 - small * height // width, small, small * height // width)
    for (left, top, w, h), picture in ((large, photograph), (little, change(photograph[:, ::-1]))):
        canvas[top : top + h, left : left + w] = resized(picture, w, h)
    return canvas, [large, little]


PICTURES: Dict[str, Tuple[Tuple[Any, List[Rect]], List[str]]] = {
    "cats": (composed("cat.png", (75, 0, 300, 300), 150, grey, 128), ["tiger cat", "tabby"]),
    "cups": (composed("coffee.jpg", (140, 40, 340, 300), 150, dark, 128), ["espresso"]),
    "small cup": (composed("coffee.jpg", (140, 40, 340, 300), 100, dark, 128), ["espresso"]),
}
METHODS: Dict[str, Any] = {
    "Grad-CAM": camx.gradcam,
    "Grad-CAM++": camx.gradcampp,
    "Grad-CAM++, mean of positive gradients": lambda s, x, c: camx.gradcampp(
        s, x, c, rule="mean_positive"
    ),
}
SHARES = (0.15, 0.2, 0.5)


def covered(heat: Any, rect: Rect, share: float) -> float:
    """The part of an instance's pixels that are at least `share` of the maximum."""
    x, y, width, height = rect
    return float((heat[y : y + height, x : x + width] >= share * heat.max()).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pictures", type=Path, help="where overlays with both boxes are written")
    arguments = parser.parse_args()
    session = camx.Model(DEMO / "efficientnet_lite0.onnx").session()
    print("| picture, class (probability) | method | instance | heat | hottest | covered at 15, 20, 50 % |")
    print("|---|---|---|---|---|---|")
    for name, ((picture, rects), classes) in PICTURES.items():
        x = session.model.preprocess(picture, fit="stretch")
        session.run(x)
        for label in classes:
            number = session.model.find_class(label)
            probability = session.probabilities()[number]
            for title, method in METHODS.items():
                result = method(session, None, number)
                heat = np.maximum(result.render(SIDE, SIDE, scaling="raw"), 0)
                for which, rect in zip(("large", "small"), rects):
                    left, top, width, height = rect
                    inside = heat[top : top + height, left : left + width]
                    parts = " / ".join(f"{100 * covered(heat, rect, share):.0f}" for share in SHARES)
                    share = 100 * result.focus(rect).heat_share
                    print(
                        f"| {name}, {label} ({100 * probability:.0f} %) | {title} | {which} | "
                        f"{share:.0f} % | {inside.max() / heat.max():.2f} | {parts} |"
                    )
                if arguments.pictures:
                    arguments.pictures.mkdir(parents=True, exist_ok=True)
                    file = f"{name}-{label}-{title.split(',')[0]}".replace(" ", "_") + (
                        "-mean" if "," in title else ""
                    )
                    drawn = camx.draw_boxes(camx.overlay(picture, result), rects)
                    camx.imwrite(arguments.pictures / f"{file}.png", drawn)


if __name__ == "__main__":
    main()
