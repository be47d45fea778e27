/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of OpenCV's core module as camx_opencv.hpp uses, so that the header is compiled and run by the
 * tests on machines without OpenCV. Not OpenCV: nothing but continuous matrices in a vector.
 */
#ifndef OPENCV_CORE_HPP
#define OPENCV_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#define CV_8UC1 0
#define CV_8UC3 16
#define CV_8UC4 24
#define CV_32FC1 5

namespace cv {

struct Size {
    Size(int w, int h) : width(w), height(h) {}
    int width, height;
};

class Mat {
  public:
    Mat(int r, int c, int kind)
        : rows(r), cols(c), step(static_cast<std::size_t>(c) * bytes(kind)),
          memory_(std::make_shared<std::vector<std::uint8_t>>(step * static_cast<std::size_t>(r))),
          kind_(kind)
    {
        data = memory_->data();
    }
    int type() const { return kind_; }
    bool isContinuous() const { return true; }
    Size size() const { return Size(cols, rows); }
    template <class T> T *ptr(int row = 0)
    {
        return reinterpret_cast<T *>(data + step * static_cast<std::size_t>(row));
    }
    template <class T> const T *ptr(int row = 0) const
    {
        return reinterpret_cast<const T *>(data + step * static_cast<std::size_t>(row));
    }

    int rows, cols;
    std::size_t step;
    std::uint8_t *data = nullptr;

  private:
    static std::size_t bytes(int kind) { return kind == CV_8UC1 ? 1 : kind == CV_8UC3 ? 3 : 4; }
    std::shared_ptr<std::vector<std::uint8_t>> memory_;
    int kind_;
};

} // namespace cv

#endif
