/* What the kernel of one instruction set is given, and what it gives. */
#ifndef BURBLE_NETWORK_H
#define BURBLE_NETWORK_H

#include <stdint.h>

enum kind { LSTM = 0, HARD_LSTM = 1, GRU = 2, RNN = 3, OUTPUT = 4 };

/* One layer. A panel is what is computed at once: of LSTM and GRU the four gates of LANES units, of
   the others 4 * LANES units. Weights: (panels, below + units, 4, LANES), first those of what comes
   from below; of OUTPUT (panels, below, 4, LANES). Start: what sums begin with, (rows, panels, 4,
   LANES): a row for each symbol in the first layer, one row of biases in others. */
struct layer {
    int64_t kind, below, units, panels;
    const float *weights, *start;
};

/* Streams' states: part p of stream b is units floats from state + p * stride + b * units. Parts
   are h and c of each LSTM layer, h alone of others. */
struct network {
    int64_t layers, symbols, units, parts;
    const struct layer *layer;
};

/* Reads one symbol in each of some streams; logits: (streams, symbols). */
typedef void step_function(const struct network *, const int64_t *ids, int64_t streams,
                           const float *before, int64_t before_stride, float *after,
                           int64_t after_stride, float *logits);

/* Reads steps * streams symbols, (steps, streams); logits: (steps, streams, symbols). Scratch: see
   `burble_scratch`. */
typedef void read_function(const struct network *, const int64_t *ids, int64_t steps,
                           int64_t streams, const float *before, int64_t before_stride,
                           float *after, int64_t after_stride, float *logits, float *scratch);

/* Some panels of one layer, in a step of some streams that all read a symbol. Arrays are (streams,
   units), of OUTPUT (streams, symbols) in new_h. */
struct piece {
    const struct layer *layer;
    int64_t streams, first, end;
    const int64_t *ids;       /* The symbols that are read. */
    int64_t is_lowest;        /* Whether they say where sums begin. */
    const float *below, *h, *c;
    float *new_h, *new_c;
};
typedef void piece_function(const struct piece *);

#endif
