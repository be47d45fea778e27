/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence on how a picture was prepared, so that nothing happens silently. */
#include <stdio.h>
#include <string.h>

#include "input/number.h"
#include "input/prepare.h"

/* Text that is cut at the end of its space. */
typedef struct writer {
    char *text;
    size_t size;
    size_t length;
} writer;

static void add(writer *to, const char *text)
{
    size_t length = strlen(text);

    if (length > to->size - 1 - to->length)
        length = to->size - 1 - to->length;
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->text[to->length] = '\0';
}

static void add_number(writer *to, double value)
{
    char text[32];

    camx__number_text(value, text, sizeof text);
    add(to, text);
}

static void add_size(writer *to, int64_t width, int64_t height)
{
    add_number(to, (double)width);
    add(to, "x");
    add_number(to, (double)height);
}

static const char *filter_text(int32_t filter)
{
    switch (filter) {
    case CAMX_FILTER_BICUBIC:
        return " (bicubic, antialiased)";
    case CAMX_FILTER_BILINEAR_PLAIN:
        return " (bilinear, not antialiased)";
    case CAMX_FILTER_NEAREST:
        return " (nearest)";
    default:
        return " (bilinear, antialiased)";
    }
}

static void add_geometry(writer *to, const camx_input_options *options,
                         const camx__input_plan *plan)
{
    const char *filter = filter_text(options->filter);

    if (options->fit == CAMX_FIT_STRETCH) {
        add(to, "stretched to ");
        add_size(to, plan->width, plan->height);
        add(to, filter);
        return;
    }
    if (options->fit == CAMX_FIT_LETTERBOX) {
        add(to, "resized to ");
        add_size(to, plan->resized_width, plan->resized_height);
        add(to, filter);
        add(to, " inside ");
        add_size(to, plan->width, plan->height);
        return;
    }
    add(to, "shorter side to ");
    add_number(to, plan->shorter);
    add(to, filter);
    add(to, ", centre crop ");
    add_size(to, plan->width, plan->height);
    if (camx__input_plan_has_border(plan))
        add(to, " with black borders");
}

static void add_list(writer *to, const char *name, const float *values, int32_t count)
{
    bool same = true;

    add(to, name);
    for (int32_t c = 1; c < count; c++)
        same = same && memcmp(&values[c], &values[0], sizeof values[0]) == 0;
    for (int32_t c = 0; c < (same ? 1 : count); c++) {
        add(to, " ");
        add_number(to, values[c]);
    }
}

/* Whether the caller changed what the preset had filled in. */
static bool differs(const camx_input_options *options, const camx_input_options *preset,
                    int32_t channels)
{
    size_t bytes = (size_t)channels * sizeof options->mean[0];

    return options->fit != preset->fit || options->filter != preset->filter ||
           options->resize != preset->resize || options->bgr != preset->bgr ||
           memcmp(options->mean, preset->mean, bytes) != 0 ||
           memcmp(options->std, preset->std, bytes) != 0;
}

static void add_source(writer *to, const camx__input_spec *spec, const camx_input_options *options)
{
    static const char *const names[] = {"the model's metadata", "preset imagenet", "preset tf",
                                        "preset unit"};
    camx_input_options preset;

    if (options->source < 0 || options->source > CAMX_PRESET_UNIT ||
        camx__input_options_for(spec, options->source, &preset, NULL) != CAMX_OK)
        return;
    add(to, differs(options, &preset, spec->channels) ? " (changed from " : " (");
    add(to, names[options->source]);
    add(to, ")");
}

void camx__input_describe(const camx__input_spec *spec, const camx_input_options *options,
                          const camx__input_plan *plan, char *text, size_t size)
{
    writer to = {.text = text, .size = size};

    add_geometry(&to, options, plan);
    add(&to, spec->channels == 1 ? ", grey" : options->bgr ? ", BGR" : ", RGB");
    add_list(&to, ", mean", options->mean, spec->channels);
    add_list(&to, ", std", options->std, spec->channels);
    add_source(&to, spec, options);
}
