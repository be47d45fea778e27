#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes colormap_tables.c: the colour maps that are tables of 256 colours.

They are read from matplotlib, whose _cm_listed.py places viridis and inferno (van der Walt, Smith, Firing)
and cividis (Nunez, Anderton, Renslow: PLOS ONE 2018) in the public domain (CC0). turbo is Anton Mikhailov's
(Google, 2019), published under Apache-2.0. Run it as: make_colormaps.py > colormap_tables.c
"""

import matplotlib

NAMES = ["turbo", "viridis", "inferno", "cividis"]
PER_LINE = 5


def print_table(name):
    colours = matplotlib.colormaps[name].colors
    assert len(colours) == 256
    print(f"    {{ /* {name} */")
    texts = ["{%d, %d, %d}" % tuple(int(part * 255 + 0.5) for part in colour[:3]) for colour in colours]
    for start in range(0, 256, PER_LINE):
        print("     " + " ".join(text + "," for text in texts[start : start + PER_LINE]))
    print("    },")


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/*")
    print(" * Colour maps of 256 colours. Written by make_colormaps.py: do not edit. turbo: Anton Mikhailov")
    print(" * (Google), Apache-2.0; viridis, inferno, cividis: CC0.")
    print(" */")
    print('#include "picture/picture.h"')
    print()
    print("const uint8_t camx__picture_tables[4][256][3] = {")
    for name in NAMES:
        print_table(name)
    print("};")


if __name__ == "__main__":
    main()
