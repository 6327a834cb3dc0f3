/* What chooses the next symbol of each text, with what this processor has. */
#include "dispatch.h"
#include "kernels/choose.h"

#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
draw_function draw_avx2, draw_avx512;
#elif defined(__aarch64__)
draw_function draw_neon;
#endif

/* See `draw_function`; -2 where there are too many symbols. */
EXPORT int64_t burble_draw(const float *logits, int64_t rows, int64_t symbols, float temperature,
                           float impossible, const double *uniforms, int64_t *chosen) {
    if (symbols < 1 || symbols > MOST_SYMBOLS) return -2;
    switch (burble_isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case ISA_AVX512:
        return draw_avx512(logits, rows, symbols, temperature, impossible, uniforms, chosen);
    case ISA_AVX2:
        return draw_avx2(logits, rows, symbols, temperature, impossible, uniforms, chosen);
#elif defined(__aarch64__)
    case ISA_NEON:
        return draw_neon(logits, rows, symbols, temperature, impossible, uniforms, chosen);
#endif
    default: return -2;
    }
}

/* What was written of some texts lately, as far as it goes round: `past` and `same`, (texts,
   longest), are the last symbols, latest first, and for each distance how many symbols in a row are
   those so far before them. `silent` counts symbols in a row that do not speak. */
struct rounds {
    int64_t texts, longest, symbols;
    int32_t *past, *same, *silent;
    const int32_t *limits;
    const uint8_t *speaks;
};

/* Takes the next symbol of each text; whether any distance has reached its limit, or -1 where there
   is no such symbol. */
EXPORT int64_t burble_watch(const struct rounds *rounds, const int64_t *symbols) {
    const int64_t longest = rounds->longest;
    int reached = 0;
    for (int64_t text = 0; text < rounds->texts; text++) {
        if (symbols[text] < 0 || symbols[text] >= rounds->symbols) return -1;
    }
    for (int64_t text = 0; text < rounds->texts; text++) {
        const int32_t symbol = (int32_t)symbols[text];
        int32_t *past = rounds->past + text * longest, *same = rounds->same + text * longest;
        for (int64_t i = 0; i < longest; i++) {
            const int32_t count = past[i] == symbol ? same[i] + 1 : 0;
            same[i] = count;
            reached |= count >= rounds->limits[i];
        }
        memmove(past + 1, past, (size_t)(longest - 1) * sizeof(int32_t));
        past[0] = symbol;
        rounds->silent[text] = rounds->speaks[symbol] ? 0 : rounds->silent[text] + 1;
    }
    return reached;
}
