/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx.hpp: libcamx for C++17, in this one header over camx.h; link with libcamx alone.
 *
 *     camx::model model("net.onnx");
 *     camx::session session(model);
 *     camx::input input(model, camx::pixels(rgb, width, height));
 *     camx::map map = camx::gradcam(session, input);                  // for the top class
 *     std::vector<float> heat = map.render(width, height);
 *
 * What camx.h says holds here too: units, shapes, threads, defaults. On top of it:
 *
 *  - A failure is a camx::error with the library's sentence and its status; a call that was cancelled or
 *    ran out of time is a camx::stopped, which also holds what was computed so far.
 *  - model and input are shared: copying one adds an owner. session and map have one owner and are moved.
 *  - Options are the C structs with their defaults already set. Texts and spans that an object returns
 *    live as long as the object (a map's: until it is computed again).
 *  - camx::input{}, an empty one, stands for the session's last input: the network does not run again.
 *  - An exception thrown by a progress function cancels the call and is thrown on from it.
 */
#ifndef CAMX_CAMX_HPP
#define CAMX_CAMX_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
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
        input result;
        result.handle_ = owner(made);
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

/* ---------------------------------------------------------------------------------------------------
 * Targets
 * ------------------------------------------------------------------------------------------------- */

/* What is to be explained; the default is the top class of each image. */
class target {
  public:
    target() { camx_target_init(&plain_); }
    target(int class_index) { camx_target_for_class(&plain_, class_index); }

    /* class_index minus other_index: why this class and not that one. */
    static target pair(int class_index, int other_index)
    {
        target result(class_index);
        result.plain_.kind = CAMX_TARGET_PAIR;
        result.plain_.other_index = other_index;
        return result;
    }

    /* One class per image of a batch. */
    static target classes(std::vector<std::int32_t> class_indices)
    {
        target result;
        result.plain_.kind = CAMX_TARGET_CLASS;
        result.classes_ = std::move(class_indices);
        return result;
    }

    /* Any weighted sum of the scores: image_count x class_count weights. */
    static target seed(std::vector<float> weights, std::uint32_t image_count = 1)
    {
        target result;
        result.plain_.kind = CAMX_TARGET_SEED;
        result.seed_ = std::move(weights);
        result.plain_.count = image_count;
        return result;
    }

    target &with_score(camx_score score)
    {
        plain_.score = score;
        return *this;
    }

    target &negated(bool negate = true)
    {
        plain_.negate = negate ? 1 : 0;
        return *this;
    }

    /* The C struct; valid as long as this object is. */
    camx_target get() const
    {
        camx_target result = plain_;
        if (!classes_.empty()) {
            result.classes = classes_.data();
            result.count = static_cast<std::uint32_t>(classes_.size());
        }
        if (!seed_.empty())
            result.seed = seed_.data();
        return result;
    }

    std::size_t seed_size() const noexcept { return seed_.size(); }

  private:
    camx_target plain_;
    std::vector<std::int32_t> classes_;
    std::vector<float> seed_;
};

/* ---------------------------------------------------------------------------------------------------
 * Sessions
 * ------------------------------------------------------------------------------------------------- */

/* Runs a model; one thread at a time. */
class session {
  public:
    /* layers: to be kept from the first run on, beside the default one. */
    explicit session(const model &model, session_options options = {},
                     const std::vector<std::string> &layers = {})
    {
        std::vector<const char *> names;
        for (const std::string &layer : layers)
            names.push_back(layer.c_str());
        if (!names.empty()) {
            options.layers = names.data();
            options.layer_count = static_cast<std::uint32_t>(names.size());
        }
        camx_session *opened = nullptr;
        camx_error reason;
        detail::check(camx_session_open(model.get(), &options, &opened, &reason), reason);
        handle_.reset(opened);
        class_count_ = model.class_count();
    }

    /* Runs the network; an empty input = only make sure that the last one was run. */
    void run(const input &input = {})
    {
        camx_error reason;
        detail::check(camx_session_run(get(), input.get(), &reason), reason);
    }

    /* How many images the last input has; 0 before the first. */
    std::uint32_t image_count() const noexcept { return camx_session_image_count(get()); }

    std::vector<float> scores(camx_score score, std::uint32_t image = 0)
    {
        std::vector<float> result(class_count_);
        camx_error reason;
        detail::check(
            camx_session_scores(get(), image, score, result.data(), result.size(), &reason), reason);
        return result;
    }
    std::vector<float> logits(std::uint32_t image = 0) { return scores(CAMX_SCORE_LOGIT, image); }
    std::vector<float> probabilities(std::uint32_t image = 0)
    {
        return scores(CAMX_SCORE_PROBABILITY, image);
    }

    /* The best classes of one image, best first. */
    std::vector<camx_class_score> top(std::uint32_t count = 5, std::uint32_t image = 0)
    {
        if (count > class_count_)
            count = class_count_;
        std::vector<camx_class_score> best(count);
        std::uint32_t found = 0;
        camx_error reason;
        detail::check(camx_session_top(get(), image, best.data(), count, &found, &reason), reason);
        best.resize(found);
        return best;
    }

    /* Any value of the last run, in ONNX order; `values` has room for exactly all of it. */
    void value(const std::string &layer, span<float> values)
    {
        camx_error reason;
        detail::check(camx_session_value(get(), detail::layer_name(layer), values.data(),
                                         values.size(), &reason),
                      reason);
    }

    /* The gradient of the target with respect to a layer (or the input, by its name). */
    void gradient(const std::string &layer, span<float> values, const target &target = {},
                  const input &input = {})
    {
        check_seed(target);
        camx_target what = target.get();
        camx_error reason;
        detail::check(camx_session_gradient(get(), input.get(), &what, detail::layer_name(layer),
                                            values.data(), values.size(), &reason),
                      reason);
    }

    /* How long each step of the network takes, in the order of execution. The texts in the rows live until the
     * next profile or the end of the session. */
    std::vector<camx_profile_row> profile(const input &input = {}, std::int32_t runs = 0,
                                          bool backward = false, const std::string &layer = {})
    {
        camx_profile_options options;
        camx_error reason;
        camx_profile_options_init(&options);
        options.runs = runs;
        options.backward = backward;
        options.layer = detail::layer_name(layer);
        detail::check(camx_session_profile(get(), input.get(), &options, &reason), reason);
        std::vector<camx_profile_row> rows(camx_session_profile_count(get()));
        for (std::size_t i = 0; i < rows.size(); i++) {
            rows[i].struct_size = sizeof rows[i];
            detail::check(camx_session_get_profile_row(get(), static_cast<std::uint32_t>(i),
                                                       &rows[i], &reason),
                          reason);
        }
        return rows;
    }

    std::uint32_t layer_count() const noexcept { return camx_session_layer_count(get()); }

    camx_layer_info layer(std::uint32_t index) const
    {
        camx_layer_info result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_session_get_layer(get(), index, &result, &reason), reason);
        return result;
    }

    /* The layer that a name stands for; "" = the default layer. */
    camx_layer_info find_layer(const std::string &name = {}) const
    {
        std::uint32_t index = 0;
        camx_error reason;
        detail::check(camx_session_find_layer(get(), detail::layer_name(name), &index, &reason),
                      reason);
        return layer(index);
    }

    /* For every resolution the last feature map that everything passes through (see explain_stages). */
    std::vector<camx_layer_info> stages() const
    {
        std::vector<camx_layer_info> result(camx_session_stage_count(get()));
        for (std::size_t i = 0; i < result.size(); i++) {
            camx_error reason;
            result[i].struct_size = sizeof result[i];
            detail::check(
                camx_session_get_stage(get(), static_cast<std::uint32_t>(i), &result[i], &reason), reason);
        }
        return result;
    }

    camx_session_stats stats() const
    {
        camx_session_stats result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_session_get_stats(get(), &result, &reason), reason);
        return result;
    }

    camx_session *get() const noexcept { return handle_.get(); }

    /* A seed is a bare pointer to C: refuse one of another length than the scores. */
    void check_seed(const target &target) const
    {
        camx_target what = target.get();
        std::size_t needed = std::size_t{what.count} * class_count_;
        if (what.kind == CAMX_TARGET_SEED && target.seed_size() != needed)
            throw error(CAMX_E_ARGUMENT,
                        "the seed has " + std::to_string(target.seed_size()) + " numbers; " +
                            std::to_string(needed) + " are needed: images x classes");
    }

  private:
    detail::unique<camx_session, camx_session_close> handle_;
    std::uint32_t class_count_ = 0;
};

