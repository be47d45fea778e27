/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of camx.hpp: targets and sessions. Include that.
 */
#ifndef CAMX_CAMX_SESSION_HPP
#define CAMX_CAMX_SESSION_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "camx_network.hpp"

namespace camx {

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

} // namespace camx

#endif
