/* Threads that share a piece of work. Knows nothing of what it is. */
#ifndef BURBLE_TEAM_H
#define BURBLE_TEAM_H

#include <stdint.h>

#include "dispatch.h"

enum { MOST_PARTS = 64 };

/* Does one of the parts of a piece of work. */
typedef void part_function(void *work, int part, int parts);

/* Does all parts, up to MOST_PARTS, each by a thread of its own where that is to be had. */
EXPORT void burble_share(part_function *do_part, void *work, int parts);

/* In how many parts some threads share what can be cut into so many at most. */
static inline int count_parts(int threads, int64_t most) {
    if (most > MOST_PARTS) most = MOST_PARTS;
    if (most > threads) most = threads;
    return most > 1 ? (int)most : 1;
}

#endif
