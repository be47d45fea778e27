#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures activation maximisation: makes pictures of classes with the defaults, and asks for each

* the mean probability of its class over 16 random shifts, turns and scales of the 8-bit picture,
* its rank in a second, independently trained network, if one is given,
* its high-frequency energy (mean square of the 3 x 3 Laplacian of the brightness), as a share of
  that of a photograph prepared for the same network.

Exits with 1 if a mean probability is below 0.9, a share above 2, or fewer than three classes are
among the second network's best five.

    build/oracle-venv/bin/python tests/oracle/maximise.py MODEL PHOTO CLASS... [--second MODEL]
        [--second-preset tf] [--second-shift 1] [-o SHEET.png]
"""

import argparse
import pathlib
import sys

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "bindings" / "python"))
import camx  # noqa: E402


def high_frequencies(pixels):
    light = pixels.astype(np.float64).mean(2)
    inner = light[1:-1, 1:-1]
    laplacian = 4 * inner - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    return float((laplacian**2).mean())


def disturbed(pixels, random):
    """Shifted by up to 5 %, turned by up to 8 degrees, scaled by up to 10 %: bilinear, by NumPy."""
    height, width = pixels.shape[:2]
    angle = np.deg2rad(random.uniform(-8, 8))
    scale = random.uniform(0.9, 1.1)
    shift = random.uniform(-0.05, 0.05, 2) * (height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    from_y = np.clip(sine * x + cosine * y + shift[0] + (height - 1) / 2, 0, height - 1)
    from_x = np.clip(cosine * x - sine * y + shift[1] + (width - 1) / 2, 0, width - 1)
    top, left = from_y.astype(int), from_x.astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (from_y - top)[..., None], (from_x - left)[..., None]
    upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
    lower = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    return np.rint(upper * (1 - down) + lower * down).astype(np.uint8)


def mean_probability(session, pixels, number):
    random = np.random.default_rng(16)
    seen = []
    for _ in range(16):
        session.run(session.model.preprocess(disturbed(pixels, random), fit="stretch"))
        seen.append(session.probabilities(0)[number])
    return float(np.mean(seen))


def rank(session, pixels, number, preset):
    session.run(session.model.preprocess(pixels, preset))
    scores = session.probabilities(0)
    return 1 + int((scores > scores[number]).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("photo")
    parser.add_argument("classes", nargs="+")
    parser.add_argument("--second", help="another network of the same classes")
    parser.add_argument("--second-preset", default="auto")
    parser.add_argument("--second-shift", type=int, default=0, help="its class 0 is the background: 1")
    parser.add_argument("-o", "--output", help="a picture of all results")
    arguments = parser.parse_args()
    model = camx.Model(arguments.model)
    session = model.session()
    second = camx.Model(arguments.second).session() if arguments.second else None
    photo = model.preprocess(camx.imread(arguments.photo)).pixels()
    good, ranked, sheet = True, 0, []
    for name in arguments.classes:
        number = camx.Objective("class", int(name) if name.isdigit() else name)._to_c(model).index
        pixels = camx.maximise(session, number).pixels()
        sheet.append(pixels)
        probability = mean_probability(session, pixels, number)
        share = high_frequencies(pixels) / high_frequencies(photo)
        good &= probability >= 0.9 and share <= 2
        line = f"{number:5} {name:24} probability {probability:.3f}  high frequencies {share:.2f}"
        if second is not None:
            place = rank(second, pixels, number + arguments.second_shift, arguments.second_preset)
            ranked += place <= 5
            line += f"  second network: place {place}"
        print(line, flush=True)
        if arguments.output:
            camx.imwrite(arguments.output, np.concatenate(sheet, 1))
    good &= second is None or ranked >= 3
    print("good" if good else "NOT GOOD ENOUGH")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
