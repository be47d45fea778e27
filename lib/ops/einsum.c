/* SPDX-License-Identifier: Apache-2.0 */
/* Reads equations such as "b i d, b j d -> b i j": letters, blanks anywhere, an ellipsis for any
 * further axes. */
#include "ops/einsum.h"

#include <string.h>

/* Letters get numbers as they appear. The axes of ellipses are labels of their own, counted from
 * the last. */
typedef struct reader {
    const camx__op_bind *bind;
    camx__einsum *equation;
    char letter[CAMX__MAX_RANK]; /* of a label; '.' for an axis of ellipses */
    int dots[CAMX__MAX_RANK];    /* which axis of ellipses: 0 = the last */
    int uses[CAMX__MAX_RANK];    /* in the inputs */
    int ellipsis_rank;           /* of the longest ellipsis */
} reader;

static camx_status label_of(reader *r, char letter, int dots, int *label)
{
    camx__einsum *e = r->equation;
    for (int i = 0; i < e->labels; i++)
        if (r->letter[i] == letter && r->dots[i] == dots) {
            *label = i;
            return CAMX_OK;
        }
    if (e->labels == CAMX__MAX_RANK)
        return camx__op_unsupported(r->bind, "its equation has more than %d different axes",
                                    CAMX__MAX_RANK);
    r->letter[e->labels] = letter;
    r->dots[e->labels] = dots;
    e->length[e->labels] = 1;
    *label = e->labels++;
    return CAMX_OK;
}

static camx_status add_label(reader *r, camx__einsum_term *term, char letter, int dots)
{
    if (term->rank == CAMX__MAX_RANK)
        return camx__op_unsupported(r->bind, "a term of its equation has more than %d axes",
                                    CAMX__MAX_RANK);
    CAMX__FORWARD(label_of(r, letter, dots, &term->label[term->rank]));
    term->rank++;
    return CAMX_OK;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int count_letters(const char *text, const char *end)
{
    int count = 0;
    for (; text < end; text++)
        count += is_letter(*text);
    return count;
}

/* One term of the equation, between two marks. dots: how many axes its ellipsis stands for. */
static camx_status read_term(reader *r, const char *text, const char *end, int dots,
                             camx__einsum_term *term)
{
    bool seen = false;
    for (; text < end; text++) {
        if (*text == ' ')
            continue;
        if (*text == '.') {
            if (seen || end - text < 3 || text[1] != '.' || text[2] != '.')
                return camx__op_invalid(r->bind, "its equation has dots that are no ellipsis");
            seen = true;
            text += 2;
            for (int i = dots - 1; i >= 0; i--)
                CAMX__FORWARD(add_label(r, term, '.', i));
        } else if (is_letter(*text)) {
            CAMX__FORWARD(add_label(r, term, *text, 0));
        } else {
            return camx__op_invalid(r->bind, "its equation has a '%c'", *text > ' ' ? *text : '?');
        }
    }
    return CAMX_OK;
}

static camx_status check_lengths(reader *r, const camx__einsum_term *term, const camx__shape *shape)
{
    char text[160];
    if (term->rank != shape->rank)
        return camx__op_misfit(r->bind, "its equation names %d axes of an input of the shape %s",
                               term->rank, camx__shape_text(shape, text, sizeof text));
    for (int i = 0; i < shape->rank; i++) {
        int64_t *length = &r->equation->length[term->label[i]];
        if (*length == 1)
            *length = shape->dim[i];
        if (shape->dim[i] != 1 && shape->dim[i] != *length)
            return camx__op_misfit(
                r->bind, "axis '%c' has the length %lld in one input and %lld in another",
                r->letter[term->label[i]], (long long)*length, (long long)shape->dim[i]);
    }
    return CAMX_OK;
}

static camx_status read_inputs(reader *r, const char *text, const char *end)
{
    camx__einsum *e = r->equation;
    for (e->operands = 0; text <= end; e->operands++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma != NULL ? comma : end;
        if (e->operands == r->bind->input_count)
            return camx__op_invalid(r->bind, "its equation has more terms than there are inputs");
        const camx__shape *shape = &r->bind->inputs[e->operands]->shape;
        camx__einsum_term *term = &e->input[e->operands];
        int dots = shape->rank - count_letters(text, stop);
        CAMX__FORWARD(read_term(r, text, stop, dots, term));
        CAMX__FORWARD(check_lengths(r, term, shape));
        if (memchr(text, '.', (size_t)(stop - text)) != NULL && dots > r->ellipsis_rank)
            r->ellipsis_rank = dots;
        for (int i = 0; i < term->rank; i++)
            r->uses[term->label[i]]++;
        text = stop + 1;
    }
    if (e->operands != r->bind->input_count)
        return camx__op_invalid(r->bind, "its equation has %d terms for %d inputs", e->operands,
                                r->bind->input_count);
    return CAMX_OK;
}

/* Without an arrow: the ellipsis, and then the letters that occur once, sorted. */
static camx_status implied_output(reader *r)
{
    for (int i = r->ellipsis_rank - 1; i >= 0; i--)
        CAMX__FORWARD(add_label(r, &r->equation->output, '.', i));
    for (int c = 'A'; c <= 'z'; c++)
        for (int i = 0; i < r->equation->labels; i++)
            if (r->letter[i] == c && r->uses[i] == 1)
                CAMX__FORWARD(add_label(r, &r->equation->output, (char)c, 0));
    return CAMX_OK;
}

static camx_status check_output(const reader *r)
{
    const camx__einsum *e = r->equation;
    unsigned seen = 0;
    for (int i = 0; i < e->output.rank; i++) {
        int label = e->output.label[i];
        if (r->uses[label] == 0 || (seen >> label & 1))
            return camx__op_invalid(r->bind, "axis '%c' of the result of its equation %s",
                                    r->letter[label],
                                    r->uses[label] == 0 ? "is in no input" : "occurs twice");
        seen |= 1u << label;
    }
    return CAMX_OK;
}

camx_status camx__einsum_read(const camx__op_bind *bind, camx__einsum *equation)
{
    const char *text;
    reader r = {.bind = bind, .equation = equation};
    CAMX__FORWARD(camx__op_text(bind, "equation", &text));
    if (bind->input_count > CAMX__EINSUM_OPERANDS)
        return camx__op_unsupported(bind, "it has %d inputs; up to %d are supported",
                                    bind->input_count, CAMX__EINSUM_OPERANDS);
    const char *arrow = strstr(text, "->");
    const char *end = arrow != NULL ? arrow : text + strlen(text);
    CAMX__FORWARD(read_inputs(&r, text, end));
    if (arrow == NULL)
        CAMX__FORWARD(implied_output(&r));
    else
        CAMX__FORWARD(
            read_term(&r, arrow + 2, arrow + strlen(arrow), r.ellipsis_rank, &equation->output));
    return check_output(&r);
}
