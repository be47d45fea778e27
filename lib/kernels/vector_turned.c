/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with the transposed of a packed B, a row at a time; compiled once per instruction set. The panels are read
 * as they lie: each row of a panel is multiplied by the numbers of its columns and summed lane by lane, and the
 * lanes are added up at the end. Always in the same order.
 */
#include "kernels/vector_list.h"

VEC_INLINE real sum_of_lanes(vec x)
{
    real lane[LANES];
    vec_store(lane, x);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            lane[i] += lane[i + width];
    return lane[0];
}

/* Where the part's rows of a panel begin, and how wide they are. */
static const real *panel_of(const camx__turned_part *part, int64_t number, int64_t *width)
{
    enum { WIDE = CAMX__TILE_VECTORS * LANES };
    int64_t column = part->panels[number] * WIDE;
    *width = camx__panel_width(WIDE, CAMX__TILE_UNIT, part->n - column);
    return part->packed + column * part->k + part->k_first * *width;
}

void CAMX__ISA(camx__packed_turned)(const camx__turned_part *part)
{
    enum { WIDE = CAMX__TILE_VECTORS * LANES, LINE = 64 / (int)sizeof(real), AHEAD = 32 };
    vec sum[CAMX__TURNED_ROWS];
    int64_t count = part->k_count;
    memset(sum, 0, sizeof sum);
    for (int64_t i = 0; i < part->panel_count; i++) {
        int64_t width, next_width;
        int64_t column = part->panels[i] * WIDE;
        const real *b = panel_of(part, i, &width);
        /* The next panel is far away: no processor fetches it by itself. */
        const real *next = panel_of(part, i + 1 < part->panel_count ? i + 1 : i, &next_width);
        vec first = vec_load(part->a + column);
        vec second = width > LANES ? vec_load(part->a + column + LANES) : (vec){0};
        if (width == WIDE)
            for (int64_t p = 0; p < count; p++, b += WIDE) {
                const real *ahead = p + AHEAD < count ? b + AHEAD * WIDE : next + (p + AHEAD - count) * next_width;
                for (int line = 0; line < WIDE; line += LINE)
                    __builtin_prefetch(ahead + line);
                sum[p] += vec_load(b) * first + vec_load(b + LANES) * second;
            }
        else if (width == LANES)
            for (int64_t p = 0; p < count; p++, b += LANES)
                sum[p] += vec_load(b) * first;
        else
            for (int64_t p = 0; p < count; p++, b += width) {
                if (width > LANES)
                    sum[p] += vec_load(b) * first;
                sum[p] += vec_load_some(b + width - CAMX__TILE_UNIT, CAMX__TILE_UNIT) * (width > LANES ? second : first);
            }
    }
    for (int64_t p = 0; p < count; p++) {
        real total = sum_of_lanes(sum[p]);
        part->c[p] = part->accumulate ? part->c[p] + total : total;
    }
}
