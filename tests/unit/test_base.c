/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, zones, errors, UTF-8, suggestions, progress, processor levels, checked sizes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "base/utf8.h"

/* --- memory -------------------------------------------------------------------------- */

START_TEST(blocks)
{
    camx__memory memory;

    camx__memory_init(&memory, NULL, 0);
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *block = camx__alloc_clear(&memory, 1, size);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % CAMX__ALIGNMENT, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(block[i], 0);
        memset(block, 0xAA, size == 0 ? 1 : size);
        ck_assert_uint_eq(memory.blocks, 1);
        camx__free(&memory, block);
    }
    camx__free(&memory, NULL);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(memory.blocks, 0);
    ck_assert_uint_ge(memory.peak, 294);
    ck_assert_ptr_null(camx__alloc(&memory, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(camx__alloc(&memory, SIZE_MAX, 1));
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

START_TEST(limit)
{
    camx__memory memory;

    camx__memory_init(&memory, NULL, 10000);
    void *first = camx__alloc(&memory, 1, 6000);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(camx__alloc(&memory, 1, 6000));
    ck_assert_uint_lt(memory.used, 10000);
    camx__free(&memory, first);
    first = camx__alloc(&memory, 1, 6000);
    ck_assert_ptr_nonnull(first);
    camx__free(&memory, first);
    ck_assert_uint_le(memory.peak, 10000);
}
END_TEST

START_TEST(resize)
{
    camx__memory memory;

    camx__memory_init(&memory, NULL, 0);
    char *block = camx__resize(&memory, NULL, 4, 1);
    memcpy(block, "abc", 4);
    block = camx__resize(&memory, block, 1000, 1);
    ck_assert_str_eq(block, "abc");
    ck_assert_uint_eq(memory.blocks, 1);
    block = camx__resize(&memory, block, 2, 1);
    ck_assert_int_eq(block[1], 'b');
    memory.limit = memory.used + 10; /* no room for a second one: the old block stays */
    ck_assert_ptr_null(camx__resize(&memory, block, 1000, 1));
    ck_assert_int_eq(block[0], 'a');
    camx__free(&memory, block);
    ck_assert_uint_eq(memory.blocks, 0);
}
END_TEST

/* An allocator that counts, fails on demand, and returns badly aligned memory, as the contract
 * allows. */
typedef struct counting {
    int allocations;
    int releases;
    int fail_at;
} counting;

static void *counting_allocate(size_t bytes, void *user)
{
    counting *self = user;

    if (self->allocations++ == self->fail_at)
        return NULL;
    char *raw = malloc(bytes + 16);
    return raw == NULL ? NULL : raw + 16;
}

static void counting_release(void *block, void *user)
{
    ((counting *)user)->releases++;
    free((char *)block - 16);
}

START_TEST(own_allocator)
{
    counting state = {.fail_at = 1};
    camx_allocator allocator = {counting_allocate, counting_release, &state};
    camx__memory memory;

    camx__memory_init(&memory, &allocator, 0);
    void *first = camx__alloc(&memory, 3, 5);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq((uintptr_t)first % CAMX__ALIGNMENT, 0);
    size_t used = memory.used;
    ck_assert_ptr_null(camx__alloc(&memory, 3, 5));
    ck_assert_uint_eq(memory.used, used);
    ck_assert_uint_eq(memory.blocks, 1);
    camx__free(&memory, first);
    ck_assert_int_eq(state.allocations, 2);
    ck_assert_int_eq(state.releases, 1);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

/* Bytes of a block that are not `value`. */
static size_t differing(const unsigned char *block, size_t size, unsigned char value)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += block[i] != value;
    return count;
}

START_TEST(zones)
{
    camx__memory memory;
    camx__zone zone;
    unsigned char *pieces[400];

    camx__memory_init(&memory, NULL, 0);
    camx__zone_init(&zone, &memory);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 400; i++) {
            size_t size = i * 37 % 900 + (i % 50 == 0 ? 40000 : 0);
            pieces[i] = camx__zone_alloc(&zone, 1, size);
            ck_assert_ptr_nonnull(pieces[i]);
            ck_assert_uint_eq((uintptr_t)pieces[i] % (size >= 256 ? 64 : 16), 0);
            ck_assert_uint_eq(differing(pieces[i], size, 0), 0);
            memset(pieces[i], (int)(i & 0xFF), size);
        }
        for (size_t i = 0; i < 400; i++) { /* nobody wrote into another's piece */
            size_t size = i * 37 % 900 + (i % 50 == 0 ? 40000 : 0);
            ck_assert_uint_eq(differing(pieces[i], size, (unsigned char)i), 0);
        }
        camx__zone_free(&zone);
        ck_assert_uint_eq(memory.blocks, 0);
    }
    ck_assert_ptr_null(camx__zone_alloc(&zone, SIZE_MAX, 2));
    ck_assert_ptr_null(camx__zone_alloc(&zone, SIZE_MAX, 1));
    char *text = camx__zone_text(&zone, "abcdef", 3);
    ck_assert_str_eq(text, "abc");
    ck_assert_str_eq(camx__zone_text(&zone, NULL, 0), "");
    camx__zone_free(&zone);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

START_TEST(zone_without_memory)
{
    counting state = {.fail_at = 0};
    camx_allocator allocator = {counting_allocate, counting_release, &state};
    camx__memory memory;
    camx__zone zone;

    camx__memory_init(&memory, &allocator, 0);
    camx__zone_init(&zone, &memory);
    ck_assert_ptr_null(camx__zone_alloc(&zone, 1, 10));
    state.fail_at = -1;
    ck_assert_ptr_nonnull(camx__zone_alloc(&zone, 1, 10));
    ck_assert_ptr_nonnull(camx__zone_alloc(&zone, 1, 100000));
    ck_assert_ptr_nonnull(camx__zone_alloc(&zone, 1, 10));
    camx__zone_free(&zone);
    ck_assert_uint_eq(memory.blocks, 0);
}
END_TEST

START_TEST(checked_sizes)
{
    size_t size = 0;
    int64_t number = 0;

    ck_assert(camx__mul_size(3, 4, &size) && size == 12);
    ck_assert(!camx__mul_size(SIZE_MAX, 2, &size));
    ck_assert(camx__add_size(SIZE_MAX, 0, &size) && size == SIZE_MAX);
    ck_assert(!camx__add_size(SIZE_MAX, 1, &size));
    ck_assert(camx__mul_i64(INT64_MIN, 1, &number) && number == INT64_MIN);
    ck_assert(!camx__mul_i64(INT64_MIN, -1, &number));
    ck_assert(!camx__add_i64(INT64_MAX, 1, &number));
    ck_assert(!camx__add_i64(INT64_MIN, -1, &number));
}
END_TEST

/* --- errors -------------------------------------------------------------------------- */

static const char *shown(const char *text)
{
    static camx_error error;

    ck_assert_int_eq(camx__fail(&error, CAMX_E_FORMAT, "%s", text), CAMX_E_FORMAT);
    ck_assert_int_eq(error.status, CAMX_E_FORMAT);
    return error.message;
}

START_TEST(sentences)
{
    ck_assert_str_eq(shown("plain"), "plain");
    ck_assert_str_eq(shown("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB1"),
                     "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB1");
    ck_assert_str_eq(shown("a\nb\tc\x1B[31m\x7F"), "a?b?c?[31m?");
    ck_assert_str_eq(shown("\xC3"), "?");                /* cut off */
    ck_assert_str_eq(shown("\xC0\x80"), "??");           /* overlong */
    ck_assert_str_eq(shown("\xED\xA0\x80"), "???");      /* a surrogate */
    ck_assert_str_eq(shown("\xF4\x90\x80\x80"), "????"); /* past U+10FFFF */
    ck_assert_str_eq(shown("\xFF\xFE"), "??");
    ck_assert_str_eq(shown("\xC2\x85"), "??");          /* a control character in two bytes */
    ck_assert_str_eq(shown("a\xE2\x80\xAEz"), "a???z"); /* turns the writing direction round */
    ck_assert_int_eq(camx__fail(NULL, CAMX_E_IO, "nobody listens"), CAMX_E_IO);
}
END_TEST

START_TEST(long_sentences)
{
    char text[1200];
    camx_error error;

    memset(&error, 'x', sizeof error);
    for (size_t size = 500; size < 530; size++) {
        memset(text, 'a', sizeof text);
        text[size] = '\0';
        camx__fail(&error, CAMX_E_IO, "%s", text);
        size_t length = strlen(error.message);
        ck_assert_uint_eq(length, size < sizeof error.message ? size : sizeof error.message - 1);
        ck_assert(size < sizeof error.message || strcmp(error.message + length - 3, "...") == 0);
    }
    for (size_t shift = 0; shift < 4; shift++) { /* the cut falls into a character */
        memset(text, 'a', shift);
        for (size_t at = shift; at + 4 < sizeof text; at += 4)
            memcpy(text + at, "\xF0\x9F\x90\xB1", 5);
        camx__fail(&error, CAMX_E_IO, "%s", text);
        ck_assert(camx__utf8_valid(error.message, strlen(error.message)));
        ck_assert_ptr_null(strchr(error.message, '?'));
        ck_assert_str_eq(error.message + strlen(error.message) - 3, "...");
    }
    camx__error_clear(&error);
    ck_assert_int_eq(error.status, CAMX_OK);
    ck_assert_str_eq(error.message, "");
    camx__error_clear(NULL);
}
END_TEST

START_TEST(memory_sentence)
{
    char text[128];
    camx_error error;

    ck_assert_int_eq(camx__fail_memory(&error, 4096, "the arena"), CAMX_E_MEMORY);
    ck_assert_ptr_nonnull(strstr(error.message, "4096 bytes for the arena"));
    ck_assert_uint_gt(strlen(camx__errno_text(2, text, sizeof text)), 0);
    ck_assert_uint_gt(strlen(camx__errno_text(123456, text, sizeof text)), 0);
}
END_TEST

START_TEST(utf8)
{
    uint32_t code = 0;
    char text[] = "a\xFF\xC3\xA9\xE2\x82";

    ck_assert_uint_eq(camx__utf8_character("\xE2\x82\xAC", 3, &code), 3);
    ck_assert_uint_eq(code, 0x20AC);
    ck_assert_uint_eq(camx__utf8_character("\xE2\x82\xAC", 2, &code), 0);
    ck_assert_uint_eq(camx__utf8_character("", 0, &code), 0);
    ck_assert_uint_eq(camx__utf8_character("\0", 1, &code), 1);
    ck_assert(!camx__utf8_valid(text, strlen(text)));
    camx__utf8_repair(text, strlen(text));
    ck_assert_str_eq(text, "a?\xC3\xA9??");
}
END_TEST

/* --- suggestions --------------------------------------------------------------------- */

static const char *suggestions(const char *wanted, const char *const *names, size_t count)
{
    static char text[400];
    camx__suggest suggest;

    camx__suggest_init(&suggest, wanted);
    for (size_t i = 0; i < count; i++)
        camx__suggest_offer(&suggest, names[i]);
    camx__suggest_text(&suggest, text, sizeof text);
    return text;
}

START_TEST(near_names)
{
    static const char *const names[] = {
        "layer1", "layer2", "layer3", "layer4", "fc", "conv1", "/layer4/Relu_output_0"};
    const size_t count = sizeof names / sizeof names[0];

    ck_assert_str_eq(suggestions("conv_1", names, count), " (did you mean 'conv1'?)");
    ck_assert_ptr_nonnull(strstr(suggestions("Layer4", names, count), "mean 'layer4', "));
    ck_assert_ptr_nonnull(
        strstr(suggestions("alyer4", names, count), "mean 'layer4', ")); /* swapped letters */
    ck_assert_str_eq(suggestions("completely", names, count), "");
    ck_assert_str_eq(suggestions("", names, count), "");
    ck_assert_str_eq(suggestions("relu_output", names, count),
                     " (did you mean '/layer4/Relu_output_0'?)");
    ck_assert_str_eq(suggestions("x", names, 0), "");
    ck_assert_str_eq(suggestions("fd", (const char *const[]){"fc", "fa"}, 2),
                     " (did you mean 'fc' or 'fa'?)");
}
END_TEST

START_TEST(suggestions_stay_inside)
{
    static const char *const names[] = {"aaaa", "aaab", "aaab", "aaac", "aaad"};
    char small[20];
    char longest[3000];
    camx__suggest suggest;

    ck_assert_str_eq(suggestions("aaaa", names, 5), " (did you mean 'aaaa', 'aaab' or 'aaac'?)");
    camx__suggest_init(&suggest, "aaaa");
    for (int i = 0; i < 5; i++)
        camx__suggest_offer(&suggest, names[i]);
    camx__suggest_text(&suggest, small, sizeof small);
    ck_assert_uint_eq(strlen(small), sizeof small - 1);
    camx__suggest_text(&suggest, small, 0);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    camx__suggest_offer(&suggest, longest); /* far too long, but it contains what is wanted */
    camx__suggest_init(&suggest, longest);
    camx__suggest_offer(&suggest, "aaaa");
    ck_assert_ptr_null(suggest.name[0]);
}
END_TEST

/* --- progress ------------------------------------------------------------------------ */

typedef struct watcher {
    uint64_t done;
    uint64_t total;
    uint64_t stop_at;
} watcher;

static int watch(uint64_t done, uint64_t total, void *user)
{
    watcher *self = user;

    self->done = done;
    self->total = total;
    return done >= self->stop_at;
}

START_TEST(steps)
{
    camx__progress progress;
    camx_error error;
    watcher self = {.stop_at = 5};

    camx__progress_init(&progress, watch, &self, 0, 10);
    ck_assert_int_eq(camx__progress_step(&progress, 2, &error), CAMX_OK);
    ck_assert_int_eq(camx__progress_step(&progress, 0, &error), CAMX_OK);
    ck_assert_uint_eq(self.done, 2);
    ck_assert_uint_eq(self.total, 10);
    ck_assert_int_eq(camx__progress_step(&progress, 3, &error), CAMX_E_CANCELLED);
    ck_assert_ptr_nonnull(strstr(error.message, "5 of 10"));
    camx__progress_init(&progress, NULL, NULL, 1e-9, 10);
    double start = camx__clock();
    while (camx__clock() <= start)
        ;
    ck_assert_int_eq(camx__progress_step(&progress, 1, &error), CAMX_E_DEADLINE);
    ck_assert_ptr_nonnull(strstr(error.message, "1 of 10"));
    camx__progress_init(&progress, NULL, NULL, 1e6, 10);
    ck_assert_int_eq(camx__progress_step(&progress, 1, &error), CAMX_OK);
    camx__progress_init(&progress, NULL, NULL, -1, 10);
    ck_assert_int_eq(camx__progress_step(&progress, 1, NULL), CAMX_OK);
}
END_TEST

/* --- the processor ------------------------------------------------------------------- */

/* Check runs each test in a process of its own, so that each asks anew. */
START_TEST(isa_lowered)
{
    setenv("CAMX_ISA", "baseline", 1);
    ck_assert_int_eq(camx__cpu_isa(), CAMX__ISA_BASELINE);
    setenv("CAMX_ISA", "avx512", 1);
    ck_assert_int_eq(camx__cpu_isa(), CAMX__ISA_BASELINE); /* asked once */
    ck_assert_str_eq(camx__isa_name(CAMX__ISA_AVX2), "avx2");
    ck_assert_str_eq(camx__isa_name((camx__isa)99), "unknown");
}
END_TEST

START_TEST(isa_never_raised)
{
    unsetenv("CAMX_ISA");
    camx__isa isa = camx__cpu_isa();
    ck_assert_int_ge(isa, CAMX__ISA_BASELINE);
    ck_assert_int_lt(isa, CAMX__ISA_COUNT);
#if defined(__AVX2__)
    ck_assert_int_ge(isa, CAMX__ISA_AVX2);
#endif
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *all = tcase_create("all");

    tcase_add_test(all, blocks);
    tcase_add_test(all, limit);
    tcase_add_test(all, resize);
    tcase_add_test(all, own_allocator);
    tcase_add_test(all, zones);
    tcase_add_test(all, zone_without_memory);
    tcase_add_test(all, checked_sizes);
    tcase_add_test(all, sentences);
    tcase_add_test(all, long_sentences);
    tcase_add_test(all, memory_sentence);
    tcase_add_test(all, utf8);
    tcase_add_test(all, near_names);
    tcase_add_test(all, suggestions_stay_inside);
    tcase_add_test(all, steps);
    tcase_add_test(all, isa_lowered);
    tcase_add_test(all, isa_never_raised);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