/* ---------------------------------------------------------------------------------------------------
 * Maps
 * ------------------------------------------------------------------------------------------------- */

/* One raw, signed map per image, at the layer's size. Reusable: each computation replaces the content. */
class map {
  public:
    map()
    {
        camx_map *made = nullptr;
        camx_error reason;
        detail::check(camx_map_create(nullptr, &made, &reason), reason);
        handle_.reset(made);
    }

    std::uint32_t image_count() const noexcept { return camx_map_image_count(get()); }

    camx_map_info info(std::uint32_t image = 0) const
    {
        camx_map_info result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_map_get_info(get(), image, &result, &reason), reason);
        return result;
    }

    /* height x width raw values; valid until the map is computed again. */
    span<const float> values(std::uint32_t image = 0) const
    {
        return {camx_map_values(get(), image), area(info(image))};
    }

    /* Under a scaling, still at layer size. */
    std::vector<float> scaled(camx_scaling scaling = CAMX_SCALING_PGC, std::uint32_t image = 0) const
    {
        std::vector<float> result(area(info(image)));
        camx_error reason;
        detail::check(
            camx_map_scale(get(), image, scaling, result.data(), result.size(), &reason), reason);
        return result;
    }

    /* In the photograph's own pixels, or any other size of the same picture; NaN outside the crop. */
    std::vector<float> render(int width, int height, const render_options &options = {},
                              std::uint32_t image = 0) const
    {
        std::size_t rows = height > 0 ? static_cast<std::size_t>(height) : 0;
        std::vector<float> result(rows * (width > 0 ? static_cast<std::size_t>(width) : 0));
        render_into(result.data(), width, height, options, image);
        return result;
    }

    /* The same into width x height floats of the caller. */
    void render_into(float *values, int width, int height, const render_options &options = {},
                     std::uint32_t image = 0) const
    {
        camx_error reason;
        detail::check(camx_map_render(get(), image, &options, values, width, height, &reason),
                      reason);
    }

    /* Boxes around the heat, in the photograph's own pixels. */
    std::vector<camx_box> boxes(const box_options &options = {}, std::uint32_t image = 0) const
    {
        std::uint32_t found = 0;
        camx_error reason;
        detail::check(camx_map_boxes(get(), image, &options, nullptr, 0, &found, &reason), reason);
        std::vector<camx_box> result(found);
        detail::check(camx_map_boxes(get(), image, &options, result.data(), found, &found, &reason), reason);
        return result;
    }

    /* How much of the heat lies inside a box, or where a mask of the photograph's size is at least `level` bright. */
    camx_focus focus(const camx_rect &box, std::uint32_t image = 0) const
    {
        camx_focus result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_map_focus_box(get(), image, &box, &result, &reason), reason);
        return result;
    }
    camx_focus focus(const camx_pixels &mask, int level = 128, std::uint32_t image = 0) const
    {
        camx_focus result{};
        camx_error reason;
        result.struct_size = sizeof result;
        detail::check(camx_map_focus_mask(get(), image, &mask, level, &result, &reason), reason);
        return result;
    }

    /* Why there may be nothing to see, in words; "" when all is well. */
    std::string_view finding_text(std::uint32_t image = 0) const
    {
        return camx_finding_text(info(image).finding);
    }

    camx_map *get() const noexcept { return handle_.get(); }

  private:
    static std::size_t area(const camx_map_info &info) noexcept
    {
        return static_cast<std::size_t>(info.width) * static_cast<std::size_t>(info.height);
    }
    detail::unique<camx_map, camx_map_release> handle_;
};

