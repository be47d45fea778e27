/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx_opencv.hpp: cv::Mat in, cv::Mat out, without copies of the photograph. Needs only OpenCV's core
 * module, and only in programs that include this header.
 *
 *     cv::Mat frame = cv::imread("cat.png");                          // BGR
 *     camx::map map = camx::gradcam(session, camx::input(model, camx::pixels(frame)));
 *     cv::Mat heat = camx::render(map, frame.size());                 // CV_32FC1
 *     cv::imwrite("heat.png", camx::overlay(frame, heat));            // BGR again
 */
#ifndef CAMX_CAMX_OPENCV_HPP
#define CAMX_CAMX_OPENCV_HPP

#include <opencv2/core.hpp>

#include "camx.hpp"

namespace camx {

/* A Mat of CV_8UC1 (grey), CV_8UC3 (BGR) or CV_8UC4 (BGRA) as a picture for libcamx; the Mat keeps the
 * memory. */
inline camx_pixels pixels(const cv::Mat &mat)
{
    camx_pixel_format format = CAMX_PIXEL_BGR;
    if (mat.type() == CV_8UC1)
        format = CAMX_PIXEL_GREY;
    else if (mat.type() == CV_8UC4)
        format = CAMX_PIXEL_BGRA;
    else if (mat.type() != CV_8UC3)
        throw error(CAMX_E_ARGUMENT, "the Mat must be CV_8UC1, CV_8UC3 or CV_8UC4");
    std::size_t stride = mat.step;
    return pixels(mat.data, mat.cols, mat.rows, format, stride);
}

/* The map of one image in `size` pixels: CV_32FC1, NaN outside the crop. */
inline cv::Mat render(const map &map, const cv::Size &size, const render_options &options = {},
                      std::uint32_t image = 0)
{
    cv::Mat heat(size.height, size.width, CV_32FC1);
    if (!heat.isContinuous())
        throw error(CAMX_E_INTERNAL, "a new Mat has gaps between its rows");
    map.render_into(heat.ptr<float>(), size.width, size.height, options, image);
    return heat;
}

/* Paints heat (as render gives it) over a photograph: CV_8UC3 in BGR order, as OpenCV wants it. */
inline cv::Mat overlay(const cv::Mat &photo, const cv::Mat &heat, const overlay_options &options = {})
{
    if (heat.type() != CV_32FC1 || heat.rows != photo.rows || heat.cols != photo.cols ||
        !heat.isContinuous())
        throw error(CAMX_E_ARGUMENT,
                    "the heat must be a continuous CV_32FC1 Mat of the photograph's size");
    cv::Mat painted(photo.rows, photo.cols, CV_8UC3);
    camx_pixels source = pixels(photo);
    camx_pixels out = pixels(painted);
    out.format = CAMX_PIXEL_RGB; /* what camx_overlay_draw writes; swapped below */
    camx_error reason;
    detail::check(camx_overlay_draw(&source, heat.ptr<float>(), &options, &out, &reason), reason);
    for (int row = 0; row < painted.rows; row++) {
        std::uint8_t *pixel = painted.ptr<std::uint8_t>(row);
        for (int column = 0; column < painted.cols; column++, pixel += 3)
            std::swap(pixel[0], pixel[2]);
    }
    return painted;
}

} // namespace camx

#endif
