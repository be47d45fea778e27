/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx_image.hpp: libcamx-image for C++17: PNG and JPEG files in and out. Link with libcamx-image.
 *
 *     camx::image photo = camx::image::read("cat.png");
 *     camx::input input(model, photo.pixels());
 *     camx::write_image("heat.png", camx::pixels(rgb.data(), photo.width(), photo.height()));
 */
#ifndef CAMX_CAMX_IMAGE_HPP
#define CAMX_CAMX_IMAGE_HPP

#include "camx.hpp"
#include "camx/camx_image.h"

namespace camx {

struct image_options : camx_image_options {
    image_options() noexcept { (camx_image_options_init)(this, sizeof(camx_image_options)); }
};

struct write_options : camx_write_options {
    write_options() noexcept { (camx_write_options_init)(this, sizeof(camx_write_options)); }
};

/* A picture that libcamx-image owns: 8-bit RGB, rows without gaps, upright. */
class image {
  public:
    static image read(const std::string &path, const image_options &options = {})
    {
        camx_image *made = nullptr;
        camx_error reason;
        detail::check(camx_image_read(path.c_str(), &options, &made, &reason), reason);
        return image(made);
    }

    static image read_memory(const void *bytes, std::size_t size, const image_options &options = {})
    {
        camx_image *made = nullptr;
        camx_error reason;
        detail::check(camx_image_read_memory(bytes, size, &options, &made, &reason), reason);
        return image(made);
    }

    /* The picture's own memory; valid as long as this object is. */
    camx_pixels pixels() const
    {
        camx_pixels result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_image_get_pixels(handle_.get(), &result, &reason), reason);
        return result;
    }

    int width() const { return pixels().width; }
    int height() const { return pixels().height; }

  private:
    explicit image(camx_image *handle) noexcept : handle_(handle) {}
    detail::unique<camx_image, camx_image_release> handle_;
};

/* Writes a .png, .jpg or .jpeg; the file appears whole or not at all. */
inline void write_image(const std::string &path, const camx_pixels &picture,
                        const write_options &options = {})
{
    camx_error reason;
    detail::check(camx_image_write(path.c_str(), &picture, &options, &reason), reason);
}

} // namespace camx

#endif