/* Thrown when a call was cancelled or its time was up. */
class stopped : public error {
  public:
    stopped(camx_status status, const std::string &message, std::shared_ptr<map> so_far)
        : error(status, message), partial_(std::move(so_far))
    {
    }
    /* The map as far as it was computed (positions not reached are NaN); empty when the call was given
     * the caller's own map, which then holds it. */
    const std::shared_ptr<map> &partial() const noexcept { return partial_; }

  private:
    std::shared_ptr<map> partial_;
};

/* ---------------------------------------------------------------------------------------------------
 * Methods
 *
 * Each comes twice: one returns a new map, the other (with `into` first) fills a map of the caller, for
 * loops over video frames. layer "" = the default layer.
 * ------------------------------------------------------------------------------------------------- */

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

inline void check_map(camx_status status, const camx_error &reason, const progress_call *call = nullptr)
{
    if (call != nullptr && call->thrown)
        std::rethrow_exception(call->thrown);
    if (status == CAMX_E_CANCELLED || status == CAMX_E_DEADLINE)
        throw stopped(status, reason.message, nullptr);
    check(status, reason);
}

/* Runs fill(map) on a new map; if it is stopped, the map goes with the exception. */
template <class Fill> map fill_new(const Fill &fill)
{
    map result;
    try {
        fill(result);
    } catch (const stopped &reason) {
        throw stopped(reason.status(), reason.what(), std::make_shared<map>(std::move(result)));
    }
    return result;
}

} // namespace detail

