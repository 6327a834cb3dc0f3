/* Which kernels are run: those of the widest instruction set that is there and allowed. */
#include "table.h"

#include "dispatch.h"

#define DECLARE(isa)                                          \
    step_function step_##isa;                                 \
    read_function read_##isa;                                 \
    piece_function piece_##isa;                                 \
    average_function average_##isa;                           \
    draw_function draw_##isa;                                 \
    watch_function watch_##isa;                               \
    block_function block_##isa;                               \
    static const struct kernels kernels_##isa = {                                   \
        lanes_##isa,   step_##isa, read_##isa,  piece_##isa,                        \
        average_##isa, draw_##isa, watch_##isa, block_##isa};
enum { lanes_neon = 4, lanes_avx2 = 8, lanes_avx512 = 16 };

#if defined(__x86_64__) || defined(_M_X64)
DECLARE(avx2)
DECLARE(avx512)
#elif defined(__aarch64__)
DECLARE(neon)
#endif

const struct kernels *burble_kernels(void) {
    switch (burble_isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case ISA_AVX512: return &kernels_avx512;
    case ISA_AVX2: return &kernels_avx2;
#elif defined(__aarch64__)
    case ISA_NEON: return &kernels_neon;
#endif
    default: return 0;
    }
}
