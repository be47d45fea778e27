/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcamx as a contender of tests/bench/bench.py: reads commands from standard input, a line each, and
 * answers each with one line. The driver interleaves single rounds of several such processes; peer.py
 * answers the same commands for the other libraries.
 *
 *     open THREADS MODEL INPUT CHANNELS HEIGHT WIDTH    INPUT: raw float32 [1, C, H, W]
 *     task SLOT NAME [class=3,5] [layers=a,b] [patch=16] [stride=16] [reuse=1]
 *     run SLOT SECONDS      runs so long without counting, then so long; answers "times MEDIAN MIN COUNT".
 *                           0 seconds: one run and nothing before it
 *     result SLOT FILE      the scores or raw maps of the last run, as raw float32
 *     work                  answers "work MULTIPLY_ADDS" of one forward pass
 *     peak SECONDS          answers "peak OPERATIONS_PER_SECOND" of THREADS threads
 *     clock                 answers "clock SECONDS"
 *     quit
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_peak.h"
#include "camx/camx.h"

enum { SLOTS = 16, MANY = 32, MAX_TIMES = 1000, WORDS = 16 };

typedef struct slot slot;
typedef camx_status task_fn(slot *s, camx_input *input, camx_error *error);

/* One task, with a session of its own so that no task meets what another one has kept. */
struct slot {
    task_fn *run;
    camx_session *session;
    int32_t method;
    char *text; /* what `layers` points into */
    const char *layers[MANY];
    uint32_t layer_count;
    int32_t classes[MANY];
    uint32_t class_count;
    camx_occlusion_options occlusion;
    camx_map *maps[MANY];
    uint32_t map_count;
    float *scores; /* of forward */
};

typedef struct worker {
    int32_t threads;
    camx_model *model;
    camx_input *inputs[2]; /* the same numbers under two identities: a session would not run one twice */
    unsigned turn;
    slot slots[SLOTS];
} worker;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Answers that something cannot be done. */
static void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("no ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/* ---- open ---- */

static float *read_floats(const char *path, size_t count)
{
    FILE *file = fopen(path, "rb");
    float *values = malloc(count * sizeof *values);
    if (file == NULL || values == NULL || fread(values, sizeof *values, count, file) != count) {
        free(values);
        values = NULL;
    }
    if (file != NULL)
        fclose(file);
    return values;
}

static camx_status make_inputs(worker *w, const float *values, const int64_t shape[4], camx_error *error)
{
    for (int i = 0; i < 2; i++) {
        camx_status status = camx_input_from_floats(w->model, values, shape, 4, &w->inputs[i], error);
        if (status != CAMX_OK)
            return status;
    }
    return CAMX_OK;
}

static void command_open(worker *w, char **words, int count)
{
    camx_error error;
    int64_t shape[4] = {1, 0, 0, 0};
    if (count != 7 || w->model != NULL) {
        refuse("open THREADS MODEL INPUT CHANNELS HEIGHT WIDTH, once");
        return;
    }
    w->threads = (int32_t)strtol(words[1], NULL, 10);
    for (int i = 1; i < 4; i++)
        shape[i] = strtoll(words[3 + i], NULL, 10);
    float *values = read_floats(words[3], (size_t)(shape[1] * shape[2] * shape[3]));
    if (values == NULL)
        refuse("cannot read %s", words[3]);
    else if (camx_model_open(words[2], NULL, &w->model, &error) != CAMX_OK ||
             make_inputs(w, values, shape, &error) != CAMX_OK)
        refuse("%s", error.message);
    else
        printf("ok %s\n", camx_version());
    free(values);
}

/* ---- tasks ---- */

static camx_status run_forward(slot *s, camx_input *input, camx_error *error)
{
    camx_status status = camx_session_run(s->session, input, error);
    if (status != CAMX_OK)
        return status;
    return camx_session_scores(s->session, 0, CAMX_SCORE_LOGIT, s->scores, s->map_count, error);
}

/* Any method: every class at every layer, from one forward pass. */
static camx_status run_method(slot *s, camx_input *input, camx_error *error)
{
    camx_target targets[MANY];
    const camx_target *chosen[MANY];
    for (uint32_t c = 0; c < s->class_count; c++) {
        camx_target_for_class(&targets[c], s->classes[c]);
        chosen[c] = &targets[c];
    }
    return camx_explain_many(s->session, s->method, input, chosen, s->class_count, s->layers, s->layer_count,
                             NULL, s->maps, error);
}

/* The logit's fall, as captum has it: the peers can do the same. */
static camx_status run_occlusion(slot *s, camx_input *input, camx_error *error)
{
    camx_target target;
    camx_target_for_class(&target, s->classes[0]);
    target.score = CAMX_SCORE_LOGIT;
    return occlusion_map(s->session, input, &target, &s->occlusion, s->maps[0], error);
}

/* ---- the task command ---- */

static void read_layers(slot *s, const char *list)
{
    s->text = strdup(list);
    for (char *at = s->text; at != NULL && s->layer_count < MANY;) {
        char *comma = strchr(at, ',');
        if (comma != NULL)
            *comma++ = '\0';
        s->layers[s->layer_count++] = at;
        at = comma;
    }
}

static void read_classes(slot *s, const char *list)
{
    for (const char *at = list; at != NULL && s->class_count < MANY; at = strchr(at, ',')) {
        at += *at == ',';
        s->classes[s->class_count++] = (int32_t)strtol(at, NULL, 10);
    }
}

/* One "key=value" of a task. 0 = there is no such key. */
static int read_setting(slot *s, const char *word)
{
    const char *value = strchr(word, '=');
    int32_t number = value != NULL ? (int32_t)strtol(value + 1, NULL, 10) : 0;
    if (value == NULL)
        return 0;
    if (strncmp(word, "class=", 6) == 0)
        read_classes(s, value + 1);
    else if (strncmp(word, "layers=", 7) == 0)
        read_layers(s, value + 1);
    else if (strncmp(word, "patch=", 6) == 0)
        s->occlusion.patch_width = s->occlusion.patch_height = number;
    else if (strncmp(word, "stride=", 7) == 0)
        s->occlusion.stride_x = s->occlusion.stride_y = number;
    else if (strncmp(word, "reuse=", 6) == 0)
        s->occlusion.reuse = number;
    else
        return 0;
    return 1;
}

/* "gradcam-stages" is gradcam at the layers given. */
static int32_t method_of(const char *task)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(task, "-"), task);
    return camx_method_by_name(name);
}