inline void cam(map &into, session &session, const input &input = {}, const target &target = {})
{
    session.check_seed(target);
    camx_target what = target.get();
    camx_error reason;
    detail::check_map(cam_compute(session.get(), input.get(), &what, nullptr, into.get(), &reason),
                      reason);
}

inline map cam(session &session, const input &input = {}, const target &target = {})
{
    map result;
    cam(result, session, input, target);
    return result;
}

inline void gradcam(map &into, session &session, const input &input = {}, const target &target = {},
                    const std::string &layer = {})
{
    session.check_seed(target);
    camx_target what = target.get();
    camx_gradcam_options options;
    camx_gradcam_options_init(&options);
    options.layer = detail::layer_name(layer);
    camx_error reason;
    detail::check_map(
        gradcam_compute(session.get(), input.get(), &what, &options, into.get(), &reason), reason);
}

inline map gradcam(session &session, const input &input = {}, const target &target = {},
                   const std::string &layer = {})
{
    map result;
    gradcam(result, session, input, target, layer);
    return result;
}

inline void gradcampp(map &into, session &session, const input &input = {},
                      const target &target = {}, const std::string &layer = {},
                      camx_gradcampp_rule rule = CAMX_GRADCAMPP_PAPER)
{
    session.check_seed(target);
    camx_target what = target.get();
    camx_gradcampp_options options;
    camx_gradcampp_options_init(&options);
    options.layer = detail::layer_name(layer);
    options.rule = rule;
    camx_error reason;
    detail::check_map(
        gradcampp_compute(session.get(), input.get(), &what, &options, into.get(), &reason), reason);
}

inline map gradcampp(session &session, const input &input = {}, const target &target = {},
                     const std::string &layer = {}, camx_gradcampp_rule rule = CAMX_GRADCAMPP_PAPER)
{
    map result;
    gradcampp(result, session, input, target, layer, rule);
    return result;
}

inline void occlusion(map &into, session &session, const input &input = {},
                      const target &target = {}, const occlusion_options &options = {})
{
    session.check_seed(target);
    camx_target what = target.get();
    camx_occlusion_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::connect(settings, call);
    camx_error reason;
    camx_status status =
        occlusion_map(session.get(), input.get(), &what, &settings, into.get(), &reason);
    detail::check_map(status, reason, &call);
}

