/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of camx.hpp: models and inputs. Include that.
 */
#ifndef CAMX_CAMX_NETWORK_HPP
#define CAMX_CAMX_NETWORK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "camx_base.hpp"

namespace camx {

/* ---------------------------------------------------------------------------------------------------
 * Models
 * ------------------------------------------------------------------------------------------------- */

/* The checked content of an ONNX file; shared by any number of threads and sessions. */
class model {
  public:
    explicit model(const std::string &path, const model_options &options = {})
    {
        camx_model *opened = nullptr;
        camx_error reason;
        detail::check(camx_model_open(path.c_str(), &options, &opened, &reason), reason);
        handle_ = owner(opened);
    }

    /* From bytes; with options.copy = 0 they must stay unchanged until the last owner is gone. */
    static model from_memory(const void *bytes, std::size_t size, const model_options &options = {})
    {
        camx_model *opened = nullptr;
        camx_error reason;
        detail::check(camx_model_open_memory(bytes, size, &options, &opened, &reason), reason);
        return model(owner(opened));
    }

    camx_model_info info() const
    {
        camx_model_info result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_model_get_info(get(), &result, &reason), reason);
        return result;
    }

    std::uint32_t class_count() const noexcept { return camx_model_class_count(get()); }

    /* "" if the file names no classes. */
    std::string_view class_name(std::uint32_t class_index) const noexcept
    {
        const char *name = camx_model_class_name(get(), class_index);
        return name == nullptr ? std::string_view() : std::string_view(name);
    }

    std::optional<std::string_view> metadata(const std::string &key) const
    {
        const char *text = camx_model_metadata(get(), key.c_str());
        return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
    }

    std::vector<std::string_view> metadata_keys() const
    {
        std::vector<std::string_view> keys;
        while (const char *key =
                   camx_model_metadata_key(get(), static_cast<std::uint32_t>(keys.size())))
            keys.emplace_back(key);
        return keys;
    }

    camx_model *get() const noexcept { return handle_.get(); }

  private:
    using owner = detail::shared<camx_model, camx_model_retain, camx_model_release>;
    explicit model(owner handle) noexcept : handle_(std::move(handle)) {}
    owner handle_;
};

/* ---------------------------------------------------------------------------------------------------
 * Inputs
 * ------------------------------------------------------------------------------------------------- */

/* Preprocessing for a model, filled from a preset; change what you like. */
struct input_options : camx_input_options {
    explicit input_options(const model &model, camx_preset preset = CAMX_PRESET_AUTO)
    {
        camx_error reason;
        detail::check((camx_input_options_for)(model.get(), preset, this,
                                               sizeof(camx_input_options), &reason),
                      reason);
    }
};

/* An immutable snapshot of what goes into the network. */
class input {
  public:
    input() noexcept = default; /* stands for the session's last input */

    /* The model's own preprocessing. The pixels are read during the call only. */
    input(const model &model, const camx_pixels &photo) : handle_(read(model, photo, nullptr)) {}
    input(const model &model, const camx_pixels &photo, const input_options &options)
        : handle_(read(model, photo, &options))
    {
    }

    /* A ready tensor in the network's own order and scale, copied. */
    static input from_floats(const model &model, span<const float> values,
                             const std::array<std::int64_t, 4> &shape)
    {
        std::size_t count = 1;
        for (std::int64_t side : shape)
            count *= side > 0 ? static_cast<std::size_t>(side) : 0;
        if (count != values.size())
            throw error(CAMX_E_ARGUMENT, "the tensor has " + std::to_string(values.size()) +
                                             " values; its shape needs " + std::to_string(count));
        camx_input *made = nullptr;
        camx_error reason;
        detail::check(camx_input_from_floats(model.get(), values.data(), shape.data(), 4, &made,
                                             &reason),
                      reason);
        return owning(made);
    }

    /* Takes a handle that a C function gave out; it is released with the last copy. */
    static input owning(camx_input *handle) noexcept
    {
        input result;
        result.handle_ = owner(handle);
        return result;
    }

    explicit operator bool() const noexcept { return get() != nullptr; }
    std::uint32_t image_count() const noexcept
    {
        return get() == nullptr ? 0 : camx_input_image_count(get());
    }

    std::array<std::int64_t, 4> shape() const
    {
        std::array<std::int64_t, 4> result{};
        if (get() != nullptr)
            camx_input_values(get(), result.data());
        return result;
    }

    /* The floats as the network sees them. */
    span<const float> values() const
    {
        if (get() == nullptr)
            return {};
        std::array<std::int64_t, 4> sides{};
        const float *first = camx_input_values(get(), sides.data());
        std::size_t count = 1;
        for (std::int64_t side : sides)
            count *= static_cast<std::size_t>(side);
        return {first, count};
    }

    /* What the network sees as a picture: RGB without gaps, of the input's size. */
    std::vector<std::uint8_t> pixels(std::uint32_t image = 0) const
    {
        std::array<std::int64_t, 4> sides = shape();
        bool channels_first = sides[1] == 1 || sides[1] == 3;
        std::int64_t height = sides[channels_first ? 2 : 1];
        std::int64_t width = sides[channels_first ? 3 : 2];
        std::vector<std::uint8_t> result(static_cast<std::size_t>(height * width) * 3);
        camx_pixels out = camx::pixels(result.data(), static_cast<int>(width), static_cast<int>(height));
        camx_error reason;
        detail::check(camx_input_to_pixels(get(), image, &out, &reason), reason);
        return result;
    }

    /* A sentence on how the picture was prepared. */
    std::string_view description() const
    {
        return get() == nullptr ? "" : camx_input_description(get());
    }

    camx_input *get() const noexcept { return handle_.get(); }

  private:
    using owner = detail::shared<camx_input, camx_input_retain, camx_input_release>;
    static owner read(const model &model, const camx_pixels &photo, const camx_input_options *options)
    {
        camx_input *made = nullptr;
        camx_error reason;
        detail::check(camx_input_from_pixels(model.get(), &photo, options, &made, &reason), reason);
        return owner(made);
    }
    owner handle_;
};

} // namespace camx

#endif