static camx_status open_slot(const worker *w, slot *s, camx_error *error)
{
    camx_session_options options;
    camx_session_options_init(&options);
    options.threads = w->threads;
    options.layers = s->layers;
    options.layer_count = s->layer_count;
    return camx_session_open(w->model, &options, &s->session, error);
}

/* Maps for every class and layer, or room for the scores. */
static camx_status make_room(const worker *w, slot *s, camx_error *error)
{
    if (s->run == run_forward) {
        s->map_count = camx_model_class_count(w->model);
        s->scores = calloc(s->map_count, sizeof *s->scores);
        return s->scores != NULL ? CAMX_OK : CAMX_E_MEMORY;
    }
    if (s->class_count * s->layer_count > MANY)
        return CAMX_E_LIMIT;
    for (; s->map_count < s->class_count * s->layer_count; s->map_count++) {
        camx_status status = camx_map_create(NULL, &s->maps[s->map_count], error);
        if (status != CAMX_OK)
            return status;
    }
    return CAMX_OK;
}

static slot *slot_of(worker *w, const char *word)
{
    long number = word != NULL ? strtol(word, NULL, 10) : -1;
    return number >= 0 && number < SLOTS ? &w->slots[number] : NULL;
}

static void close_slot(slot *s)
{
    for (int i = 0; i < MANY; i++)
        camx_map_release(s->maps[i]);
    camx_session_close(s->session);
    free(s->scores);
    free(s->text);
    *s = (slot){0};
}

/* What is wrong with a task before it is opened, or NULL. */
static const char *read_task(slot *s, char **words, int count)
{
    camx_occlusion_options_captum(&s->occlusion);
    for (int i = 3; i < count; i++)
        if (!read_setting(s, words[i]))
            return "the task has a setting that this program does not know";
    s->method = method_of(words[2]);
    s->run = strcmp(words[2], "forward") == 0 ? run_forward
             : s->method == CAMX_METHOD_OCCLUSION ? run_occlusion : run_method;
    if (s->run == run_forward)
        return NULL;
    if (s->method == 0)
        return "this libcamx has no such method";
    return s->class_count == 0 ? "class= is missing" : NULL;
}

static void command_task(worker *w, char **words, int count)
{
    camx_error error = {.message = "there is no room for so many maps"};
    slot *s = slot_of(w, words[1]);
    if (w->model == NULL || count < 3 || s == NULL || s->run != NULL) {
        refuse("task SLOT NAME [KEY=VALUE ...], after open, each slot once");
        return;
    }
    const char *problem = read_task(s, words, count);
    if (problem == NULL && open_slot(w, s, &error) != CAMX_OK)
        problem = error.message;
    if (problem == NULL) {
        s->layer_count += s->layer_count == 0; /* the default layer: its name is NULL */
        if (make_room(w, s, &error) != CAMX_OK)
            problem = error.message;
    }
    if (problem == NULL) {
        printf("ok\n");
        return;
    }
    refuse("%s", problem);
    close_slot(s);
}

