/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads on one model: sessions with different settings that are opened, run and asked at the same time, give the
 * bits that one thread alone gets. Shared inputs, shared threads, a host's threads, fork, and rest when idle. Meant for
 * the thread sanitizer as well.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../golden/golden.h"
#include "api_support.h"

/* The thread sanitizer does not support threads that are started in a forked child. */
#if defined(__SANITIZE_THREAD__)
#define TEST_FORK 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_FORK 0
#endif
#endif
#ifndef TEST_FORK
#define TEST_FORK 1
#endif

/* What runs beside a fork may not touch Check while all is well: every ck_assert takes a lock of Check's own, and a child
 * that is forked while another thread holds it would wait for ever. */
#undef GOOD
#define GOOD(call)                                                          \
    do {                                                                    \
        camx_error error;                                                   \
        if ((call) != CAMX_OK)                                              \
            ck_abort_msg("%s:%d: %s", __FILE__, __LINE__, error.message);   \
    } while (0)

#define THREADS 8
#define ROUNDS 3
#define RESULTS 4096

/* One way to use the model, and what comes out. */
typedef struct job {
    int number;
    camx_model *model;
    camx_input *input;
    camx_session *sharing; /* whose threads are used, or NULL */
    camx_parallel_for parallel_for;
    int threads;
    float results[RESULTS];
    size_t count;
    const struct job *expected;
    pthread_barrier_t *barrier;
} job;

static const int64_t sides[] = {8, 13, 24, 31};

static int64_t side_of(int number)
{
    return sides[number % 4];
}

/* What differs between jobs: the matrix product, fusion, what is kept, the size of the image. */
static camx_session *open_session(const job *j)
{
    static const int32_t gemms[] = {CAMX_GEMM_AUTO, CAMX_GEMM_BUILTIN, CAMX_GEMM_PACKED, CAMX_GEMM_AUTO};
    camx_session_options options;
    camx_session *session = NULL;
    camx_session_options_init(&options);
    options.threads = j->threads;
    options.gemm = gemms[j->number / 2 % 4];
    options.fusion = j->number % 3 != 0;
    options.keep = j->number % 3;
    options.exact_conv = j->number % 2;
    options.share_threads = j->sharing;
    options.parallel_for = j->parallel_for;
    if (camx_session_open(j->model, &options, &session, NULL) == CAMX_E_UNSUPPORTED) {
        options.gemm = CAMX_GEMM_AUTO; /* a processor without vector kernels */
        GOOD(camx_session_open(j->model, &options, &session, &error));
    }
    if (session == NULL)
        ck_abort_msg("no session");
    return session;
}

static void note(job *j, const float *values, size_t count)
{
    if (j->count + count > RESULTS)
        ck_abort_msg("more results than there is room for");
    memcpy(j->results + j->count, values, count * sizeof(float));
    j->count += count;
}

static void ask(job *j, camx_session *session)
{
    static const char *const layers[] = {"r1", "c1", "r2", "c2"};
    float values[5];
    camx_gradcam_options options;
    camx_map *map = NULL;
    camx_session_stats stats = {.struct_size = sizeof stats};
    size_t area = (size_t)(side_of(j->number) * side_of(j->number));
    j->count = 0;
    GOOD(camx_map_create(NULL, &map, &error));
    GOOD(camx_session_run(session, j->input, &error));
    GOOD(camx_session_scores(session, 0, CAMX_SCORE_LOGIT, values, 5, &error));
    note(j, values, 5);
    GOOD(cam_compute(session, NULL, NULL, NULL, map, &error));
    note(j, camx_map_values(map, 0), area);
    camx_gradcam_options_init(&options);
    options.layer = layers[j->number % 4];
    GOOD(gradcam_compute(session, NULL, NULL, &options, map, &error));
    note(j, camx_map_values(map, 0), area);
    GOOD(gradcampp_compute(session, j->input, NULL, NULL, map, &error));
    note(j, camx_map_values(map, 0), area);
    GOOD(camx_session_get_stats(session, &stats, &error));
    camx_map_release(map);
}

/* An assertion that fails in another thread ends the test's process, and so the test, just the same. */
static void work(job *j)
{
    camx_session *session = open_session(j);
    ask(j, session);
    camx_session_close(session);
}

static void *thread_main(void *argument)
{
    job *j = argument;
    pthread_barrier_wait(j->barrier);
    for (int round = 0; round < ROUNDS; round++)
        work(j);
    return NULL;
}

static camx_model *open_net(void)
{
    api_net net = API_NET;
    net.side = -1;
    return api_net_open(&net, NULL);
}

static camx_input *input_of(camx_model *model, int number)
{
    return api_random_input(model, 70 + (uint32_t)(number % 4), 1, 3, side_of(number), side_of(number));
}

/* Every job by itself, with one thread, on a model of its own. */
static void work_alone(job *alone)
{
    for (int i = 0; i < THREADS; i++) {
        camx_model *model = open_net();
        alone[i] = (job){.number = i, .model = model, .input = input_of(model, i), .threads = 1};
        work(&alone[i]);
        camx_input_release(alone[i].input);
        camx_model_release(model);
    }
}

