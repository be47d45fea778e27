/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx.hpp: libcamx for C++17, headers over camx.h; this one includes them all. Link with libcamx alone.
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

#include "camx_maps.hpp"
#include "camx_maximise.hpp"

#endif
