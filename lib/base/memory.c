/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks and zones. A block is the caller's allocation with a small head in front of the aligned
 * part; the head remembers what the allocator returned, so that any malloc will do.
 */
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/checked.h"

typedef struct block_head {
    void *raw;    /* what the allocator returned */
    size_t total; /* bytes asked of the allocator: what is counted */
    size_t bytes; /* bytes the owner may use */
} block_head;

static_assert(sizeof(block_head) <= CAMX__ALIGNMENT, "the head must fit in front of a block");

/* The C library's allocator: the only place in the library that calls it. */
static void *default_allocate(size_t bytes, void *user)
{
    (void)user;
    return malloc(bytes);
}

static void default_release(void *block, void *user)
{
    (void)user;
    free(block);
}

void camx__memory_init(camx__memory *memory, const camx_allocator *allocator, size_t limit)
{
    static const camx_allocator standard = {default_allocate, default_release, NULL};

    memory->allocator = allocator != NULL ? *allocator : standard;
    memory->limit = limit != 0 ? limit : SIZE_MAX;
    atomic_init(&memory->used, 0);
    atomic_init(&memory->peak, 0);
    atomic_init(&memory->blocks, 0);
}

/* Counts `bytes` as used, unless the limit would be passed. */
static bool reserve(camx__memory *memory, size_t bytes)
{
    size_t before = atomic_load_explicit(&memory->used, memory_order_relaxed);
    size_t after = 0;

    do {
        if (!camx__add_size(before, bytes, &after) || after > memory->limit)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&memory->used, &before, after,
                                                    memory_order_relaxed, memory_order_relaxed));
    size_t peak = atomic_load_explicit(&memory->peak, memory_order_relaxed);
    while (peak < after &&
           !atomic_compare_exchange_weak_explicit(&memory->peak, &peak, after, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
    return true;
}

/* Large blocks are walked from end to end: with large pages the processor finds its way in them faster, and the
 * system hands them out in fewer pieces. Only an advice, and only for memory that is our own. */
static void advise(const camx__memory *memory, char *block, size_t bytes)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    enum { LARGE_PAGE = 2 * 1024 * 1024 };
    if (memory->allocator.allocate != default_allocate || bytes < 2 * (size_t)LARGE_PAGE)
        return;
    size_t skip = (LARGE_PAGE - (uintptr_t)block % LARGE_PAGE) % LARGE_PAGE;
    (void)madvise(block + skip, (bytes - skip) / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)block;
    (void)bytes;
#endif
}

static block_head *head_of(void *block)
{
    return (block_head *)(void *)((char *)block - sizeof(block_head));
}

void *camx__alloc(camx__memory *memory, size_t count, size_t size)
{
    size_t bytes = 0;
    size_t total = 0;

    if (!camx__mul_size(count, size, &bytes))
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (!camx__add_size(bytes, sizeof(block_head) + CAMX__ALIGNMENT - 1, &total))
        return NULL;
    if (!reserve(memory, total))
        return NULL;
    char *raw = memory->allocator.allocate(total, memory->allocator.user);
    if (raw == NULL) {
        atomic_fetch_sub_explicit(&memory->used, total, memory_order_relaxed);
        return NULL;
    }
    size_t skip = sizeof(block_head);
    skip += (CAMX__ALIGNMENT - ((uintptr_t)raw + skip) % CAMX__ALIGNMENT) % CAMX__ALIGNMENT;
    void *block = raw + skip;
    *head_of(block) = (block_head){raw, total, bytes};
    advise(memory, block, bytes);
    atomic_fetch_add_explicit(&memory->blocks, 1, memory_order_relaxed);
    return block;
}

void *camx__alloc_clear(camx__memory *memory, size_t count, size_t size)
{
    void *block = camx__alloc(memory, count, size);

    if (block != NULL)
        memset(block, 0, head_of(block)->bytes);
    return block;
}