static void expect_same(const job *got, const job *wanted)
{
    ck_assert_uint_ge(wanted->count, 5);
    ck_assert_uint_eq(got->count, wanted->count);
    for (size_t i = 0; i < got->count; i++)
        ck_assert_msg(memcmp(&got->results[i], &wanted->results[i], sizeof(float)) == 0,
                      "job %d: number %zu is %g, alone %g", got->number, i, (double)got->results[i],
                      (double)wanted->results[i]);
}

/* Runs all jobs at once and compares. */
static void run_jobs(job *jobs, const job *alone, void *(*main_of_thread)(void *))
{
    pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].barrier = &barrier;
        jobs[i].expected = &alone[i];
        ck_assert_int_eq(pthread_create(&threads[i], NULL, main_of_thread, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&barrier);
    for (int i = 0; i < THREADS; i++)
        expect_same(&jobs[i], &alone[i]);
}

static job alone[THREADS];
static job jobs[THREADS];

/* A fresh model, so that the first sessions plan and pack at the same time. */
START_TEST(eight_threads)
{
    camx_model *model = open_net();
    work_alone(alone);
    for (int i = 0; i < THREADS; i++)
        jobs[i] = (job){.number = i, .model = model, .input = input_of(model, i), .threads = 1 + i % 3};
    run_jobs(jobs, alone, thread_main);
    for (int i = 0; i < THREADS; i++)
        camx_input_release(jobs[i].input);
    camx_model_release(model);
}
END_TEST

/* Four inputs for eight threads, which retain and release them and the model while they work. */
static void *retaining_main(void *argument)
{
    job *j = argument;
    pthread_barrier_wait(j->barrier);
    for (int round = 0; round < ROUNDS; round++) {
        camx_model_retain(j->model);
        camx_input_retain(j->input);
        work(j);
        camx_input_release(j->input);
        camx_model_release(j->model);
    }
    return NULL;
}

START_TEST(shared_inputs)
{
    camx_model *model = open_net();
    camx_input *inputs[4];
    work_alone(alone);
    for (int i = 0; i < 4; i++)
        inputs[i] = input_of(model, i);
    for (int i = 0; i < THREADS; i++)
        jobs[i] = (job){.number = i, .model = model, .input = inputs[i % 4], .threads = 2};
    run_jobs(jobs, alone, retaining_main);
    for (int i = 0; i < 4; i++)
        camx_input_release(inputs[i]);
    camx_model_release(model);
}
END_TEST

/* Sessions that all use the threads of one: who finds them busy works alone. */
START_TEST(shared_threads)
{
    camx_model *model = open_net();
    camx_session_options options;
    work_alone(alone);
    camx_session_options_init(&options);
    options.threads = 3;
    camx_session *lender = api_session(model, &options);
    for (int i = 0; i < THREADS; i++)
        jobs[i] = (job){.number = i, .model = model, .input = input_of(model, i), .threads = 1, .sharing = lender};
    run_jobs(jobs, alone, thread_main);
    for (int i = 0; i < THREADS; i++)
        camx_input_release(jobs[i].input);
    camx_session_close(lender);
    camx_model_release(model);
}
END_TEST

/* ---- the host's threads ---- */

typedef struct host_call {
    camx_parallel_body *body;
    void *context;
    size_t i;
} host_call;

static void *host_main(void *argument)
{
    host_call *call = argument;
    call->body(call->context, call->i);
    return NULL;
}

static void host_threads(void *user, size_t count, camx_parallel_body *body, void *context)
{
    pthread_t threads[16];
    host_call calls[16];
    bool started[16];
    (void)user;
    for (size_t i = 1; i < count && i < 16; i++) {
        calls[i] = (host_call){body, context, i};
        started[i] = pthread_create(&threads[i], NULL, host_main, &calls[i]) == 0;
    }
    body(context, 0);
    for (size_t i = 1; i < count && i < 16; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        else
            body(context, i);
    }
}

/* A host without threads of its own, backwards. */
static void host_alone(void *user, size_t count, camx_parallel_body *body, void *context)
{
    (void)user;
    for (size_t i = count; i > 0; i--)
        body(context, i - 1);
}

START_TEST(threads_of_the_host)
{
    camx_model *model = open_net();
    work_alone(alone);
    for (int i = 0; i < THREADS; i++)
        jobs[i] = (job){.number = i,
                        .model = model,
                        .input = input_of(model, i),
                        .threads = 3,
                        .parallel_for = i % 4 == 3 ? host_alone : host_threads};
    run_jobs(jobs, alone, thread_main);
    for (int i = 0; i < THREADS; i++)
        camx_input_release(jobs[i].input);
    camx_model_release(model);
}
END_TEST

/* ---- a network of torchvision's ---- */

