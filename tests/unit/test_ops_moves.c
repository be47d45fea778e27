/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that move, choose and count numbers: results worked out by hand, and what is refused.
 * The language of the lines is explained in op_harness.h.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"

#define BIG "9223372036854775807"
#define SMALL "-9223372036854775808"

typedef struct example {
    const char *line;
    const char *result; /* "[shape] numbers" of output 0 */
} example;

static const example examples[] = {
    /* Views. */
    {"Reshape; i[6]k{1,2,3,4,5,6} i[2]k{-1,2}", "[3,2] 1 2 3 4 5 6"},
    {"Reshape; [2,0,3] i[2]k{0,-1}", "[2,0]"},
    {"Reshape; []{7} i[2]k{1,-1}", "[1,1] 7"},
    {"Reshape allowzero=1; [0,4] i[2]k{2,0}", "[2,0]"},
    {"Reshape opset=1 shape=[2,0,2]; [4,1]{1,2,3,4}", "[2,1,2] 1 2 3 4"},
    {"Squeeze; i[1,2,1]k{1,2}", "[2] 1 2"},
    {"Squeeze; [1,1]{3} i[0]k{}", "[1,1] 3"},
    {"Unsqueeze; i[]k{5} i[1]k{0}", "[1] 5"},
    {"Unsqueeze; [2]{1,2} i[2]k{-1,0}", "[1,2,1] 1 2"},

    /* Slices: ends that lie outside, and steps that leave the axis at once. */
    {"Transpose; i[2,3]k{1,2,3,4,5,6}", "[3,2] 1 4 2 5 3 6"},
    {"Transpose; []{4}", "[] 4"},
    {"Slice; i[5]k{1,2,3,4,5} i[1]k{-3} i[1]k{" BIG "}", "[3] 3 4 5"},
    {"Slice; i[5]k{1,2,3,4,5} i[1]k{" BIG "} i[1]k{" SMALL "} i[1]k{0} i[1]k{-2}", "[3] 5 3 1"},
    {"Slice; i[5]k{1,2,3,4,5} i[1]k{-1} i[1]k{" SMALL "} i[1]k{0} i[1]k{" SMALL "}", "[1] 5"},
    {"Slice; i[5]k{1,2,3,4,5} i[1]k{1} i[1]k{" BIG "} i[1]k{0} i[1]k{" BIG "}", "[1] 2"},
    {"Slice; i[5]k{1,2,3,4,5} i[1]k{3} i[1]k{1}", "[0]"},
    {"Slice; [0,2] i[1]k{-1} i[1]k{-9} i[1]k{0} i[1]k{-1}", "[0,2]"},
    {"Slice opset=1 starts=[0,1] ends=[1,9]; [2,3]{1,2,3,4,5,6}", "[1,2] 2 3"},
    {"Split outputs=2; i[4]k{1,2,3,4}", "[2] 1 2"},
    {"Split outputs=3 opset=18 num_outputs=3; i[4]k{1,2,3,4}", "[2] 1 2"},
    {"Split outputs=2; i[3]k{1,2,3} i[2]k{0,3}", "[0]"},

    /* Padding. */
    {"Pad; i[3]k{1,2,3} i[2]k{2,1} i[]k{9}", "[6] 9 9 1 2 3 9"},
    {"Pad; [3]{1,2,3} i[2]k{-1,2}", "[4] 2 3 0 0"},
    {"Pad; [3]{1,2,3} i[2]k{4,-5} []k{7}", "[2] 7 7"},
    {"Pad; [3]{1,2,3} i[2]k{-5,4} []k{7}", "[2] 7 7"},
    {"Pad; [0] i[2]k{1,1} []k{5}", "[2] 5 5"},
    {"Pad mode='reflect'; [3]{1,2,3} i[2]k{2,1}", "[6] 3 2 1 2 3 2"},
    {"Pad mode='reflect'; [3]{1,2,3} i[2]k{5,4}", "[12] 2 1 2 3 2 1 2 3 2 1 2 3"},
    {"Pad mode='reflect'; [1]{4} i[2]k{2,1}", "[4] 4 4 4 4"},
    {"Pad mode='reflect'; [4]{1,2,3,4} i[2]k{-1,2}", "[5] 2 3 4 3 2"},
    {"Pad mode='edge'; [3]{1,2,3} i[2]k{2,-1}", "[4] 1 1 1 2"},
    {"Pad mode='edge'; [2]{1,2} i[2]k{-3,4}", "[3] 2 2 2"},
    {"Pad mode='wrap' opset=19; [3]{1,2,3} i[2]k{4,2}", "[9] 3 1 2 3 1 2 3 1 2"},
    {"Pad opset=1 paddings=[1,0] value=0.5; [2]{1,2}", "[3] 0.5 1 2"},
    {"Pad opset=18; i[1,2]k{1,2} i[2]k{0,1} i[]k{3} i[1]k{-1}", "[1,3] 1 2 3"},

    /* Choosing. */
    {"Gather; i[3]k{5,6,7} i[]k{-1}", "[] 7"},
    {"Gather axis=1; i[2,2]k{1,2,3,4} i[1,3]k{1,1,-2}", "[2,1,3] 2 2 1 4 4 3"},
    {"Gather; [0,2] i[0]k{}", "[0,2]"},
    {"GatherElements axis=1; i[2,2]k{1,2,3,4} i[2,1]k{1,-2}", "[2,1] 2 3"},
    {"GatherND; i[2,2]k{1,2,3,4} i[2,2]k{0,1,-1,0}", "[2] 2 3"},
    {"ScatterND; i[3]k{1,2,3} i[2,1]k{0,-1} i[2]k{8,9}", "[3] 8 2 9"},
    {"ScatterND opset=16 reduction='mul'; i[3]k{1,2,3} i[2,1]k{1,1} i[2]k{5,-1}", "[3] 1 -10 3"},
    {"ScatterND opset=16 reduction='add'; i[1]k{" BIG "} i[1,1]k{0} i[1]k{1}", "[1] " SMALL},
    {"ScatterElements opset=18 reduction='max'; [3]{1,5,3} i[2]k{0,1} [2]{4,4}", "[3] 4 5 3"},
    {"Where; b[2]k{1,0} i[]k{7} i[2]k{1,2}", "[2] 7 2"},
    {"Where; b[2,1]k{1,0} [2]{1,2} []{nan}", "[2,2] 1 2 nan nan"},
    {"ArgMax; [2,3]{1,5,3,4,5,9}", "[1,3] 1 0 1"},
    {"ArgMax select_last_index=1 keepdims=0; [2,2]{1,5,1,5}", "[2] 1 1"},
    {"ArgMax keepdims=0; [3]{1,nan,2}", "[] 1"},
    {"ArgMin axis=-1 keepdims=0; i[2,2]k{3,1," SMALL ",2}", "[2] 1 0"},

    /* Repeating and counting. */
    {"Expand; i[2,1]k{1,2} i[1]k{2}", "[2,2] 1 1 2 2"},
    {"Expand; [3]{1,2,3} i[1]k{1}", "[3] 1 2 3"},
    {"Expand; [1] i[1]k{0}", "[0]"},
    {"Tile; i[2]k{1,2} i[1]k{2}", "[4] 1 2 1 2"},
    {"Tile; [2]{1,2} i[1]k{0}", "[0]"},
    {"Tile; i[1,2]k{1,2} i[2]k{2,2}", "[2,4] 1 2 1 2 1 2 1 2"},
    {"Tile opset=1; [2]{1,2} i[]k{2} i[]k{0}", "[4] 1 2 1 2"},
    {"Shape; [2,3,4]", "[3] 2 3 4"},
    {"Shape opset=15 start=-2; [2,3,4]", "[2] 3 4"},
    {"Shape opset=15 start=2 end=-2; [2,3,4]", "[0]"},
    {"Shape opset=15 start=" SMALL " end=" BIG "; [2,3]", "[2] 2 3"},
    {"Size; [2,3,4]", "[] 24"},
    {"ConstantOfShape; i[2]k{1,2}", "[1,2] 0 0"},
    {"ConstantOfShape; i[0]k{}", "[] 0"},
    {"Constant value_ints=[3,4];", "[2] 3 4"},
    {"Constant value_float=0.5;", "[] 0.5"},
    {"Range; i[]k{1} i[]k{8} i[]k{3}", "[3] 1 4 7"},
    {"Range; i[]k{3} i[]k{-3} i[]k{-4}", "[2] 3 -1"},
    {"Range; i[]k{3} i[]k{3} i[]k{1}", "[0]"},
    {"Range; i[]k{" BIG "} i[]k{" SMALL "} i[]k{" SMALL "}", "[2] " BIG " -1"},
    {"Range; []k{0} []k{1} []k{0.3}", "[4] 0 0.3 0.6 0.9"},
    {"DepthToSpace blocksize=2; [1,4,1,1]{1,2,3,4}", "[1,1,2,2] 1 2 3 4"},
    {"SpaceToDepth blocksize=2; i[1,1,2,2]k{1,2,3,4}", "[1,4,1,1] 1 2 3 4"},

    /* Arithmetic that processors trap on, comparisons, rounding. */
    {"Mod; i[6]k{7,-7,7,-7,5," SMALL "} i[6]k{3,3,-3,-3,0,-1}", "[6] 1 2 -2 -1 0 0"},
    {"Mod fmod=1; i[4]k{7,-7,7,-7} i[4]k{3,3,-3,-3}", "[4] 1 -1 1 -1"},
    {"Mod fmod=1; [2]{-5.5,5.5} []{2}", "[2] -1.5 1.5"},
    {"Equal; i[2]k{1," SMALL "} i[]k{" SMALL "}", "[2] 0 1"},
    {"Equal; [2]{nan,1} [2]{nan,1}", "[2] 0 1"},
    {"Less; [3]{1,2,nan} []{2}", "[3] 1 0 0"},
    {"LessOrEqual opset=16; [3]{1,2,nan} []{2}", "[3] 1 1 0"},
    {"Greater; i[2]k{3,1} i[]k{2}", "[2] 1 0"},
    {"GreaterOrEqual opset=16; [3]{1,2,nan} []{2}", "[3] 0 1 0"},
    {"Equal opset=1 broadcast=1 axis=0; i[2,2]k{1,2,3,4} i[2]k{1,4}", "[2,2] 1 0 0 1"},
    {"And; b[2,1]k{1,0} b[2]k{1,0}", "[2,2] 1 0 0 0"},
    {"Or; b[2]k{1,0} b[2]k{0,0}", "[2] 1 0"},
    {"Xor; b[3]k{1,0,1} b[3]k{1,1,0}", "[3] 0 1 1"},
    {"Not; b[2]k{1,0}", "[2] 0 1"},
    {"IsNaN; [3]{1,nan,inf}", "[3] 0 1 0"},
    {"IsInf detect_negative=0; [3]{-inf,nan,inf}", "[3] 0 0 1"},
    {"Round; [6]{0.5,1.5,-0.5,-1.5,2.5,nan}", "[6] 0 2 0 -2 2 nan"},
    {"Sign; [4]{-3,0,2,nan}", "[4] -1 0 1 nan"},
    {"Sign; i[3]k{-3,0,2}", "[3] -1 0 1"},
    {"Ceil; [2]{-1.5,1.2}", "[2] -1 2"},
    {"Floor; [2]{-1.5,1.2}", "[2] -2 1"},
    {"CastLike; [3]{-1.7,nan,1e30} i[]", "[3] -1 0 " BIG},

    /* Resizing. */
    {"Resize; i[2]k{1,2} - [1]k{2}", "[4] 1 1 2 2"},
    {"Resize mode='linear'; [2]{0,4} - [1]k{2}", "[4] 0 1 3 4"},
    {"Resize mode='linear' coordinate_transformation_mode='align_corners'; [2]{0,4} - - i[1]k{3}",
     "[3] 0 2 4"},
    {"Resize; [10]{0,1,2,3,4,5,6,7,8,9} - [1]k{0.7}", "[7] 0 2 3 4 6 7 9"},
    {"Resize; [2,0] - - i[2]k{4,0}", "[4,0]"},
    {"LayerNormalization epsilon=0.0; [1,2]{1,3} [2]k{2,3} [2]k{10,20}", "[1,2] 8 23"},

    /* Einsum. */
    {"Einsum equation='ij,jk'; [1,2]{1,2} [2,2]{1,2,3,4}", "[1,2] 7 10"},
    {"Einsum equation='ji'; [2,2]{1,2,3,4}", "[2,2] 1 3 2 4"},
    {"Einsum equation=' i i -> '; [2,2]{1,2,3,4}", "[] 5"},
    {"Einsum equation='ij->'; [0,2]", "[] 0"},
    {"Einsum equation='bij,bjk->ik'; [2,1,2]{1,2,3,4} [2,2,2]{1,0,0,1,1,1,1,1}", "[1,2] 8 9"},
};

