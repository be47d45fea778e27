/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of camx.hpp: maps and the methods that make them. Include that.
 */
#ifndef CAMX_CAMX_MAPS_HPP
#define CAMX_CAMX_MAPS_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "camx_session.hpp"

namespace camx {

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
    stopped(camx_status status, const std::string &message, input so_far)
        : error(status, message), picture_(std::move(so_far))
    {
    }
    /* The map as far as it was computed (positions not reached are NaN); empty when the call was given
     * the caller's own map, which then holds it. */
    const std::shared_ptr<map> &partial() const noexcept { return partial_; }

    /* Of maximise: the image so far. */
    const input &picture() const noexcept { return picture_; }

  private:
    std::shared_ptr<map> partial_;
    input picture_;
};

/* ---------------------------------------------------------------------------------------------------
 * Methods
 *
 * Each comes twice: one returns a new map, the other (with `into` first) fills a map of the caller, for
 * loops over video frames. layer "" = the default layer.
 * ------------------------------------------------------------------------------------------------- */

namespace detail {

inline void check_map(camx_status status, const camx_error &reason, const progress_call *call = nullptr)
{
    if (call != nullptr && call->thrown)
        std::rethrow_exception(call->thrown);
    if (status == CAMX_E_CANCELLED || status == CAMX_E_DEADLINE)
        throw stopped(status, reason.message, std::shared_ptr<map>());
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

} // namespace camx

#endif
