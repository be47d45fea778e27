/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx profile: how long each step of the network takes.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "console.h"
#include "workbench.h"

enum { NAME_COLUMNS = 40, OP_COLUMNS = 24 };

/* A profile, and its steps summed up by operator and kernel. */
typedef struct profile {
    camx_profile_row *rows;
    camx_profile_row **order; /* as they are printed */
    camx_profile_row *sums;   /* op, kernel, kind; input_rank counts the steps */
    uint32_t count;
    uint32_t shown;
    uint32_t sum_count;
    double seconds;
    double operations;
} profile;

static double rate(const camx_profile_row *row)
{
    return row->seconds > 0 ? (double)row->operations / row->seconds * 1e-9 : 0;
}

static const char *kind_name(int32_t kind)
{
    static const char *const names[] = {"forward", "copy", "backward", "sum"};

    return kind >= 0 && kind < 4 ? names[kind] : "other";
}

/* "Conv + Add, Relu", "Conv backward". */
static const char *op_text(const camx_profile_row *row, char *out, size_t size)
{
    if (row->kind != CAMX_STEP_FORWARD) {
        snprintf(out, size, "%s %s", row->op, kind_name(row->kind));
    } else {
        snprintf(out, size, "%s%s%s", row->op, row->fused[0] != '\0' ? " + " : "", row->fused);
    }
    return out;
}

/* ---- the rows ---- */

static camx_status read_rows(const workbench *b, profile *p, camx_error *error)
{
    p->count = camx_session_profile_count(b->session);
    p->rows = calloc((size_t)p->count + 1, sizeof *p->rows);
    p->sums = calloc((size_t)p->count + 1, sizeof *p->sums);
    p->order = calloc((size_t)p->count + 1, sizeof *p->order);
    if (p->rows == NULL || p->sums == NULL || p->order == NULL) {
        return error_set(error, CAMX_E_MEMORY, "there is not enough memory for the profile");
    }
    for (uint32_t i = 0; i < p->count; i++) {
        camx_status status;

        p->rows[i].struct_size = sizeof p->rows[i];
        status = camx_session_get_profile_row(b->session, i, &p->rows[i], error);
        if (status != CAMX_OK) {
            return status;
        }
        p->order[i] = &p->rows[i];
        p->seconds += p->rows[i].seconds;
        p->operations += (double)p->rows[i].operations;
    }
    return CAMX_OK;
}

