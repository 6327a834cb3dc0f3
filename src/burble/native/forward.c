/* The forward step, with what this processor has. Refuses what would reach outside its arrays. */
#include "dispatch.h"
#include "kernels/network.h"

#if defined(__x86_64__) || defined(_M_X64)
step_function step_avx2, step_avx512;
read_function read_avx2, read_avx512;
#elif defined(__aarch64__)
step_function step_neon;
read_function read_neon;
#endif

static step_function *choose_step(void) {
    switch (burble_isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case ISA_AVX512: return step_avx512;
    case ISA_AVX2: return step_avx2;
#elif defined(__aarch64__)
    case ISA_NEON: return step_neon;
#endif
    default: return 0;
    }
}

static read_function *choose_read(void) {
    switch (burble_isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case ISA_AVX512: return read_avx512;
    case ISA_AVX2: return read_avx2;
#elif defined(__aarch64__)
    case ISA_NEON: return read_neon;
#endif
    default: return 0;
    }
}

/* How many floats a vector has; 0 where this processor can run no kernel. */
EXPORT int burble_lanes(void) {
    switch (burble_isa()) {
    case ISA_AVX512: return 16;
    case ISA_AVX2: return 8;
    case ISA_NEON: return 4;
    default: return 0;
    }
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
        choose_step()(net, ids, streams, before, before_stride, after, after_stride, logits);
    }
    return unknown;
}

/* See `read_function`; returns the place of a symbol that there is no row for, otherwise -1. */
EXPORT int64_t burble_read(const struct network *net, const int64_t *ids, int64_t steps,
                           int64_t streams, const float *before, int64_t before_stride,
                           float *after, int64_t after_stride, float *logits, float *scratch) {
    const int64_t unknown = find_unknown(net, ids, steps * streams);
    if (unknown < 0) {
        choose_read()(net, ids, steps, streams, before, before_stride, after, after_stride, logits,
                      scratch);
    }
    return unknown;
}
