/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of camx.hpp: activation maximisation, images that excite what one names. Include that.
 */
#ifndef CAMX_CAMX_MAXIMISE_HPP
#define CAMX_CAMX_MAXIMISE_HPP

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "camx_maps.hpp"

namespace camx {

/* What an image is to excite. layer "" = the default layer. */
class objective {
  public:
    objective(int class_index) { camx_objective_for_class(&plain_, class_index); }

    /* The mean of a channel of a layer. */
    static objective channel(int index, std::string layer = {})
    {
        return {CAMX_OBJECTIVE_CHANNEL, index, std::move(layer)};
    }

    /* One number of a channel; x, y: -1 = in the middle. */
    static objective neuron(int index, std::string layer = {}, int x = -1, int y = -1)
    {
        objective result(CAMX_OBJECTIVE_NEURON, index, std::move(layer));
        result.plain_.x = x;
        result.plain_.y = y;
        return result;
    }

    /* More of whatever a layer sees. */
    static objective layer(std::string name = {}) { return {CAMX_OBJECTIVE_LAYER, 0, std::move(name)}; }

    /* Negative: as little of it as possible. */
    objective &with_weight(float weight)
    {
        plain_.weight = weight;
        return *this;
    }

    /* The C struct; valid as long as this object is. */
    camx_objective get() const
    {
        camx_objective result = plain_;
        result.layer = detail::layer_name(layer_);
        return result;
    }

  private:
    objective(camx_objective_kind kind, int index, std::string layer) : layer_(std::move(layer))
    {
        camx_objective_init(&plain_);
        plain_.kind = kind;
        plain_.index = index;
    }
    camx_objective plain_;
    std::string layer_;
};

/* A picture of the ascent; the pixels are there during the call only. Return false to stop. */
using frame = std::function<bool(const camx_pixels &picture, std::uint32_t step)>;

struct maximise_options : camx_maximise_options {
    maximise_options() noexcept { (camx_maximise_options_init)(this, sizeof(camx_maximise_options)); }
    camx::progress on_progress; /* used instead of the C callback if set */
    camx::frame on_frame;       /* likewise; frame_every 0 then means 10 */
    input start;                /* likewise instead of the pointer of that name; empty = from noise */
};

namespace detail {

struct frame_call {
    const frame *function;
    std::exception_ptr thrown;

    static int show(const camx_pixels *picture, std::uint32_t step, void *user)
    {
        frame_call *call = static_cast<frame_call *>(user);
        try {
            return (*call->function)(*picture, step) ? 0 : 1;
        } catch (...) {
            call->thrown = std::current_exception();
            return 1;
        }
    }
};

/* Puts the C++ function and input in place of the C ones, if they are there. */
inline void connect_start(camx_maximise_options &plain, const maximise_options &options, frame_call &call)
{
    if (options.on_frame) {
        plain.frame = frame_call::show;
        plain.frame_user = &call;
        if (plain.frame_every == 0)
            plain.frame_every = 10;
    }
    if (options.start)
        plain.start = options.start.get();
}

} // namespace detail

/* An image that excites the weighted sum of the objectives. It becomes the session's last input, and input::pixels shows
 * it. When it is stopped, the exception has the image so far. */
inline input maximise(session &session, const std::vector<objective> &objectives,
                      const maximise_options &options = {})
{
    std::vector<camx_objective> what;
    std::vector<const camx_objective *> pointers;
    for (const objective &one : objectives)
        what.push_back(one.get());
    for (const camx_objective &one : what)
        pointers.push_back(&one);
    camx_maximise_options settings = options;
    detail::progress_call call{&options.on_progress, nullptr};
    detail::frame_call frames{&options.on_frame, nullptr};
    detail::connect(settings, call);
    detail::connect_start(settings, options, frames);
    camx_input *made = nullptr;
    camx_error reason;
    camx_status status = camx_maximise(session.get(), pointers.data(),
                                       static_cast<std::uint32_t>(pointers.size()), &settings, &made, &reason);
    input result = input::owning(made);
    if (call.thrown)
        std::rethrow_exception(call.thrown);
    if (frames.thrown)
        std::rethrow_exception(frames.thrown);
    if (status == CAMX_E_CANCELLED || status == CAMX_E_DEADLINE)
        throw stopped(status, reason.message, result);
    detail::check(status, reason);
    return result;
}

inline input maximise(session &session, const objective &objective, const maximise_options &options = {})
{
    return maximise(session, std::vector<camx::objective>{objective}, options);
}

} // namespace camx

#endif