static int slower_row(const void *a, const void *b)
{
    const camx_profile_row *x = *(camx_profile_row *const *)a;
    const camx_profile_row *y = *(camx_profile_row *const *)b;

    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static int slower_sum(const void *a, const void *b)
{
    const camx_profile_row *x = a;
    const camx_profile_row *y = b;

    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static void add_to_sums(profile *p, const camx_profile_row *row)
{
    uint32_t i = 0;

    while (i < p->sum_count &&
           (p->sums[i].kind != row->kind || strcmp(p->sums[i].op, row->op) != 0 ||
            strcmp(p->sums[i].kernel, row->kernel) != 0)) {
        i++;
    }
    if (i == p->sum_count) {
        p->sums[p->sum_count++] = (camx_profile_row){
            .kind = row->kind, .op = row->op, .kernel = row->kernel, .fused = ""};
    }
    p->sums[i].seconds += row->seconds;
    p->sums[i].share += row->share;
    p->sums[i].operations += row->operations;
    p->sums[i].input_rank++;
}

/* With --top only the slowest, slowest first. */
static void arrange(profile *p, const options *o)
{
    p->shown = p->count;
    for (uint32_t i = 0; i < p->count; i++) {
        add_to_sums(p, &p->rows[i]);
    }
    qsort(p->sums, p->sum_count, sizeof *p->sums, slower_sum);
    if (o->top > 0) {
        qsort(p->order, p->count, sizeof *p->order, slower_row);
        p->shown = (uint32_t)o->top < p->count ? (uint32_t)o->top : p->count;
    }
}

/* ---- printing ---- */

static void print_numbers(const camx_profile_row *row)
{
    console_print("%9.3f  %5.1f %%  ", row->seconds * 1e3, 100 * row->share);
    if (row->operations > 0) {
        console_print("%7.1f  ", rate(row));
    } else {
        console_print("%7s  ", "");
    }
}

/* A column of text that may hold wide characters. */
static void print_column(const char *s, int columns)
{
    int pad = columns - (int)utf8_columns(s);

    console_print("%s%*s  ", s, pad > 0 ? pad : 0, "");
}

static void print_steps(const profile *p)
{
    char shape[SHAPE_SIZE];
    char op[96];

    console_print("%9s  %7s  %7s  %-*s  %-10s  %-16s  %-16s  %s\n", "ms", "share", "GFLOP/s", OP_COLUMNS,
                  "operator", "kernel", "input", "output", "value");
    for (uint32_t i = 0; i < p->shown; i++) {
        const camx_profile_row *row = p->order[i];

        print_numbers(row);
        print_column(op_text(row, op, sizeof op), OP_COLUMNS);
        print_column(row->kernel, 10);
        print_column(shape_text(row->input_shape, row->input_rank, shape), 16);
        print_column(shape_text(row->output_shape, row->output_rank, shape), 16);
        console_print("%s\n", row->name);
    }
}

static void print_sums(const profile *p, const camx_session_stats *stats, int32_t runs)
{
    char op[96];

    console_print("\n");
    for (uint32_t i = 0; i < p->sum_count; i++) {
        print_numbers(&p->sums[i]);
        print_column(op_text(&p->sums[i], op, sizeof op), OP_COLUMNS);
        print_column(p->sums[i].kernel, 10);
        console_print("%d step%s\n", (int)p->sums[i].input_rank, p->sums[i].input_rank == 1 ? "" : "s");
    }
    console_print("%9.3f  100.0 %%  %7.1f  all %u steps, %d thread%s, median of %d runs\n", p->seconds * 1e3,
                  p->seconds > 0 ? p->operations / p->seconds * 1e-9 : 0.0, p->count, (int)stats->threads,
                  stats->threads == 1 ? "" : "s", (int)runs);
}

static void put_numbers(json *doc, const camx_profile_row *row)
{
    json_float(doc, "ms", row->seconds * 1e3);
    json_float(doc, "share", row->share);
    json_uint(doc, "operations", row->operations);
    json_float(doc, "gflops", rate(row));
}

static void put_step(json *doc, const profile *p, const camx_profile_row *row)
{
    json_open_object(doc, NULL);
    json_uint(doc, "number", (uint64_t)(row - p->rows));
    json_text(doc, "kind", kind_name(row->kind));
    json_text(doc, "value", row->name);
    json_text(doc, "node", row->node);
    json_text(doc, "op", row->op);
    json_text(doc, "fused", row->fused);
    json_text(doc, "kernel", row->kernel);
    json_ints(doc, "input_shape", row->input_shape, (uint32_t)row->input_rank);
    json_ints(doc, "output_shape", row->output_shape, (uint32_t)row->output_rank);
    put_numbers(doc, row);
    json_float(doc, "fastest_ms", row->fastest * 1e3);
    json_close(doc);
}

static void put_profile(json *doc, const profile *p, const camx_session_stats *stats, int32_t runs)
{
    json_int(doc, "threads", stats->threads);
    json_int(doc, "runs", runs);
    json_float(doc, "total_ms", p->seconds * 1e3);
    json_float(doc, "gflops", p->seconds > 0 ? p->operations / p->seconds * 1e-9 : 0);
    json_open_array(doc, "steps");
    for (uint32_t i = 0; i < p->shown; i++) {
        put_step(doc, p, p->order[i]);
    }
    json_close(doc);
    json_open_array(doc, "operators");
    for (uint32_t i = 0; i < p->sum_count; i++) {
        json_open_object(doc, NULL);
        json_text(doc, "kind", kind_name(p->sums[i].kind));
        json_text(doc, "op", p->sums[i].op);
        json_text(doc, "kernel", p->sums[i].kernel);
        json_int(doc, "steps", p->sums[i].input_rank);
        put_numbers(doc, &p->sums[i]);
        json_close(doc);
    }
    json_close(doc);
}

/* ---- measuring ---- */

/* Runs the picture; without one, noise of the network's size: its speed is that of any picture. */
static camx_status run_picture(workbench *b, const options *o, camx_error *error)
{
    camx_input *input = NULL;
    photo p = {0};
    camx_status status = o->images.count > 0 ? photo_open(&p, o->images.at[0], error)
                                             : workbench_noise(b, &p, error);

    if (status == CAMX_OK) {
        console_set_quiet(o->quiet || o->images.count == 0);
        status = workbench_run(b, &p, &input, error);
        console_set_quiet(o->quiet);
    }
    camx_input_release(input);
    photo_close(&p);
    return status;
}

static camx_status measure(workbench *b, const options *o, profile *p, camx_error *error)
{
    camx_profile_options settings;
    camx_status status = run_picture(b, o, error);

    camx_profile_options_init(&settings);
    settings.runs = o->runs;
    settings.backward = o->backward;
    settings.layer = o->layers.count > 0 ? o->layers.at[0] : NULL;
    if (status == CAMX_OK) {
        status = camx_session_profile(b->session, NULL, &settings, error);
    }
    return status == CAMX_OK ? read_rows(b, p, error) : status;
}

static int show(workbench *b, const options *o, json *doc)
{
    profile p = {0};
    camx_session_stats stats = {.struct_size = sizeof stats};
    camx_error error = {0};
    camx_status status = measure(b, o, &p, &error);

    if (status == CAMX_OK) {
        status = camx_session_get_stats(b->session, &stats, &error);
    }
    if (status == CAMX_OK) {
        arrange(&p, o);
        put_profile(doc, &p, &stats, o->runs);
        if (!o->json) {
            print_steps(&p);
            print_sums(&p, &stats, o->runs);
        }
    }
    free(p.rows);
    free(p.sums);
    free(p.order);
    if (status == CAMX_OK) {
        return CODE_OK;
    }
    return command_fail_error(doc, command_is_fatal(status) ? CODE_USAGE : CODE_INPUTS, &error);
}

int command_profile(const options *o, json *doc)
{
    workbench b;
    int code = workbench_open(&b, o, NULL, doc);

    if (code == CODE_OK) {
        code = show(&b, o, doc);
    }
    workbench_close(&b);
    return code;
}
