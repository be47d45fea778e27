/* SPDX-License-Identifier: Apache-2.0 */
/* camx_image.hpp: a picture out and in again. */
#include "camx_image.hpp"

#include <cstdio>
#include <fstream>

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s NEW_PNG\n", argv[0]);
        return 2;
    }
    std::vector<std::uint8_t> rgb(5 * 4 * 3);
    for (std::size_t i = 0; i < rgb.size(); i++)
        rgb[i] = static_cast<std::uint8_t>(i * 4);
    try {
        camx::write_image(argv[1], camx::pixels(rgb.data(), 5, 4));
        camx::image image = camx::image::read(argv[1]);
        camx_pixels pixels = image.pixels();
        std::vector<std::uint8_t> again(pixels.data, pixels.data + rgb.size());
        std::remove(argv[1]);
        if (image.width() != 5 || image.height() != 4 || again != rgb) {
            std::fprintf(stderr, "the picture that was read is not the one written\n");
            return 1;
        }
    } catch (const camx::error &error) {
        std::fprintf(stderr, "unexpected: %s\n", error.what());
        return 1;
    }
    try {
        camx::image::read_memory("junk", 4);
    } catch (const camx::error &error) {
        return error.status() == CAMX_E_FORMAT || error.status() == CAMX_E_UNSUPPORTED ? 0 : 1;
    }
    std::fprintf(stderr, "junk was read as a picture\n");
    return 1;
}
