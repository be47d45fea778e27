#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the photographs of this folder from those in scikit-image's package (see README.md).

pip install pillow scikit-image && python docs/demo/make_photographs.py
"""

import importlib.util
import pathlib
import shutil

from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(importlib.util.find_spec("skimage").origin).parent / "data"
QUALITY = {"quality": 92, "subsampling": 0}


def main():
    # Unchanged originals.
    shutil.copyfile(DATA / "chelsea.png", HERE / "cat.png")
    shutil.copyfile(DATA / "rocket.jpg", HERE / "rocket.jpg")
    # The original PNG is 467 KB; as a JPEG it is a quarter of that.
    coffee = Image.open(DATA / "coffee.png").convert("RGB")
    coffee.save(HERE / "coffee.jpg", **QUALITY)
    # Two things in one picture: the cat above the coffee, each 448 x 224.
    cat = Image.open(HERE / "cat.png").convert("RGB")
    both = Image.new("RGB", (448, 448))
    both.paste(cat.crop((2, 40, 450, 264)), (0, 0))
    both.paste(coffee.resize((448, 299)).crop((0, 30, 448, 254)), (0, 224))
    both.save(HERE / "cat_and_coffee.jpg", **QUALITY)


if __name__ == "__main__":
    main()
