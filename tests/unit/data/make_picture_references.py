#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes picture_references.h: what Pillow and OpenCV make of small pictures and maps.

test_input.c and test_map.c compare with it. Made with Pillow 11.3.0, OpenCV 4.10.0 and NumPy 2.2; Pillow 13
resizes along y first when the height shrinks much more than the width, which changes stretched pictures.
Run it as: make_picture_references.py > picture_references.h
"""

import cv2
import numpy
from PIL import Image

FILTERS = {"BILINEAR": Image.BILINEAR, "BICUBIC": Image.BICUBIC}


def photo(width, height, channels):
    """The same formula as photo_sample() in test_input.c."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    return ((x * 37 + y * 59 + c * 101 + x * y * 7) & 255).astype(numpy.uint8)


def image_of(pixels):
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def crop(image, resize, width, height, how):
    """torchvision's Resize(resize) and CenterCrop((height, width)), in its own arithmetic."""
    w, h = image.size
    short, long = min(w, h), max(w, h)
    new_long = int(resize * long / short)
    w, h = (resize, new_long) if w <= h else (new_long, resize)
    image = image.resize((w, h), how)
    pad_x, pad_y = max(width - w, 0), max(height - h, 0)
    if pad_x or pad_y:
        padded = Image.new(image.mode, (w + pad_x, h + pad_y))
        padded.paste(image, (pad_x // 2, pad_y // 2))
        image, w, h = padded, w + pad_x, h + pad_y
    left, top = int(round((w - width) / 2.0)), int(round((h - height) / 2.0))
    return image.crop((left, top, left + width, top + height))


# name, photo width and height, samples of the photo, fit, filter, resize, width, height, network channels
CASES = [
    ("crop of a landscape", 61, 43, 3, "CROP", "BILINEAR", 12, 10, 8, 3),
    ("crop of a portrait", 43, 61, 3, "CROP", "BICUBIC", 12, 8, 10, 3),
    ("crop with an odd rest", 50, 37, 3, "CROP", "BILINEAR", 13, 8, 8, 3),
    ("grown", 5, 3, 3, "STRETCH", "BILINEAR", 0, 11, 9, 3),
    ("grown, bicubic", 5, 3, 3, "STRETCH", "BICUBIC", 0, 11, 7, 3),
    ("one pixel", 1, 1, 3, "STRETCH", "BICUBIC", 0, 3, 2, 3),
    ("one column", 1, 300, 3, "CROP", "BILINEAR", 6, 6, 6, 3),
    ("grey", 40, 40, 1, "CROP", "BILINEAR", 9, 7, 7, 1),
    ("colour to grey", 33, 20, 3, "STRETCH", "BICUBIC", 0, 9, 6, 1),
    ("crop beyond the picture", 50, 20, 3, "CROP", "BILINEAR", 6, 9, 9, 3),
    ("not antialiased", 31, 17, 3, "STRETCH", "BILINEAR_PLAIN", 0, 8, 6, 3),
]


def expected(case):
    _, w, h, samples, fit, how, resize, width, height, channels = case
    pixels = photo(w, h, samples)
    if how == "BILINEAR_PLAIN":
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    image = image_of(pixels)
    if channels == 1:
        image = image.convert("L")
    if fit == "CROP":
        image = crop(image, resize, width, height, FILTERS[how])
    else:
        image = image.resize((width, height), FILTERS[how])
    return numpy.asarray(image)


def print_numbers(numbers, per_line, form):
    texts = [form(number) for number in numbers]
    for start in range(0, len(texts), per_line):
        print("     " + ", ".join(texts[start : start + per_line]) + ",")


def print_case(case):
    name, w, h, samples, fit, how, resize, width, height, channels = case
    print(f'    {{"{name}", {w}, {h}, {samples}, CAMX_FIT_{fit}, CAMX_FILTER_{how}, {resize}, {width}, '
          f"{height}, {channels}, {{")
    print_numbers(expected(case).reshape(-1), 18, str)
    print("    }},")


def scaled(values):
    values = values - values.min()
    return (values / (1e-7 + values.max())).astype(numpy.float32)


# map width and height, size of the result, offset of the values
MAPS = [(3, 2, 8, 7, -0.2), (5, 4, 4, 3, 0.4), (2, 2, 9, 5, -2.0)]


def print_map(case):
    """pytorch-grad-cam: ReLU, minimum to 0, maximum to 1, resize, minimum to 0, maximum to 1."""
    map_width, map_height, width, height, offset = case
    y, x = numpy.mgrid[0:map_height, 0:map_width]
    raw = (((x * 5 + y * 3 + x * y * 2) % 7) * 0.25 + offset).astype(numpy.float32)
    result = scaled(cv2.resize(scaled(numpy.maximum(raw, 0)), (width, height)))
    print(f"    {{{map_width}, {map_height}, {width}, {height}, {offset}f, {{")
    print_numbers(result.reshape(-1), 7, lambda number: f"{number:.8f}f")
    print("    }},")


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* What Pillow and OpenCV make of small pictures. Written by make_picture_references.py. */")
    print("#ifdef WANT_RESIZE_CASES")
    print("static const resize_case resize_cases[] = {")
    for case in CASES:
        print_case(case)
    print("};")
    print("#endif")
    print("#ifdef WANT_MAP_CASES")
    print("static const map_case map_cases[] = {")
    for case in MAPS:
        print_map(case)
    print("};")
    print("#endif")


if __name__ == "__main__":
    main()