/* ---- running ---- */

static camx_status run_once(worker *w, slot *s, camx_error *error)
{
    return s->run(s, w->inputs[w->turn++ % 2], error);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static camx_status run_for(worker *w, slot *s, double seconds, double *times, int *count, camx_error *error)
{
    camx_status status = CAMX_OK;
    double begin = seconds_now();
    while (seconds > 0.0 && status == CAMX_OK && seconds_now() - begin < seconds)
        status = run_once(w, s, error); /* not counted */
    begin = seconds_now();
    for (*count = 0; status == CAMX_OK && *count < MAX_TIMES; (*count)++) {
        double before = seconds_now();
        if (*count > 0 && before - begin >= seconds)
            break;
        status = run_once(w, s, error);
        times[*count] = seconds_now() - before;
    }
    return status;
}

static void command_run(worker *w, char **words, int count)
{
    double times[MAX_TIMES];
    int done = 0;
    camx_error error;
    slot *s = slot_of(w, words[1]);
    if (count != 3 || s == NULL || s->run == NULL) {
        refuse("run SLOT SECONDS, after task");
        return;
    }
    if (run_for(w, s, strtod(words[2], NULL), times, &done, &error) != CAMX_OK) {
        refuse("%s", error.message);
        return;
    }
    qsort(times, (size_t)done, sizeof *times, compare_times);
    printf("times %.9f %.9f %d\n", times[done / 2], times[0], done);
}

static void write_result(const slot *s, FILE *file)
{
    if (s->run == run_forward) {
        fwrite(s->scores, sizeof(float), s->map_count, file);
        return;
    }
    for (uint32_t i = 0; i < s->map_count; i++) {
        camx_map_info info = {.struct_size = sizeof info};
        const float *values = camx_map_values(s->maps[i], 0);
        if (values != NULL && camx_map_get_info(s->maps[i], 0, &info, NULL) == CAMX_OK)
            fwrite(values, sizeof(float), (size_t)info.width * (size_t)info.height, file);
    }
}

static void command_result(worker *w, char **words, int count)
{
    slot *s = slot_of(w, words[1]);
    FILE *file = count == 3 && s != NULL && s->run != NULL ? fopen(words[2], "wb") : NULL;
    if (file == NULL) {
        refuse("result SLOT FILE, after run, FILE one that can be written");
        return;
    }
    write_result(s, file);
    printf(fclose(file) == 0 ? "ok\n" : "no the file could not be written\n");
}

static void command_work(const worker *w)
{
    camx_session_stats stats = {.struct_size = sizeof stats};
    for (int i = 0; i < SLOTS; i++)
        if (w->slots[i].session != NULL &&
            camx_session_get_stats(w->slots[i].session, &stats, NULL) == CAMX_OK) {
            printf("work %llu\n", (unsigned long long)stats.multiply_adds);
            return;
        }
    refuse("work, after task");
}

/* ---- the loop ---- */

static int split(char *line, char **words)
{
    int count = 0;
    memset(words, 0, WORDS * sizeof *words);
    for (char *at = strtok(line, " \n"); at != NULL && count < WORDS; at = strtok(NULL, " \n"))
        words[count++] = at;
    return count;
}

static void obey(worker *w, char **words, int count)
{
    if (strcmp(words[0], "open") == 0)
        command_open(w, words, count);
    else if (strcmp(words[0], "task") == 0)
        command_task(w, words, count);
    else if (strcmp(words[0], "run") == 0)
        command_run(w, words, count);
    else if (strcmp(words[0], "result") == 0)
        command_result(w, words, count);
    else if (strcmp(words[0], "work") == 0)
        command_work(w);
    else if (strcmp(words[0], "peak") == 0)
        printf("peak %.6e\n", bench_peak(w->threads, count > 1 ? strtod(words[1], NULL) : 1.0));
    else if (strcmp(words[0], "threads") == 0 && count == 2)
        printf("ok %d\n", w->threads = (int32_t)strtol(words[1], NULL, 10));
    else if (strcmp(words[0], "clock") == 0)
        printf("clock %.9f\n", seconds_now());
    else
        refuse("'%s' is no command", words[0]);
}

static void close_worker(worker *w)
{
    for (int i = 0; i < SLOTS; i++)
        close_slot(&w->slots[i]);
    camx_input_release(w->inputs[0]);
    camx_input_release(w->inputs[1]);
    camx_model_release(w->model);
}

int main(void)
{
    static worker w;
    char line[16384];
    char *words[WORDS];
    printf("ready %s\n", camx_version());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int count = split(line, words);
        if (count == 0)
            continue;
        if (strcmp(words[0], "quit") == 0)
            break;
        obey(&w, words, count);
        fflush(stdout);
    }
    close_worker(&w);
    return 0;
}
