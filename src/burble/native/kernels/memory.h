/* Memory that is cut into pieces, each from the beginning of a line of the cache. */
#ifndef BURBLE_MEMORY_H
#define BURBLE_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "vector.h"

/* Memory for so many floats, of which the first begins at a line of the cache, to be freed as
   `*scratch`; NULL where there is none. */
enum { LINE = 64 };
static float *take(void **scratch, int64_t floats) {
    *scratch = malloc((size_t)floats * sizeof(float) + LINE);
    uintptr_t start = (uintptr_t)*scratch;
    return *scratch ? (float *)((start + LINE - 1) / LINE * LINE) : NULL;
}

/* So many floats, rounded up to whole lines. */
INLINE int64_t lines(int64_t floats) {
    const int64_t line = LINE / sizeof(float);
    return (floats + line - 1) / line * line;
}

/* Cuts a piece of so many floats off the rest. */
static float *cut(float **rest, int64_t floats) {
    float *piece = *rest;
    *rest += lines(floats);
    return piece;
}

/* Copies a matrix (B, U) between rows of different lengths; what is beyond stays. */
OWN void copy_rows(float *to, int64_t to_down, const float *from, int64_t from_down, int64_t rows,
                   int64_t count) {
    for (int64_t b = 0; b < rows; b++)
        memcpy(to + b * to_down, from + b * from_down, sizeof(float) * (size_t)count);
}

#endif
