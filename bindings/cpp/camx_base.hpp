/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of camx.hpp share: errors, spans, options, and 8-bit pictures. Include camx.hpp.
 */
#ifndef CAMX_CAMX_BASE_HPP
#define CAMX_CAMX_BASE_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "camx/camx.h"

namespace camx {

/* ---------------------------------------------------------------------------------------------------
 * Small things
 * ------------------------------------------------------------------------------------------------- */

/* A pointer and a length: what std::span is in C++20, which converts from it. */
template <class T> class span {
  public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /* From a vector, array and the like; from a temporary one only to read, for the length of a call. */
    template <class Container,
              class = decltype(static_cast<T *>(std::declval<Container &>().data())),
              class = std::enable_if_t<!std::is_same_v<std::decay_t<Container>, span> &&
                                       (std::is_lvalue_reference_v<Container> || std::is_const_v<T>)>>
    constexpr span(Container &&container) : data_(container.data()), size_(container.size())
    {
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t i) const { return data_[i]; }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/* What every failing call throws. */
class error : public std::runtime_error {
  public:
    error(camx_status status, const std::string &message)
        : std::runtime_error(message), status_(status)
    {
    }
    camx_status status() const noexcept { return status_; }

  private:
    camx_status status_;
};

namespace detail {

inline std::string text_or_empty(const char *text)
{
    return text == nullptr ? std::string() : std::string(text);
}

/* Throws if the call that filled `reason` failed. */
inline void check(camx_status status, const camx_error &reason)
{
    if (status != CAMX_OK)
        throw error(status, reason.message);
}

/* NULL for the default layer, which an empty text stands for. */
inline const char *layer_name(const std::string &layer)
{
    return layer.empty() ? nullptr : layer.c_str();
}

/* An owner of a reference-counted handle. */
template <class T, void (*Retain)(T *), void (*Release)(T *)> class shared {
  public:
    shared() noexcept = default;
    explicit shared(T *handle) noexcept : handle_(handle) {}
    shared(const shared &other) noexcept : handle_(other.handle_)
    {
        if (handle_ != nullptr)
            Retain(handle_);
    }
    shared(shared &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    shared &operator=(shared other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~shared() { Release(handle_); }
    T *get() const noexcept { return handle_; }

  private:
    T *handle_ = nullptr;
};

template <class T, void (*Release)(T *)> struct releaser {
    void operator()(T *handle) const noexcept { Release(handle); }
};
template <class T, void (*Release)(T *)> using unique = std::unique_ptr<T, releaser<T, Release>>;

} // namespace detail

/* "0.1.0": the library that is running. */
inline std::string_view version() noexcept
{
    return camx_version();
}

/* A picture in the caller's memory; it is only read where a function says so. stride: bytes from row to
 * row, 0 = rows without gaps. */
inline camx_pixels pixels(const std::uint8_t *data, int width, int height,
                          camx_pixel_format format = CAMX_PIXEL_RGB, std::size_t stride = 0)
{
    camx_pixels result;
    camx_pixels_init(&result, format, width, height, stride, const_cast<std::uint8_t *>(data));
    return result;
}

/* ---------------------------------------------------------------------------------------------------
 * Options: the C structs, defaults set
 *
 * The C functions are called past the macros of their names, which would measure the derived structs.
 * ------------------------------------------------------------------------------------------------- */

struct model_options : camx_model_options {
    model_options() noexcept { (camx_model_options_init)(this, sizeof(camx_model_options)); }
};

struct session_options : camx_session_options {
    session_options() noexcept { (camx_session_options_init)(this, sizeof(camx_session_options)); }
};

struct render_options : camx_render_options {
    render_options() noexcept { (camx_render_options_init)(this, sizeof(camx_render_options)); }
};

struct overlay_options : camx_overlay_options {
    overlay_options() noexcept { (camx_overlay_options_init)(this, sizeof(camx_overlay_options)); }
};

struct box_options : camx_box_options {
    box_options() noexcept { (camx_box_options_init)(this, sizeof(camx_box_options)); }
};

struct line_options : camx_line_options {
    line_options() noexcept { (camx_line_options_init)(this, sizeof(camx_line_options)); }
};

/* Return false to stop. Called now and then, on the thread of the call only. */
using progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

namespace detail {

/* A progress function on its way through C, where exceptions cannot pass. */
struct progress_call {
    const progress *function;
    std::exception_ptr thrown;

    static int step(std::uint64_t done, std::uint64_t total, void *user)
    {
        progress_call *call = static_cast<progress_call *>(user);
        try {
            return (*call->function)(done, total) ? 0 : 1;
        } catch (...) {
            call->thrown = std::current_exception();
            return 1;
        }
    }
};

/* Puts the C++ progress function in place of the C one, if there is one. */
template <class Options> void connect(Options &options, progress_call &call)
{
    if (*call.function) {
        options.progress = progress_call::step;
        options.progress_user = &call;
    }
}

} // namespace detail

struct occlusion_options : camx_occlusion_options {
    occlusion_options() noexcept { (camx_occlusion_options_init)(this, sizeof(camx_occlusion_options)); }
    camx::progress on_progress; /* used instead of the C callback if set */

    /* captum.attr.Occlusion's conventions; say CAMX_SCORE_LOGIT in the target as well. */
    static occlusion_options captum() noexcept
    {
        occlusion_options result;
        (camx_occlusion_options_captum)(&result, sizeof(camx_occlusion_options));
        return result;
    }
};

struct explain_options : camx_explain_options {
    explain_options() noexcept { (camx_explain_options_init)(this, sizeof(camx_explain_options)); }
    camx::progress on_progress;
};

/* ---------------------------------------------------------------------------------------------------
 * Pictures
 * ------------------------------------------------------------------------------------------------- */

/* Paints heat (as map::render gives it, one float per pixel) over the photograph: RGB without gaps. */
inline std::vector<std::uint8_t> overlay(const camx_pixels &photo, span<const float> heat,
                                         const overlay_options &options = {})
{
    std::size_t width = photo.width > 0 ? static_cast<std::size_t>(photo.width) : 0;
    std::size_t height = photo.height > 0 ? static_cast<std::size_t>(photo.height) : 0;
    if (heat.size() != width * height)
        throw error(CAMX_E_ARGUMENT, "the heat has " + std::to_string(heat.size()) +
                                         " values; the photograph has " +
                                         std::to_string(width * height) + " pixels");
    std::vector<std::uint8_t> result(width * height * 3);
    camx_pixels out = pixels(result.data(), photo.width, photo.height);
    camx_error reason;
    detail::check(camx_overlay_draw(&photo, heat.data(), &options, &out, &reason), reason);
    return result;
}

/* Intersection over union. */
inline float iou(const camx_rect &a, const camx_rect &b) noexcept
{
    return camx_box_iou(&a, &b);
}

/* Draws boxes into a picture. */
inline void draw_boxes(camx_pixels &out, span<const camx_box> boxes, const line_options &options = {})
{
    camx_error reason;
    detail::check(camx_boxes_draw(boxes.data(), static_cast<std::uint32_t>(boxes.size()), &options, &out, &reason),
                  reason);
}

} // namespace camx

#endif
