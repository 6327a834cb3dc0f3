/* What chooses the next symbol of each text, with what this processor has. */
#include "dispatch.h"
#include "table.h"

/* See `average_function`. */
EXPORT void burble_average(float *logits, int64_t networks, int64_t rows, int64_t symbols) {
    burble_kernels()->average(logits, networks, rows, symbols);
}

/* See `draw_function`; -2 where there are too many symbols. */
EXPORT int64_t burble_draw(const float *logits, int64_t rows, int64_t symbols, float temperature,
                           float impossible, const double *uniforms, int64_t *chosen) {
    const struct kernels *kernels = burble_kernels();
    if (!kernels || symbols < 1 || symbols > MOST_SYMBOLS) return -2;
    return kernels->draw(logits, rows, symbols, temperature, impossible, uniforms, chosen);
}

/* See `watch_function`; -1 where there is no such symbol. */
EXPORT int64_t burble_watch(const struct rounds *rounds, const int64_t *symbols) {
    for (int64_t text = 0; text < rounds->texts; text++) {
        if (symbols[text] < 0 || symbols[text] >= rounds->symbols) return -1;
    }
    return burble_kernels()->watch(rounds, symbols);
}
