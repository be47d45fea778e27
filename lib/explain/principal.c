/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first singular vector by power iteration on the smaller of the two Gram matrices, X X' (positions) and
 * X' X (channels). Where two singular values lie so close that the iteration creeps, the matrix is squared, which
 * doubles the exponent: thirty squarings tell apart what double precision can. Everything runs in one order on one
 * thread, so equal input gives equal bits.
 */
#include "explain/principal.h"

#include <math.h>
#include <string.h>

#define STEPS 24     /* of the iteration before the matrix is squared again */
#define SQUARINGS 30
#define SETTLED 1e-13

typedef struct work {
    int64_t size;   /* of the Gram matrix */
    double *matrix; /* size x size */
    double *square;
    double *vector; /* size */
    double *next;
    double *sums;   /* per position: the sum over the channels */
} work;

static double dot(const double *a, const double *b, int64_t count, int64_t step)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += a[i * step] * b[i * step];
    return sum;
}

/* Sums over the channels, then every channel minus its mean. False if a number is not finite. */
static bool centre(double *x, int64_t positions, int64_t channels, double *sums)
{
    double all = 0.0;
    for (int64_t p = 0; p < positions; p++) {
        sums[p] = 0.0;
        for (int64_t c = 0; c < channels; c++)
            sums[p] += x[p * channels + c];
        all += sums[p];
    }
    for (int64_t c = 0; c < channels; c++) {
        double mean = 0.0;
        for (int64_t p = 0; p < positions; p++)
            mean += x[p * channels + c];
        mean /= (double)positions;
        for (int64_t p = 0; p < positions; p++)
            x[p * channels + c] -= mean;
    }
    return isfinite(all);
}

static void gram(const double *x, int64_t positions, int64_t channels, const work *w)
{
    bool rows = w->size == positions;
    for (int64_t i = 0; i < w->size; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = rows ? dot(x + i * channels, x + j * channels, channels, 1)
                              : dot(x + i, x + j, positions, channels);
            w->matrix[i * w->size + j] = sum;
            w->matrix[j * w->size + i] = sum;
        }
    }
}

/* Divides by the trace, which no eigenvalue exceeds; false if there is nothing in the matrix. */
static bool scale(const work *w)
{
    double trace = 0.0;
    for (int64_t i = 0; i < w->size; i++)
        trace += w->matrix[i * w->size + i];
    if (!(trace > 0.0) || !isfinite(trace))
        return false;
    for (int64_t i = 0; i < w->size * w->size; i++)
        w->matrix[i] /= trace;
    return true;
}

static void square(work *w)
{
    double *old = w->matrix;
    for (int64_t i = 0; i < w->size; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = dot(old + i * w->size, old + j * w->size, w->size, 1);
            w->square[i * w->size + j] = sum;
            w->square[j * w->size + i] = sum;
        }
    }
    w->matrix = w->square;
    w->square = old;
}

/* vector = matrix vector, of length 1. Returns the largest change of an entry. */
static double step(const work *w)
{
    double length = 0.0;
    double change = 0.0;
    for (int64_t i = 0; i < w->size; i++) {
        w->next[i] = dot(w->matrix + i * w->size, w->vector, w->size, 1);
        length += w->next[i] * w->next[i];
    }
    length = sqrt(length);
    if (!(length > 0.0))
        return 0.0;
    for (int64_t i = 0; i < w->size; i++) {
        double entry = w->next[i] / length;
        change = fmax(change, fabs(entry - w->vector[i]));
        w->vector[i] = entry;
    }
    return change;
}

/* A start that no likely eigenvector is orthogonal to: irregular, and its entries do not add up to zero. */
static void start(const work *w)
{
    for (int64_t i = 0; i < w->size; i++) {
        double turn = (double)(i + 1) * 0.61803398874989485;
        w->vector[i] = (turn - floor(turn) - 0.4) / sqrt((double)w->size);
    }
}

static void find_vector(work *w)
{
    start(w);
    for (int squared = 0; squared <= SQUARINGS; squared++) {
        double change = 1.0;
        for (int i = 0; i < STEPS && change > SETTLED; i++)
            change = step(w);
        if (change <= SETTLED)
            return;
        square(w);
        if (!scale(w))
            return;
    }
}

/* From the vector to the map: X v for channels; for positions v is the map already but for its length. */
static void project(const double *x, int64_t positions, int64_t channels, const work *w, float *map)
{
    double length = 0.0;
    if (w->size != positions) {
        for (int64_t p = 0; p < positions; p++)
            map[p] = (float)dot(x + p * channels, w->vector, channels, 1);
        return;
    }
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0.0;
        for (int64_t p = 0; p < positions; p++)
            sum += x[p * channels + c] * w->vector[p];
        length += sum * sum;
    }
    for (int64_t p = 0; p < positions; p++)
        map[p] = (float)(sqrt(length) * w->vector[p]);
}

static void fix_sign(const double *sums, int64_t positions, float *map)
{
    double mean = 0.0;
    double inner = 0.0;
    double size = 0.0;
    double reach = 0.0;
    float largest = 0.0F;
    for (int64_t p = 0; p < positions; p++)
        mean += sums[p] / (double)positions;
    for (int64_t p = 0; p < positions; p++) {
        inner += ((sums[p] - mean)) * (double)map[p];
        size += (sums[p] - mean) * (sums[p] - mean);
        reach += (double)map[p] * (double)map[p];
        if (fabsf(map[p]) > fabsf(largest))
            largest = map[p];
    }
    bool tied = fabs(inner) <= 1e-12 * sqrt(size) * sqrt(reach);
    if (tied ? largest < 0.0F : inner < 0.0)
        for (int64_t p = 0; p < positions; p++)
            map[p] = -map[p];
}

static void fill(work *w, double *x, int64_t positions, int64_t channels, float *map)
{
    bool finite = centre(x, positions, channels, w->sums);
    for (int64_t p = 0; p < positions; p++)
        map[p] = finite ? 0.0F : NAN;
    if (!finite)
        return;
    gram(x, positions, channels, w);
    if (!scale(w))
        return;
    find_vector(w);
    project(x, positions, channels, w, map);
    fix_sign(w->sums, positions, map);
}

camx_status camx__principal_map(camx__memory *memory, double *x, int64_t positions, int64_t channels, float *map,
                                camx_error *error)
{
    work w = {.size = positions < channels ? positions : channels};
    size_t size = (size_t)w.size;
    camx_status status = CAMX_OK;
    w.matrix = camx__alloc(memory, size * size, sizeof(double));
    w.square = camx__alloc(memory, size * size, sizeof(double));
    w.vector = camx__alloc(memory, size, sizeof(double));
    w.next = camx__alloc(memory, size, sizeof(double));
    w.sums = camx__alloc(memory, (size_t)positions, sizeof(double));
    if (w.matrix == NULL || w.square == NULL || w.vector == NULL || w.next == NULL || w.sums == NULL)
        status = camx__fail_memory(error, size * size * sizeof(double), "the principal component");
    else
        fill(&w, x, positions, channels, map);
    camx__free(memory, w.matrix);
    camx__free(memory, w.square);
    camx__free(memory, w.vector);
    camx__free(memory, w.next);
    camx__free(memory, w.sums);
    return status;
}