void *camx__resize(camx__memory *memory, void *block, size_t count, size_t size)
{
    void *bigger = camx__alloc(memory, count, size);

    if (bigger == NULL || block == NULL)
        return bigger;
    size_t keep = head_of(block)->bytes;
    if (keep > head_of(bigger)->bytes)
        keep = head_of(bigger)->bytes;
    memcpy(bigger, block, keep);
    camx__free(memory, block);
    return bigger;
}

void camx__free(camx__memory *memory, void *block)
{
    if (block == NULL)
        return;
    const block_head head = *head_of(block);
    memory->allocator.release(head.raw, memory->allocator.user);
    atomic_fetch_sub_explicit(&memory->used, head.total, memory_order_relaxed);
    atomic_fetch_sub_explicit(&memory->blocks, 1, memory_order_relaxed);
}

/* Zones. The head of a zone block fills one cache line, so that what follows is aligned like the
 * block. */
struct camx__zone_block {
    camx__zone_block *older;
    size_t size; /* bytes behind the head */
};

#define ZONE_HEAD CAMX__ALIGNMENT
#if defined(__SANITIZE_ADDRESS__)
#define ZONE_EACH_ALONE 1 /* every piece gets a block, so that an overrun is seen */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ZONE_EACH_ALONE 1
#endif
#endif
#ifndef ZONE_EACH_ALONE
#define ZONE_EACH_ALONE 0
#endif
#define ZONE_BLOCK ((size_t)32 * 1024)

void camx__zone_init(camx__zone *zone, camx__memory *memory)
{
    zone->memory = memory;
    zone->newest = NULL;
    zone->left = 0;
}

void camx__zone_free(camx__zone *zone)
{
    camx__zone_block *block = zone->newest;

    while (block != NULL) {
        camx__zone_block *older = block->older;
        camx__free(zone->memory, block);
        block = older;
    }
    zone->newest = NULL;
    zone->left = 0;
}

static camx__zone_block *new_zone_block(camx__zone *zone, size_t size)
{
    size_t total = 0;

    if (!camx__add_size(size, ZONE_HEAD, &total))
        return NULL;
    camx__zone_block *block = camx__alloc_clear(zone->memory, total, 1);
    if (block != NULL)
        block->size = size;
    return block;
}

/* A piece of its own, kept behind the newest block so that the rest of that one stays in use. */
static void *zone_alone(camx__zone *zone, size_t bytes)
{
    camx__zone_block *block = new_zone_block(zone, bytes);

    if (block == NULL)
        return NULL;
    if (zone->newest == NULL) {
        zone->newest = block;
    } else {
        block->older = zone->newest->older;
        zone->newest->older = block;
    }
    return (char *)block + ZONE_HEAD;
}

void *camx__zone_alloc(camx__zone *zone, size_t count, size_t size)
{
    size_t bytes = 0;

    if (!camx__mul_size(count, size, &bytes))
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (ZONE_EACH_ALONE || bytes > ZONE_BLOCK / 4)
        return zone_alone(zone, bytes);
    size_t alignment = bytes >= 256 ? CAMX__ALIGNMENT : 16;
    size_t start = zone->newest != NULL ? zone->newest->size - zone->left : 0;
    size_t padding = (alignment - start % alignment) % alignment;
    if (padding + bytes > zone->left) {
        camx__zone_block *block = new_zone_block(zone, ZONE_BLOCK);
        if (block == NULL)
            return NULL;
        block->older = zone->newest;
        zone->newest = block;
        zone->left = ZONE_BLOCK;
        start = 0;
        padding = 0;
    }
    zone->left -= padding + bytes;
    return (char *)zone->newest + ZONE_HEAD + start + padding;
}

char *camx__zone_text(camx__zone *zone, const char *text, size_t length)
{
    size_t bytes = 0;

    if (!camx__add_size(length, 1, &bytes))
        return NULL;
    char *copy = camx__zone_alloc(zone, bytes, 1);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}