static void read_shape(const char **at, camx__shape *shape)
{
    char *end = NULL;
    memset(shape, 0, sizeof *shape);
    for (++*at; **at != ']'; *at = *end == ',' ? end + 1 : end)
        shape->dim[shape->rank++] = strtoll(*at, &end, 10);
    ++*at;
}

static bool near(double found, double expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(found) != 0 : found == expected;
    return fabs(found - expected) <= 2e-6 * fabs(expected);
}

static void check_numbers(const char *line, const op_value *y, const char *at)
{
    for (int64_t i = 0; i < camx__shape_count(&y->shape); i++) {
        char *end = NULL;
        double expected = strtod(at, &end);
        ck_assert_msg(end != at, "%s: there are more than %lld numbers", line, (long long)i);
        if (y->reals != NULL)
            ck_assert_msg(near((double)y->reals[i], expected), "%s: number %lld is %.9g, not %.9g",
                          line, (long long)i, (double)y->reals[i], expected);
        else
            ck_assert_msg(y->ints[i] == strtoll(at, NULL, 10), "%s: number %lld is %lld, not %.20s",
                          line, (long long)i, (long long)y->ints[i], at);
        at = end;
    }
    ck_assert_msg(*at == '\0', "%s: numbers are missing", line);
}

START_TEST(gives)
{
    const example *e = &examples[_i];
    camx_status status;
    camx_error error;
    camx__shape shape;
    char text[160];
    op_case *test = op_open(e->line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
    const op_value *y = op_output_of(test, 0);
    for (int layout = 0; layout < op_layout_count(test); layout++) {
        const char *at = e->result;
        op_run run = {.layout = layout};
        read_shape(&at, &shape);
        ck_assert_msg(camx__shape_equal(&shape, &y->shape), "%s: the shape is %s", e->line,
                      camx__shape_text(&y->shape, text, sizeof text));
        status = op_forward(test, &run, &error);
        ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
        check_numbers(e->line, y, at);
    }
    op_close(test);
}
END_TEST

/* ---- what is refused when shapes are bound ---- */

static const op_refusal refusals[] = {
    {"Reshape; [2,3] i[1]{6}", CAMX_E_UNSUPPORTED, "must be a constant"},
    {"Reshape; [2,3]", CAMX_E_FORMAT, "no shape is given"},
    {"Reshape; [2,3] i[2]k{-1,-1}", CAMX_E_FORMAT, "more than one -1"},
    {"Reshape; [2,3] i[2]k{2,-2}", CAMX_E_FORMAT, "below -1"},
    {"Reshape; [2,3] i[2]k{4,-1}", CAMX_E_SHAPE, "[2, 3] cannot be given the shape [4, -1]"},
    {"Reshape; [2,3] i[1]k{5}", CAMX_E_SHAPE, "cannot be given"},
    {"Reshape; [2,3] i[3]k{6,1,0}", CAMX_E_FORMAT, "rank 2"},
    {"Reshape; [2,3] i[9]k{6,1,1,1,1,1,1,1,1}", CAMX_E_UNSUPPORTED, "9 dimensions"},
    {"Reshape; [2,3] i[3]k{" BIG "," BIG ",-1}", CAMX_E_SHAPE, "cannot be given"},
    {"Reshape allowzero=1; [2,3] i[2]k{0,-1}", CAMX_E_SHAPE, "cannot be given"},
    {"Squeeze; [2,3] i[1]k{0}", CAMX_E_SHAPE, "length 2"},
    {"Squeeze; [2,3] i[1]k{" BIG "}", CAMX_E_FORMAT, "does not exist"},
    {"Unsqueeze; [2,3] i[1]k{3}", CAMX_E_FORMAT, "does not exist"},
    {"Unsqueeze; [2,3] i[2]k{0,-4}", CAMX_E_FORMAT, "given twice"},
    {"Unsqueeze; [2,3]", CAMX_E_FORMAT, "no axes"},
    {"Unsqueeze; [2,3] i[7]k{0,1,2,3,4,5,6}", CAMX_E_UNSUPPORTED, "9 dimensions"},
    {"Transpose perm=[0,0]; [2,3]", CAMX_E_FORMAT, "every axis once"},
    {"Transpose perm=[0,2]; [2,3]", CAMX_E_FORMAT, "every axis once"},
    {"Transpose perm=[0]; [2,3]", CAMX_E_FORMAT, "names 1 axes"},
    {"Slice; [2,3] i[1]k{0} i[1]k{1} i[1]k{0} i[1]k{0}", CAMX_E_FORMAT, "step along axis 0 is 0"},
    {"Slice; [2,3] i[1]k{0} i[2]k{1,1}", CAMX_E_FORMAT, "differ in length"},
    {"Slice; [2,3] i[1]k{0} i[1]k{1} i[1]k{2}", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"Slice; [2,3] i[2]k{0,0} i[2]k{1,1} i[2]k{1,-1}", CAMX_E_FORMAT, "given twice"},
    {"Slice; [2,3] i[3]k{0,0,0} i[3]k{1,1,1}", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"Slice; [2,3]", CAMX_E_FORMAT, "missing"},
    {"Slice; [2,3] i[1]{0} i[1]k{1}", CAMX_E_UNSUPPORTED, "must be a constant"},
    {"Split outputs=2; [3]", CAMX_E_SHAPE, "cannot be cut into 2 equal parts"},
    {"Split outputs=2; [3] i[2]k{1,1}", CAMX_E_SHAPE, "add up to 3"},
    {"Split outputs=2; [3] i[2]k{4,-1}", CAMX_E_SHAPE, "add up to 3"},
    {"Split outputs=2; [3] i[3]k{1,1,1}", CAMX_E_FORMAT, "3 lengths are given for 2 outputs"},
    {"Split outputs=2 opset=18 num_outputs=3; [3]", CAMX_E_FORMAT, "num_outputs is 3"},
    {"Pad; [2,3] i[2]k{1,1}", CAMX_E_FORMAT, "2 pads are given for 2 axes"},
    {"Pad; [2] i[2]k{-1,-2}", CAMX_E_SHAPE, "cannot be padded"},
    {"Pad; [2] i[2]k{" BIG "," BIG "}", CAMX_E_SHAPE, "cannot be padded"},
    {"Pad; [2] i[2]k{" SMALL "," BIG "}", CAMX_E_SHAPE, "cannot be padded"},
    {"Pad; [2] i[2]k{1152921504606846976,1}", CAMX_E_SHAPE, "impossible shape"},
    {"Pad mode='mirror'; [2] i[2]k{1,1}", CAMX_E_FORMAT, "'mirror'"},
    {"Pad mode='reflect'; [0] i[2]k{1,1}", CAMX_E_SHAPE, "is empty"},
    {"Pad mode='wrap'; [1] i[2]k{1000000,1}", CAMX_E_UNSUPPORTED, "would be repeated"},
    {"Pad mode='reflect'; [2] i[2]k{1152921504606846,1}", CAMX_E_UNSUPPORTED, "would be repeated"},
    {"Pad; [2] i[2]k{1,1} i[]k{1}", CAMX_E_FORMAT, "type of the data"},
    {"Pad opset=18; [2] i[2]k{1,1} - i[1]k{1}", CAMX_E_FORMAT, "axis 1 does not exist"},
    {"Gather; [3] i[1]k{3}", CAMX_E_SHAPE, "index 3 is outside"},
    {"Gather; [3] i[1]k{-4}", CAMX_E_SHAPE, "index -4 is outside"},
    {"Gather; [3] [1]k{0}", CAMX_E_FORMAT, "floats"},
    {"Gather; [] i[1]k{0}", CAMX_E_FORMAT, "without an axis"},
    {"Gather axis=1; [3] i[1]k{0}", CAMX_E_FORMAT, "axis 1 does not exist"},
    {"Gather; [1,1,1,1,1] i[1,1,1,1,1]k{0}", CAMX_E_UNSUPPORTED, "9 dimensions"},
    {"GatherElements; [2,3] i[3]k{0,0,0}", CAMX_E_SHAPE, "do not fit data"},
    {"GatherElements; [2,3] i[1,4]k{0,0,0,0}", CAMX_E_SHAPE, "do not fit data"},
    {"GatherND; [2,3] i[1,3]k{0,0,0}", CAMX_E_SHAPE, "do not fit data"},
    {"GatherND batch_dims=1; [2,3] i[1,1]k{0}", CAMX_E_SHAPE, "batch_dims 1"},
    {"ScatterND; [2,3] i[1,1]k{0} [1,2]", CAMX_E_SHAPE, "[1, 2] instead of [1, 3]"},
    {"ScatterND; [2] i[1,2]k{0,0} [1]", CAMX_E_FORMAT, "at most 1 numbers"},
    {"ScatterND; [2] i[]k{0} [1]", CAMX_E_FORMAT, "do not end in an axis"},
    {"ScatterND reduction='mean'; [2] i[1,1]k{0} [1]", CAMX_E_FORMAT, "'mean'"},
    {"ScatterND; [2] i[1,1]k{0} i[1]k{1}", CAMX_E_FORMAT, "updates have type int64"},
    {"ScatterElements; [2] i[1]k{0} [2]", CAMX_E_SHAPE, "updates have the shape [2]"},
    {"Where; [2] [2] [2]", CAMX_E_FORMAT, "instead of bool"},
    {"Where; b[2] [2] i[2]", CAMX_E_FORMAT, "type int64"},
    {"Where; b[2] [3] [3]", CAMX_E_SHAPE, "do not fit each other"},
    {"Expand; [2] i[1]k{3}", CAMX_E_SHAPE, "do not fit each other"},
    {"Expand; [2] i[1]k{-1}", CAMX_E_SHAPE, "do not fit each other"},
    {"Expand; [1] i[1]k{-1}", CAMX_E_SHAPE, "impossible shape"},
    {"Expand; [1] i[2]k{" BIG "," BIG "}", CAMX_E_SHAPE, "impossible shape"},
    {"Tile; [2] i[1]k{-1}", CAMX_E_SHAPE, "cannot be repeated -1 times"},
    {"Tile; [2] i[1]k{" BIG "}", CAMX_E_SHAPE, "cannot be repeated"},
    {"Tile; [2] i[2]k{1,1}", CAMX_E_FORMAT, "2 repeats"},
    {"ConstantOfShape; i[1]k{-1}", CAMX_E_SHAPE, "impossible shape"},
    {"ConstantOfShape; i[2]k{4611686018427387904,4}", CAMX_E_SHAPE, "impossible shape"},
    {"ConstantOfShape; i[1]{2}", CAMX_E_UNSUPPORTED, "must be a constant"},
    {"Constant value_string='a';", CAMX_E_UNSUPPORTED, "neither a tensor nor numbers"},
    {"Range; i[]k{1} i[]k{2} i[]k{0}", CAMX_E_SHAPE, "never end"},
    {"Range; []k{1} []k{2} []k{0}", CAMX_E_SHAPE, "never end"},
    {"Range; []k{0} []k{nan} []k{1}", CAMX_E_SHAPE, "never end"},
    {"Range; i[]k{" SMALL "} i[]k{" BIG "} i[]k{1}", CAMX_E_SHAPE, "never end"},
    {"Range; i[]k{1} i[]{2} i[]k{1}", CAMX_E_UNSUPPORTED, "constant single numbers"},
    {"Mod; [2] [2]", CAMX_E_FORMAT, "fmod = 1"},
    {"Equal; [2] [3]", CAMX_E_SHAPE, "do not fit each other"},
    {"And; [2] [2]", CAMX_E_FORMAT, "instead of bool"},
    {"Not; [2]", CAMX_E_FORMAT, "type float32"},
    {"IsNaN; i[2]", CAMX_E_FORMAT, "type int64"},
    {"ArgMax; [0,2]", CAMX_E_SHAPE, "is empty"},
    {"ArgMax axis=2; [1,2]", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"DepthToSpace blocksize=2; [1,3,2,2]", CAMX_E_SHAPE, "3 channels"},
    {"DepthToSpace; [1,4,2,2]", CAMX_E_FORMAT, "blocksize is 0"},
    {"DepthToSpace blocksize=2 mode='XYZ'; [1,4,2,2]", CAMX_E_FORMAT, "'XYZ'"},
    {"DepthToSpace blocksize=" BIG "; [1,4,2,2]", CAMX_E_FORMAT, "blocksize is"},
    {"SpaceToDepth blocksize=2; [1,4,3,2]", CAMX_E_SHAPE, "no multiple"},
    {"SpaceToDepth blocksize=2; [4,3,2]", CAMX_E_FORMAT, "instead of [N, C, H, W]"},
    {"Resize mode='linear'; i[2]k{1,2} - [1]k{2}", CAMX_E_UNSUPPORTED, "only floats"},
    {"Resize; [2]", CAMX_E_FORMAT, "neither scales nor sizes"},
    {"Resize; [2] - [1]k{0}", CAMX_E_SHAPE, "by a factor of 0"},
    {"Resize; [2] - [1]k{nan}", CAMX_E_SHAPE, "by a factor of nan"},
    {"Resize; [2] - [1]k{1e20}", CAMX_E_SHAPE, "by a factor of 1e+20"},
    {"Resize; [2] - [2]k{1,1}", CAMX_E_FORMAT, "2 scales are given for 1 axes"},
    {"Resize; [2] - - i[1]k{-1}", CAMX_E_SHAPE, "to -1"},
    {"Resize; [0] - - i[1]k{2}", CAMX_E_SHAPE, "from 0 to 2"},
    {"Resize; [2] - - i[1]k{1152921504606846976}", CAMX_E_SHAPE, "to 1152921504606846976"},
    {"Resize mode='sinc'; [2] - [1]k{2}", CAMX_E_UNSUPPORTED, "'sinc'"},
    {"Resize mode='linear' antialias=1; [9] - [1]k{1e-7}", CAMX_E_SHAPE,
     "too small to be smoothed"},
    {"Resize coordinate_transformation_mode='tf_crop_and_resize'; [2] [1]k{0} [1]k{2}",
     CAMX_E_FORMAT, "roi"},
    {"LayerNormalization; [2,3] [2]k", CAMX_E_SHAPE, "input 1 has the shape [2]"},
    {"LayerNormalization axis=2; [2,3] [3]k", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"Einsum equation='ij,jk->ik'; [2,3] [4,5]", CAMX_E_SHAPE, "axis 'j' has the length 3"},
    {"Einsum equation='ij->ik'; [2,3]", CAMX_E_FORMAT, "is in no input"},
    {"Einsum equation='ij->ii'; [2,3]", CAMX_E_FORMAT, "occurs twice"},
    {"Einsum equation='ij,jk'; [2,3]", CAMX_E_FORMAT, "more terms"},
    {"Einsum equation='ij'; [2,3] [3]", CAMX_E_FORMAT, "1 terms for 2 inputs"},
    {"Einsum equation='i'; [2,3]", CAMX_E_SHAPE, "names 1 axes"},
    {"Einsum equation='i..j'; [2,3]", CAMX_E_FORMAT, "no ellipsis"},
    {"Einsum equation='i-j'; [2,3]", CAMX_E_FORMAT, "a '-'"},
    {"Einsum equation='a,b,c,d,e'; [1] [1] [1] [1] [1]", CAMX_E_UNSUPPORTED, "up to 4"},
    {"Einsum equation='abcde,fghij'; [1,1,1,1,1] [1,1,1,1,1]", CAMX_E_UNSUPPORTED, "more than 8"},
    {"Einsum; [2,3]", CAMX_E_SHAPE, "names 0 axes"},
};

START_TEST(refuses)
{
    op_check_refusal(&refusals[_i]);
}
END_TEST

/* ---- indices that are only known when the network runs ---- */

static const char *const outside[] = {
    "Gather; [3] i[2]{0,3}",
    "Gather; [3] i[1]{" SMALL "}",
    "GatherElements; [3] i[1]{-4}",
    "GatherND; [3,2] i[1,2]{0,2}",
    "ScatterND; [3] i[1,1]{" BIG "} [1]",
    "ScatterElements; [3] i[1]{3} [1]",
};

START_TEST(refuses_computed_indices)
{
    camx_status status;
    camx_error error;
    op_run run = {.layout = 0};
    op_case *test = op_open(outside[_i], &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", outside[_i], error.message);
    status = op_forward(test, &run, &error);
    ck_assert_msg(status == CAMX_E_SHAPE, "%s: status %d", outside[_i], status);
    ck_assert_msg(strstr(error.message, "outside") != NULL, "%s: \"%s\"", outside[_i],
                  error.message);
    op_close(test);
}
END_TEST

/* ---- whether the images of a batch stay apart ---- */

typedef struct batch_rule {
    const char *line;
    bool keeps;
} batch_rule;

static const batch_rule batch_rules[] = {
    {"Reshape; [2,6] i[3]k{2,3,2}", true},
    {"Reshape; [2,6] i[2]k{6,2}", false},
    {"Transpose perm=[0,2,1]; [2,3,4]", true},
    {"Transpose; [2,3]", false},
    {"Slice; [2,3] i[1]k{1} i[1]k{3} i[1]k{1}", true},
    {"Slice; [2,3] i[1]k{1} i[1]k{2} i[1]k{0}", false},
    {"Slice; [2,3] i[1]k{-1} i[1]k{-9} i[1]k{0} i[1]k{-1}", false},
    {"Split outputs=3 axis=1; [2,3]", true},
    {"Split outputs=2; [2,3]", false},
    {"Pad; [2,3] i[4]k{0,1,0,1}", true},
    {"Pad; [2,3] i[4]k{1,0,-1,0}", false},
    {"Gather axis=1; [2,3] i[1]k{0}", true},
    {"Gather axis=0; [2,3] i[2]k{0,1}", false},
    {"Gather axis=1; [2,3] i[2]{0,1}", false},
    {"Expand; [2,1] i[2]k{2,3}", true},
    {"Expand; [2,1] i[3]k{4,2,3}", false},
    {"Tile; [2,3] i[2]k{1,2}", true},
    {"Tile; [2,3] i[2]k{2,1}", false},
    {"Resize; [2,3] - [2]k{1,2}", true},
    {"Resize; [2,3] - [2]k{2,1}", false},
    {"ArgMax axis=1; [2,3]", true},
    {"ArgMax; [2,3]", false},
    {"LayerNormalization; [2,3] [3]k", true},
    {"LayerNormalization axis=0; [2,3] [2,3]k", false},
    {"Einsum equation='bi,bj->bij'; [2,3] [2,4]", true},
    {"Einsum equation='bi,ij->bj'; [2,3] [3,4]", false},
    {"Where; b[2,3] [2,3] []", true},
    {"Where; b[2,3] [2,3] [3]", false},
};

START_TEST(knows_whether_images_stay_apart)
{
    const batch_rule *rule = &batch_rules[_i];
    camx_status status;
    camx_error error;
    op_case *test = op_open(rule->line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", rule->line, error.message);
    const camx__op *op = op_row(test);
    bool keeps = (op->traits & CAMX__OP_KEEPS_BATCH) != 0 ||
                 (op->keeps_batch != NULL && op->keeps_batch(op_params_of(test)));
    ck_assert_msg(keeps == rule->keeps, "%s", rule->line);
    op_close(test);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("ops_moves");
    TCase *values = tcase_create("values");
    TCase *limits = tcase_create("limits");
    tcase_add_loop_test(values, gives, 0, COUNT(examples));
    tcase_add_loop_test(values, knows_whether_images_stay_apart, 0, COUNT(batch_rules));
    tcase_add_loop_test(limits, refuses, 0, COUNT(refusals));
    tcase_add_loop_test(limits, refuses_computed_indices, 0, COUNT(outside));
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, limits);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