static void *golden_main(void *argument)
{
    job *j = argument;
    camx_session_options options;
    camx_map *map = api_map();
    camx_session_options_init(&options);
    options.threads = j->threads;
    if (j->barrier != NULL)
        pthread_barrier_wait(j->barrier);
    camx_session *session = api_session(j->model, &options);
    GOOD(gradcam_compute(session, j->input, NULL, NULL, map, &error));
    camx_map_info info = api_map_info(map, 0);
    j->count = 0;
    note(j, camx_map_values(map, 0), (size_t)info.width * (size_t)info.height);
    note(j, &info.score, 1);
    camx_map_release(map);
    camx_session_close(session);
    return NULL;
}

START_TEST(golden_networks)
{
    static const char *const names[] = {"resnet18_ts13", "mobilenet_v3_ts13", "densenet_dynamo18_external"};
    golden reference;
    char name[100];
    camx_model *model = NULL;
    snprintf(name, sizeof name, "%s.ref", names[_i]);
    ck_assert_int_eq(golden_read(api_golden(name), &reference), 0);
    snprintf(name, sizeof name, "%s.onnx", names[_i]);
    GOOD(camx_model_open(api_golden(name), NULL, &model, &error));
    const golden_record *image = golden_find(&reference, GOLDEN_INPUT);
    camx_input *input = api_input(model, image->values, 1, 3, image->dims[2], image->dims[3]);
    camx_model *fresh = NULL;
    GOOD(camx_model_open(api_golden(name), NULL, &fresh, &error));
    for (int i = 0; i < THREADS; i++) {
        alone[i] = (job){.number = i, .model = model, .input = input, .threads = 1};
        golden_main(&alone[i]);
        jobs[i] = (job){.number = i, .model = fresh, .input = input, .threads = 1 + i % 3};
    }
    run_jobs(jobs, alone, golden_main);
    camx_input_release(input);
    camx_model_release(model);
    camx_model_release(fresh);
    golden_free(&reference);
}
END_TEST

/* ---- fork ---- */

#if TEST_FORK
static int child_works(job *j, camx_session *session, const job *wanted)
{
    ask(j, session);
    if (j->count != wanted->count || memcmp(j->results, wanted->results, j->count * sizeof(float)) != 0)
        return 1;
    work(j); /* a session of its own: plans, under the model's lock */
    if (j->count != wanted->count || memcmp(j->results, wanted->results, j->count * sizeof(float)) != 0)
        return 2;
    camx_session_close(session);
    return 0;
}

static void expect_child(job *j, camx_session *session, const job *wanted)
{
    int status = -1;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        alarm(60); /* a child that hangs is a failure, not a nuisance */
        _exit(child_works(j, session, wanted));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %d", status);
}

static _Atomic int stop;

static void *busy_main(void *argument)
{
    job *j = argument;
    while (!atomic_load(&stop))
        work(j);
    return NULL;
}

/* The other threads are planning and running on the same model while this one forks. */
START_TEST(fork_in_the_middle)
{
    pthread_t threads[3];
    camx_model *model = open_net();
    work_alone(alone);
    for (int i = 0; i < 4; i++)
        jobs[i] = (job){.number = i, .model = model, .input = input_of(model, i), .threads = i == 0 ? 3 : 2};
    camx_session *session = open_session(&jobs[0]);
    expect_child(&jobs[0], session, &alone[0]); /* before the threads were started */
    ask(&jobs[0], session);
    expect_same(&jobs[0], &alone[0]);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, busy_main, &jobs[i + 1]), 0);
    for (int i = 0; i < 15; i++) {
        expect_child(&jobs[0], session, &alone[0]);
        ask(&jobs[0], session);
        expect_same(&jobs[0], &alone[0]);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    camx_session_close(session);
    for (int i = 0; i < 4; i++)
        camx_input_release(jobs[i].input);
    camx_model_release(model);
}
END_TEST
#endif

/* ---- rest ---- */

static double processor_seconds(void)
{
    struct timespec now = {0, 0};
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Threads that have nothing to do use no processor: of three that spun, 0.3 s would take at least as much time. */
START_TEST(idle)
{
    camx_model *model = open_net();
    job j = {.number = 0, .model = model, .input = input_of(model, 3), .threads = 4};
    j.number = 3;
    camx_session *session = open_session(&j);
    ask(&j, session);
    nanosleep(&(struct timespec){0, 50000000}, NULL); /* a thread may look for work for a moment */
    double before = processor_seconds();
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    double used = processor_seconds() - before;
    ck_assert_msg(used < 0.1, "%.3f s of processor time while nothing was to be done", used);
    camx_session_close(session);
    camx_input_release(j.input);
    camx_model_release(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, eight_threads);
    tcase_add_test(tests, shared_inputs);
    tcase_add_test(tests, shared_threads);
    tcase_add_test(tests, threads_of_the_host);
    tcase_add_loop_test(tests, golden_networks, 0, 3);
#if TEST_FORK
    tcase_add_test(tests, fork_in_the_middle);
#endif
    tcase_add_test(tests, idle);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
