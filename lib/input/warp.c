/* SPDX-License-Identifier: Apache-2.0 */
/* Warps, stretches and blurs with their transposes. */
#include "input/warp.h"

#include <math.h>
#include <string.h>

/* Two neighbours and the second's share. */
typedef struct mix {
    int64_t first;
    int64_t second;
    float share;
} mix;

static mix mix_at(double at, int64_t count)
{
    mix m = {0, 0, 0.0F};
    if (!(at > 0.0))
        return m;
    if (at >= (double)(count - 1)) {
        m.first = m.second = count - 1;
        return m;
    }
    m.first = (int64_t)at;
    m.second = m.first + 1;
    m.share = (float)(at - (double)m.first);
    return m;
}

/* ---- turn, scale, shift ---- */

/* The four numbers that pixel (x, y) of the result is made of. */
typedef struct four {
    int64_t at[4];
    float weight[4];
} four;

static four four_of(const camx__warp *warp, const camx__planes *size, int64_t x, int64_t y)
{
    double dx = (double)x - 0.5 * (double)(size->width - 1);
    double dy = (double)y - 0.5 * (double)(size->height - 1);
    double from_x = warp->cosine * dx - warp->sine * dy + warp->shift_x + 0.5 * (double)(size->width - 1);
    double from_y = warp->sine * dx + warp->cosine * dy + warp->shift_y + 0.5 * (double)(size->height - 1);
    mix column = mix_at(from_x, size->width);
    mix row = mix_at(from_y, size->height);
    return (four){{row.first * size->width + column.first, row.first * size->width + column.second,
                   row.second * size->width + column.first, row.second * size->width + column.second},
                  {(1.0F - row.share) * (1.0F - column.share), (1.0F - row.share) * column.share,
                   row.share * (1.0F - column.share), row.share * column.share}};
}

void camx__warp_apply(const camx__warp *warp, const camx__planes *size, const float *from, float *to)
{
    int64_t pixels = size->height * size->width;
    for (int64_t y = 0; y < size->height; y++)
        for (int64_t x = 0; x < size->width; x++) {
            four f = four_of(warp, size, x, y);
            for (int64_t c = 0; c < size->count; c++) {
                const float *plane = from + c * pixels;
                to[c * pixels + y * size->width + x] = f.weight[0] * plane[f.at[0]] + f.weight[1] * plane[f.at[1]] +
                                                       f.weight[2] * plane[f.at[2]] + f.weight[3] * plane[f.at[3]];
            }
        }
}

void camx__warp_transpose(const camx__warp *warp, const camx__planes *size, const float *from, float *to)
{
    int64_t pixels = size->height * size->width;
    for (int64_t y = 0; y < size->height; y++)
        for (int64_t x = 0; x < size->width; x++) {
            four f = four_of(warp, size, x, y);
            for (int64_t c = 0; c < size->count; c++) {
                float *plane = to + c * pixels;
                float value = from[c * pixels + y * size->width + x];
                for (int i = 0; i < 4; i++)
                    plane[f.at[i]] += f.weight[i] * value;
            }
        }
}

/* ---- stretch ---- */

static mix stretch_at(int64_t i, int64_t large, int64_t small)
{
    return mix_at(((double)i + 0.5) * (double)small / (double)large - 0.5, small);
}

static void stretch_plane(const camx__planes *small, const camx__planes *large, float factor, const float *from,
                          float *to, float *room)
{
    for (int64_t x = 0; x < large->width; x++) {
        mix m = stretch_at(x, large->width, small->width);
        for (int64_t y = 0; y < small->height; y++) {
            const float *row = from + y * small->width;
            room[y * large->width + x] = factor * ((1.0F - m.share) * row[m.first] + m.share * row[m.second]);
        }
    }
    for (int64_t y = 0; y < large->height; y++) {
        mix m = stretch_at(y, large->height, small->height);
        const float *upper = room + m.first * large->width;
        const float *lower = room + m.second * large->width;
        for (int64_t x = 0; x < large->width; x++)
            to[y * large->width + x] += (1.0F - m.share) * upper[x] + m.share * lower[x];
    }
}

void camx__stretch_add(const camx__planes *small, const camx__planes *large, float factor, const float *from, float *to,
                       float *room)
{
    for (int64_t c = 0; c < small->count; c++)
        stretch_plane(small, large, factor, from + c * small->height * small->width,
                      to + c * large->height * large->width, room);
}

static void shrink_plane(const camx__planes *small, const camx__planes *large, float factor, const float *from,
                         float *to, float *room)
{
    memset(room, 0, (size_t)(small->height * large->width) * sizeof(float));
    memset(to, 0, (size_t)(small->height * small->width) * sizeof(float));
    for (int64_t y = 0; y < large->height; y++) {
        mix m = stretch_at(y, large->height, small->height);
        float *upper = room + m.first * large->width;
        float *lower = room + m.second * large->width;
        for (int64_t x = 0; x < large->width; x++) {
            upper[x] += (1.0F - m.share) * from[y * large->width + x];
            lower[x] += m.share * from[y * large->width + x];
        }
    }
    for (int64_t x = 0; x < large->width; x++) {
        mix m = stretch_at(x, large->width, small->width);
        for (int64_t y = 0; y < small->height; y++) {
            float value = factor * room[y * large->width + x];
            to[y * small->width + m.first] += (1.0F - m.share) * value;
            to[y * small->width + m.second] += m.share * value;
        }
    }
}

void camx__stretch_transpose(const camx__planes *small, const camx__planes *large, float factor, const float *from,
                             float *to, float *room)
{
    for (int64_t c = 0; c < small->count; c++)
        shrink_plane(small, large, factor, from + c * large->height * large->width,
                     to + c * small->height * small->width, room);
}

/* ---- blur ---- */

/* One line of `count` numbers, `step` apart. */
static void soften_line(int64_t count, int64_t step, double sigma, int transpose, float *line, float *copy)
{
    int64_t reach = (int64_t)ceil(3.0 * sigma);
    for (int64_t i = 0; i < count; i++) {
        copy[i] = line[i * step];
        line[i * step] = 0.0F;
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t first = i > reach ? i - reach : 0;
        int64_t last = i + reach < count - 1 ? i + reach : count - 1;
        double sum = 0.0;
        for (int64_t j = first; j <= last; j++)
            sum += exp(-0.5 * pow((double)(j - i) / sigma, 2.0));
        for (int64_t j = first; j <= last; j++) {
            float weight = (float)(exp(-0.5 * pow((double)(j - i) / sigma, 2.0)) / sum);
            if (transpose)
                line[j * step] += weight * copy[i];
            else
                line[i * step] += weight * copy[j];
        }
    }
}

void camx__soften(const camx__planes *size, double sigma, int transpose, float *picture, float *row)
{
    if (!(sigma > 0.0))
        return;
    for (int64_t c = 0; c < size->count; c++) {
        float *plane = picture + c * size->height * size->width;
        for (int64_t y = 0; y < size->height; y++)
            soften_line(size->width, 1, sigma, transpose, plane + y * size->width, row);
        for (int64_t x = 0; x < size->width; x++)
            soften_line(size->height, size->width, sigma, transpose, plane + x, row);
    }
}