inline map occlusion(session &session, const input &input = {}, const target &target = {},
                     const occlusion_options &options = {})
{
    return detail::fill_new(
        [&](map &result) { occlusion(result, session, input, target, options); });
}

/* Any method by its number, for programs that let the user choose. */
inline void explain(map &into, session &session, int method, const input &input = {},
                    const target &target = {}, const explain_options &options = {})
{
    session.check_seed(target);
    camx_target what = target.get();
    camx_explain_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::connect(settings, call);
    camx_error reason;
    camx_status status =
        camx_explain(session.get(), method, input.get(), &what, &settings, into.get(), &reason);
    detail::check_map(status, reason, &call);
}

inline map explain(session &session, int method, const input &input = {}, const target &target = {},
                   const explain_options &options = {})
{
    return detail::fill_new(
        [&](map &result) { explain(result, session, method, input, target, options); });
}

/* Occlusion for several targets from the same runs: one map per target. */
inline std::vector<map> occlusion_many(session &session, const std::vector<target> &targets,
                                       const input &input = {}, const occlusion_options &options = {})
{
    std::vector<camx_target> what;
    std::vector<const camx_target *> pointers;
    std::vector<camx_map *> places;
    for (const target &one : targets) {
        session.check_seed(one);
        what.push_back(one.get());
    }
    for (const camx_target &one : what)
        pointers.push_back(&one);
    std::vector<map> maps(targets.empty() ? 1 : targets.size());
    for (const map &one : maps)
        places.push_back(one.get());
    camx_occlusion_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::connect(settings, call);
    camx_error reason;
    camx_status status = camx_occlusion_many(
        session.get(), input.get(), pointers.data(), static_cast<std::uint32_t>(pointers.size()), &settings,
        places.data(), &reason);
    detail::check_map(status, reason, &call);
    return maps;
}


/* Several targets at several layers in one call, by one forward pass: the map of targets[t] at layers[l] is
 * result[t * layers.size() + l]. A layer of "" is the default one. When it is stopped the exception has no map. */
inline std::vector<map> explain_many(session &session, int method, const std::vector<target> &targets,
                                     const std::vector<std::string> &layers = {std::string()},
                                     const input &input = {}, const explain_options &options = {})
{
    std::vector<camx_target> what;
    std::vector<const camx_target *> pointers;
    std::vector<const char *> names;
    std::vector<camx_map *> places;
    for (const target &one : targets) {
        session.check_seed(one);
        what.push_back(one.get());
    }
    for (const camx_target &one : what)
        pointers.push_back(&one);
    for (const std::string &layer : layers)
        names.push_back(detail::layer_name(layer));
    std::vector<map> maps((targets.empty() ? 1 : targets.size()) * (layers.empty() ? 1 : layers.size()));
    for (const map &one : maps)
        places.push_back(one.get());
    camx_explain_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::connect(settings, call);
    camx_error reason;
    camx_status status = camx_explain_many(
        session.get(), method, input.get(), pointers.data(), static_cast<std::uint32_t>(pointers.size()),
        names.data(), static_cast<std::uint32_t>(names.size()), &settings, places.data(), &reason);
    detail::check_map(status, reason, &call);
    return maps;
}

/* Layer progression: a map for every one of session::stages(), by one forward and one backward pass. */
inline std::vector<map> explain_stages(session &session, int method = CAMX_METHOD_GRADCAM,
                                       const input &input = {}, const target &target = {},
                                       const explain_options &options = {})
{
    if (input)
        session.run(input); /* the stages are those of the input's size */
    session.check_seed(target);
    camx_target what = target.get();
    std::vector<map> maps(session.stages().size());
    std::vector<camx_map *> places;
    for (const map &one : maps)
        places.push_back(one.get());
    camx_explain_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::connect(settings, call);
    camx_error reason;
    camx_status status =
        camx_explain_stages(session.get(), method, nullptr, &what, &settings, places.data(),
                            static_cast<std::uint32_t>(places.size()), &reason);
    detail::check_map(status, reason, &call);
    return maps;
}

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
