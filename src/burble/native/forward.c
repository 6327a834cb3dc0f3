/* The forward step, with what this processor has. Refuses what would reach outside its arrays. */
#include "dispatch.h"
#include "table.h"

/* How many floats a vector has; 0 where this processor can run no kernel. */
EXPORT int burble_lanes(void) {
    const struct kernels *kernels = burble_kernels();
    return kernels ? kernels->lanes : 0;
}

/* The first symbol that there is no row for; -1 where there is none. */
static int64_t find_unknown(const struct network *net, const int64_t *ids, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (ids[i] < -1 || ids[i] >= net->symbols) return i;
    }
    return -1;
}

/* See `step_function`; returns the place of a symbol that there is no row for, otherwise -1. */
EXPORT int64_t burble_step(const struct network *net, const int64_t *ids, int64_t streams,
                           const float *before, int64_t before_stride, float *after,
                           int64_t after_stride, float *logits) {
    const int64_t unknown = find_unknown(net, ids, streams);
    if (unknown < 0) {
        burble_kernels()->step(net, ids, streams, before, before_stride, after, after_stride,
                               logits);
    }
    return unknown;
}

/* See `read_function`; returns the place of a symbol that there is no row for, otherwise -1. */
EXPORT int64_t burble_read(const struct network *net, const int64_t *ids, int64_t steps,
                           int64_t streams, const float *before, int64_t before_stride,
                           float *after, int64_t after_stride, float *logits, float *scratch) {
    const int64_t unknown = find_unknown(net, ids, steps * streams);
    if (unknown < 0) {
        burble_kernels()->read(net, ids, steps, streams, before, before_stride, after,
                               after_stride, logits, scratch);
    }
    return unknown;
}
