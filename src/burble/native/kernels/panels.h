/* Products of rows with a matrix whose columns are packed into panels. Knows nothing of layers.

   A panel holds four vectors of each row of the matrix, one row after another, so that the
   innermost loop reads memory in order. Each number of a product is summed in the order of the
   rows: it does not depend on how many other rows are multiplied at the same time. */
#ifndef BURBLE_PANELS_H
#define BURBLE_PANELS_H

#include <string.h>

#include "vector.h"

/* Rows that are multiplied at once: as many as registers hold the sums of. */
#if LANES == 8
enum { ROWS = 3 };
#else
enum { ROWS = 6 };
#endif
enum { PANEL = 4 * LANES };

/* Rows (of an LSTM: streams times steps) that are multiplied at once, so that what they meet is read
   from a near cache. */
enum { TOGETHER = 128 };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t panels_of(int64_t columns, int64_t width) { return (columns + width - 1) / width; }

/* How many of some rows are multiplied at once, so that what is left for the last time is not few:
   they would wait for the panel, which comes from a far cache. */
INLINE int64_t even_rows(int64_t rest) { return panels_of(rest, panels_of(rest, ROWS)); }

/* The first LANES of `count` numbers, or all of them; those that are missing are 0. */
INLINE vec load_some(const float *from, int64_t count) {
    return count >= LANES ? v_load(from) : v_load_part(from, count > 0 ? count : 0);
}

INLINE void store_some(float *to, vec from, int64_t count) {
    if (count >= LANES)
        v_store(to, from);
    else if (count > 0)
        v_store_part(to, from, count);
}

/* sums[r][v] += the products of `count` numbers of each of `rows` rows with those of a panel.
   Numbers of a row are `across` apart, rows `down`. */
INLINE void multiply(vec (*sums)[4], const int rows, const float *numbers, int64_t down,
                     const int64_t across, const float *panel, int64_t count) {
    for (int64_t k = 0; k < count; k++, panel += PANEL, numbers += across) {
        vec a = v_load(panel), b = v_load(panel + LANES), c = v_load(panel + 2 * LANES);
        vec d = v_load(panel + 3 * LANES);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec one = v_set1(numbers[r * down]);
            sums[r][0] = v_fma(one, a, sums[r][0]);
            sums[r][1] = v_fma(one, b, sums[r][1]);
            sums[r][2] = v_fma(one, c, sums[r][2]);
            sums[r][3] = v_fma(one, d, sums[r][3]);
        }
    }
}

/* Calls with a constant number of rows, so that the sums stay in registers. */
#define FOR_ROWS(count, call)                            \
    switch (count) {                                     \
    case 1: { enum { N = 1 }; call; } break;             \
    case 2: { enum { N = 2 }; call; } break;             \
    case 3: { enum { N = 3 }; call; } break;             \
    case 4: { enum { N = least_rows(4) }; call; } break; \
    case 5: { enum { N = least_rows(5) }; call; } break; \
    default: { enum { N = ROWS }; call; } break;         \
    }
#define least_rows(n) ((n) < ROWS ? (n) : ROWS)

/* Has the next ROWS rows of a panel brought to the nearest cache while others are multiplied. */
INLINE void fetch(const float *next) {
    for (int64_t i = 0; i < ROWS * PANEL; i += 16) __builtin_prefetch(next + i);
}

/* to (rows, PANEL) = start + numbers x panel; `start` may be `to` itself, `next` numbers apart. */
INLINE void sum_some(const int rows, float *to, int64_t to_down, const float *start, int64_t next,
                      const float *numbers, int64_t down, const float *panel, int64_t count) {
    vec sums[ROWS][4];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) sums[r][v] = v_load(start + r * next + v * LANES);
    multiply(sums, rows, numbers, down, 1, panel, count);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) v_store(to + r * to_down + v * LANES, sums[r][v]);
}

/* The same for up to ROWS rows. A function by itself: with more around it than the product, GCC 12
   keeps sums on the stack. */
OWN void sum_rows(int64_t rows, float *to, int64_t to_down, const float *start, int64_t next,
                  const float *numbers, int64_t down, const float *panel, int64_t count) {
    FOR_ROWS(rows, sum_some(N, to, to_down, start, next, numbers, down, panel, count))
}

/* Copies rows of up to PANEL columns to rows `down` apart. */
OWN void copy_columns(float *to, int64_t down, const float *from, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++, to += down, from += PANEL)
        for (int64_t v = 0; v < PANEL && v < columns; v += LANES)
            store_some(to + v, v_load(from + v), columns - v);
}

/* Packs a row of features, of which there are so many, for `add_products`: ROWS of them to each
   block of so many rows. */
OWN void pack_features(float *to, const float *from, int64_t count, int64_t rows) {
    int64_t m = 0;
    for (; m + ROWS <= count; m += ROWS, to += rows * ROWS)
        memcpy(to, from + m, sizeof(float) * ROWS);
    for (int64_t r = 0; m < count && r < ROWS; r++) to[r] = m + r < count ? from[m + r] : 0;
}

/* to (ROWS, PANEL) += the products of ROWS features with a panel, over so many rows of both. */
OWN void add_products(float *to, const float *features, const float *panel, int64_t rows) {
    vec sums[ROWS][4];
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) sums[r][v] = v_load(to + r * PANEL + v * LANES);
    fetch(to + ROWS * PANEL);
    multiply(sums, ROWS, features, 1, ROWS, panel, rows);
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) v_store(to + r * PANEL + v * LANES, sums[r][v]);
}

#endif
