/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way libcamx gets memory. A camx__memory wraps the caller's camx_allocator, counts what is
 * in use and enforces a limit; every object keeps a pointer to the one it was made with. Tests hand in an
 * allocator that fails at the Nth call.
 *
 * A camx__zone is a bump allocator over it: many small pieces that live and die together (the records
 * of a file, a graph, a program). Nothing in a zone is freed alone.
 *
 * Threads: a camx__memory may be used from several threads if its allocator may; a zone by one at a time.
 */
#ifndef CAMX_BASE_MEMORY_H
#define CAMX_BASE_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>

#include "camx/camx.h"

/* Every block is aligned to this: a cache line, and the widest vector. */
#define CAMX__ALIGNMENT 64

typedef struct camx__memory {
    camx_allocator allocator;
    size_t limit;          /* bytes in use at most; SIZE_MAX = no limit */
    _Atomic size_t used;   /* bytes in use now */
    _Atomic size_t peak;   /* the most that was ever in use */
    _Atomic size_t blocks; /* blocks not freed: 0 when everything is closed */
} camx__memory;

/* allocator NULL = the C library's malloc. limit 0 = none. */
void camx__memory_init(camx__memory *memory, const camx_allocator *allocator, size_t limit);

/* count x size bytes, aligned to CAMX__ALIGNMENT, not cleared; NULL when there is none, on overflow or past
 * the limit. A size of 0 gives a valid block of one byte. */
void *camx__alloc(camx__memory *memory, size_t count, size_t size);

/* The same, cleared to zero. */
void *camx__alloc_clear(camx__memory *memory, size_t count, size_t size);

/* Grows or shrinks a block of camx__alloc to count x size bytes, keeping its content; on failure NULL is
 * returned and the old block stays. block may be NULL. */
void *camx__resize(camx__memory *memory, void *block, size_t count, size_t size);

/* block may be NULL. */
void camx__free(camx__memory *memory, void *block);

typedef struct camx__zone_block camx__zone_block;

typedef struct camx__zone {
    camx__memory *memory;
    camx__zone_block *newest;
    size_t left; /* bytes left in the newest block */
} camx__zone;

void camx__zone_init(camx__zone *zone, camx__memory *memory);
void camx__zone_free(camx__zone *zone); /* gives everything back; the zone may be used again */

/* As camx__alloc_clear, aligned to 16 (64 from 256 bytes on); freed with the zone. */
void *camx__zone_alloc(camx__zone *zone, size_t count, size_t size);

/* A NUL-terminated copy of `length` bytes of text (embedded NULs are copied as they are). */
char *camx__zone_text(camx__zone *zone, const char *text, size_t length);

#endif
