/* The LSTM layer over a sequence: one large product for the input of many steps, the gates computed
   where the product leaves them, and gradients of the weights as one product for many steps.

   What is kept of a step for the gradients is in the order of the panels (see `panels.h`):
   the gates (T, panels, B, 4, LANES), the cell states (T, panels, B, LANES). */
#include "../lstm.h"

#include <stdlib.h>

#include "panels.h"

/* Streams times steps that are multiplied at once, so that what they meet is read from a near
   cache. */
enum { TOGETHER = 128 };

/* Panels of gates whose part of a packed matrix fills most of the nearest cache, 32 kB. */
enum { PART = 8192 / (PANEL * PANEL) };

/* One pass over a layer: the layer, and what it needs on the way. */
struct pass {
    const struct lstm_layer *layer;
    long panels;       /* of gates */
    long wide;         /* units, rounded up to whole panels of columns */
    long steps;        /* multiplied at once */
    void *scratch;     /* memory of all of the following */
    float *kernel, *recurrent, *bias, *state, *cell, *gates, *features, *weights, *sums;
};

INLINE float *gates_at(const struct pass *s, float *gates, long t, long p, long b) {
    return gates + ((t * s->panels + p) * s->layer->batch + b) * PANEL;
}

INLINE long cells_at(const struct pass *s, long t, long p, long b) {
    return ((t * s->panels + p) * s->layer->batch + b) * LANES;
}

static struct pass begin(const struct lstm_layer *layer) {
    struct pass s = {.layer = layer};
    long steps = TOGETHER / layer->batch;
    s.panels = panels_of(layer->units, LANES);
    s.wide = panels_of(layer->units, PANEL) * PANEL;
    s.steps = least(layer->length, steps > 1 ? steps : 1);
    return s;
}

/* Has the next ROWS rows of a panel brought to the nearest cache while others are multiplied. */
INLINE void fetch(const float *next) {
    for (long i = 0; i < ROWS * PANEL; i += 16) __builtin_prefetch(next + i);
}

/* Memory for up to CUTS pieces with so many floats in all, of which the first begins at a line of
   the cache; NULL where there is none. */
enum { LINE = 64, CUTS = 12 };
static float *take(struct pass *s, long floats) {
    s->scratch = malloc((size_t)floats * sizeof(float) + (CUTS + 1) * LINE);
    uintptr_t start = (uintptr_t)s->scratch;
    return s->scratch ? (float *)((start + LINE - 1) / LINE * LINE) : NULL;
}

/* Cuts a piece of so many floats off the rest. */
static float *cut(float **rest, long floats) {
    const long line = LINE / sizeof(float);
    float *piece = *rest;
    *rest += (floats + line - 1) / line * line;
    return piece;
}

/* Packs a state (B, U) as the cell states of one step are. */
static void pack_state(const struct pass *s, float *to, const float *state) {
    long batch = s->layer->batch, units = s->layer->units;
    for (long p = 0; p < s->panels; p++)
        for (long b = 0; b < batch; b++, to += LANES)
            v_store(to, load_some(state + b * units + p * LANES, units - p * LANES));
}

static void unpack_state(const struct pass *s, float *state, const float *from) {
    long batch = s->layer->batch, units = s->layer->units;
    for (long p = 0; p < s->panels; p++)
        for (long b = 0; b < batch; b++, from += LANES)
            store_some(state + b * units + p * LANES, v_load(from), units - p * LANES);
}

/* Copies a matrix (B, U) between rows of different lengths; what is beyond stays. */
static void copy_rows(float *to, long to_down, const float *from, long from_down, long rows,
                      long count) {
    for (long b = 0; b < rows; b++)
        memcpy(to + b * to_down, from + b * from_down, sizeof(float) * (size_t)count);
}

/* Forward. */

/* to (rows, PANEL) = start + numbers x panel; `start` may be `to` itself, `next` numbers apart. */
INLINE void sum_gates(const int rows, float *to, long to_down, const float *start, long next,
                      const float *numbers, long down, const float *panel, long count) {
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

/* The share of the input in the gates of some steps, before their activation. */
static void multiply_inputs(const struct pass *s, float *gates, long first, long steps) {
    const struct lstm_layer *l = s->layer;
    /* Rows that are multiplied at once are streams of a step, or steps of one stream. */
    int along = l->batch < ROWS;
    long outer = along ? l->batch : steps, inner = along ? steps : l->batch;
    long down = (along ? 1 : l->length) * l->inputs;
    long to_down = (along ? s->panels * l->batch : 1) * PANEL;
    for (long p = 0; p < s->panels; p++)
        for (long i = 0; i < outer; i++)
            for (long j = 0; j < inner; j += ROWS) {
                long t = along ? j : i, b = along ? i : j;
                float *to = gates_at(s, gates, t, p, b);
                const float *from = l->x + (b * l->length + first + t) * l->inputs;
                const float *panel = s->kernel + p * l->inputs * PANEL;
                FOR_ROWS(inner - j, sum_gates(N, to, to_down, s->bias + p * PANEL, 0, from, down,
                                              panel, l->inputs))
            }
}

INLINE vec sigmoid(vec x) { return v_sigmoid_of_double(x * v_set1(0.5f)); }

/* The gates of some streams from their sums, in place, and the state after them. */
static void activate(long rows, float *gates, const float *before, float *cells, float *h,
                     long down) {
    for (long r = 0; r < rows; r++, gates += PANEL, before += LANES, cells += LANES, h += down) {
        vec i = sigmoid(v_load(gates)), f = sigmoid(v_load(gates + LANES));
        vec g = v_tanh(v_load(gates + 2 * LANES)), o = sigmoid(v_load(gates + 3 * LANES));
        vec c = v_fma(f, v_load(before), i * g);
        v_store(gates, i);
        v_store(gates + LANES, f);
        v_store(gates + 2 * LANES, g);
        v_store(gates + 3 * LANES, o);
        v_store(cells, c);
        v_store(h, o * v_tanh(c));
    }
}

/* One step: from its gates, which hold the share of the input, and the state before. */
static void step(const struct pass *s, float *gates, const float *h, const float *c, float *after_h,
                 float *after_c) {
    long batch = s->layer->batch, units = s->layer->units;
    for (long p = 0; p < s->panels; p++) {
        const float *panel = s->recurrent + p * units * PANEL;
        for (long b = 0; b < batch; b += ROWS) {
            float *to = gates_at(s, gates, 0, p, b);
            const float *from = h + b * s->wide;
            FOR_ROWS(batch - b,
                     sum_gates(N, to, PANEL, to, PANEL, from, s->wide, panel, units))
            long cell = cells_at(s, 0, p, b);
            activate(least(ROWS, batch - b), to, c + cell, after_c + cell,
                     after_h + b * s->wide + p * LANES, s->wide);
        }
    }
}

int NAME(lstm_forward)(const struct lstm_layer *l, const struct lstm_results *to) {
    struct pass s = begin(l);
    long state = l->batch * s.wide, gates = s.panels * l->batch * PANEL;
    long own = to->gates ? 0 : s.steps * gates;
    long weights = s.panels * PANEL * (l->inputs + l->units + 1);
    float *rest = take(&s, weights + 2 * state + gates + own);
    if (!rest) return 1;
    s.kernel = cut(&rest, s.panels * PANEL * l->inputs);
    s.recurrent = cut(&rest, s.panels * PANEL * l->units);
    s.bias = cut(&rest, s.panels * PANEL);
    s.state = cut(&rest, 2 * state);
    s.cell = cut(&rest, gates);
    s.gates = cut(&rest, own);
    pack_gates(s.kernel, l->kernel, l->inputs, l->units);
    pack_gates(s.recurrent, l->recurrent, l->units, l->units);
    pack_gates(s.bias, l->bias, 1, l->units);
    float *h = s.state, *after = s.state + state, *c = s.cell;
    copy_rows(h, s.wide, l->h, l->units, l->batch, l->units);
    pack_state(&s, c, l->c);
    for (long t = 0; t < l->length; t++) {
        long part = t % s.steps;
        float *here = to->gates ? to->gates + (t - part) * gates : s.gates;
        if (!part) multiply_inputs(&s, here, t, least(s.steps, l->length - t));
        float *after_c = to->cells ? to->cells + cells_at(&s, t, 0, 0) : c;
        step(&s, here + part * gates, h, c, after, after_c);
        copy_rows(to->outputs + t * l->units, l->length * l->units, after, s.wide, l->batch,
                  l->units);
        float *before = h;
        h = after, after = before, c = after_c;
    }
    copy_rows(to->last_h, l->units, h, s.wide, l->batch, l->units);
    unpack_state(&s, to->last_c, c);
    free(s.scratch);
    return 0;
}

/* Backward. */

/* The gradients of the sums of the gates of a step, in place of the gates; those of the cell state
   before it, in place of that after it. */
static void differentiate(const struct pass *s, const struct lstm_gradients *g, long t,
                          const float *d_h, float *d_c, float *d_bias) {
    const struct lstm_layer *l = s->layer;
    for (long p = 0; p < s->panels; p++) {
        long count = l->units - p * LANES;
        float *gates = gates_at(s, g->gates, t, p, 0);
        const float *cells = g->cells + cells_at(s, t, p, 0);
        const float *before =
            t ? g->cells + cells_at(s, t - 1, p, 0) : s->cell + cells_at(s, 0, p, 0);
        vec one = v_set1(1), sum[4];
        for (int v = 0; v < 4; v++) sum[v] = v_load(d_bias + p * PANEL + v * LANES);
        for (long b = 0; b < l->batch; b++, gates += PANEL, d_c += LANES) {
            vec i = v_load(gates), f = v_load(gates + LANES), m = v_load(gates + 2 * LANES);
            vec o = v_load(gates + 3 * LANES), out = v_tanh(v_load(cells + b * LANES));
            vec dh = v_load(d_h + b * s->wide + p * LANES) +
                     load_some(g->d_outputs + (b * l->length + t) * l->units + p * LANES, count);
            vec dc = v_load(d_c) + dh * o * (one - out * out);
            vec di = dc * m * i * (one - i), df = dc * v_load(before + b * LANES) * f * (one - f);
            vec dm = dc * i * (one - m * m), d_o = dh * out * o * (one - o);
            v_store(gates, di), v_store(gates + LANES, df);
            v_store(gates + 2 * LANES, dm), v_store(gates + 3 * LANES, d_o);
            v_store(d_c, dc * f);
            sum[0] += di, sum[1] += df, sum[2] += dm, sum[3] += d_o;
        }
        for (int v = 0; v < 4; v++) v_store(d_bias + p * PANEL + v * LANES, sum[v]);
    }
}

/* to (rows, PANEL) += gates, of which rows are `down` apart, x a part of one packed panel; at `first`
   from zero. */
INLINE void sum_across(const int rows, const struct pass *s, float *to, int first,
                       const float *gates, long down, const float *panel, long count) {
    vec sums[ROWS][4];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++)
            sums[r][v] = first ? v_set1(0) : v_load(to + r * PANEL + v * LANES);
    long next = s->layer->batch * PANEL;
    for (long p = 0; p < count; p++) fetch(gates + p * next + ROWS * PANEL);
    for (; count > 0; count--, gates += next, panel += PANEL * PANEL)
        multiply(sums, rows, gates, down, 1, panel, PANEL);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) v_store(to + r * PANEL + v * LANES, sums[r][v]);
}

/* Copies rows of up to PANEL columns to rows `down` apart. */
static void copy_columns(float *to, long down, const float *from, long rows, long columns) {
    for (long r = 0; r < rows; r++, to += down, from += PANEL)
        for (long v = 0; v < PANEL && v < columns; v += LANES)
            store_some(to + v, v_load(from + v), columns - v);
}

/* The gradients of what met a packed matrix in some steps: to (B, steps, columns). The panels are
   taken in parts that the nearest cache holds while all rows meet them. */
static void multiply_across(const struct pass *s, float *gates, long steps, const float *panels,
                            float *to, long to_batch, long to_step, long columns) {
    long batch = s->layer->batch;
    int along = batch < ROWS && steps > 1;
    long outer = along ? batch : steps, inner = along ? steps : batch;
    long down = (along ? s->panels * batch : 1) * PANEL, to_down = along ? to_step : to_batch;
    for (long n = 0; n < columns; n += PANEL)
        for (long p = 0; p < s->panels; p += PART, panels += PART * PANEL * PANEL) {
            float *sums = s->sums;
            long rest = s->panels - p, count = least(PART, rest);
            for (long i = 0; i < outer; i++)
                for (long j = 0; j < inner; j += ROWS, sums += ROWS * PANEL) {
                    long t = along ? j : i, b = along ? i : j;
                    const float *from = gates_at(s, gates, t, p, b);
                    FOR_ROWS(inner - j, sum_across(N, s, sums, !p, from, down, panels, count))
                    if (rest <= PART)
                        copy_columns(to + b * to_batch + t * to_step + n, to_down, sums,
                                     least(ROWS, inner - j), columns - n);
                }
            if (rest < PART) panels += (rest - PART) * PANEL * PANEL;
        }
}

/* Packs a row of features for `add_products`: ROWS of them to each block of so many rows. */
static void pack_features(float *to, const float *from, long count, long rows) {
    long m = 0;
    for (; m + ROWS <= count; m += ROWS, to += rows * ROWS)
        memcpy(to, from + m, sizeof(float) * ROWS);
    for (long r = 0; m < count && r < ROWS; r++) to[r] = m + r < count ? from[m + r] : 0;
}

/* Adds to the gradients of the weights the products of ROWS features with a panel of gates. */
static void add_products(float *to, const float *features, const float *panel, long rows) {
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

/* Adds the gradients of the weights from some steps. */
static void add_weights(const struct pass *s, const struct lstm_gradients *g, float *gates,
                        long first, long steps) {
    const struct lstm_layer *l = s->layer;
    long rows = steps * l->batch, split = panels_of(l->inputs, ROWS);
    long blocks = split + panels_of(l->units, ROWS);
    float *to = s->features;
    for (long t = first; t < first + steps; t++)
        for (long b = 0; b < l->batch; b++, to += ROWS) {
            const float *h =
                t ? g->outputs + (b * l->length + t - 1) * l->units : l->h + b * l->units;
            pack_features(to, l->x + (b * l->length + t) * l->inputs, l->inputs, rows);
            pack_features(to + split * rows * ROWS, h, l->units, rows);
        }
    for (long p = 0; p < s->panels; p++) {
        /* All steps' gates of a panel together: a whole step apart they would share few places in
           a cache. */
        copy_rows(s->sums, l->batch * PANEL, gates_at(s, gates, 0, p, 0),
                  s->panels * l->batch * PANEL, steps, l->batch * PANEL);
        for (long m = 0; m < blocks; m++)
            add_products(s->weights + (p * blocks + m) * ROWS * PANEL,
                         s->features + m * rows * ROWS, s->sums, rows);
    }
}

/* Unpacks rows of the gradients of the weights, from those of `add_weights`: to (count, 4U). */
static void unpack_weights(const struct pass *s, float *to, const float *from, long count,
                           long blocks) {
    long units = s->layer->units;
    for (long p = 0; p < s->panels; p++, from += blocks * ROWS * PANEL)
        for (long m = 0; m < count; m++)
            for (int gate = 0; gate < 4; gate++)
                store_some(to + (m * 4 + gate) * units + p * LANES,
                           v_load(from + m * PANEL + gate * LANES), units - p * LANES);
}

int NAME(lstm_backward)(const struct lstm_layer *l, const struct lstm_gradients *g) {
    struct pass s = begin(l);
    long split = panels_of(l->inputs, ROWS), blocks = split + panels_of(l->units, ROWS);
    long weights = s.panels * blocks * ROWS * PANEL, gates = s.panels * PANEL;
    long below = panels_of(l->inputs, PANEL) * gates * PANEL, across = s.wide * gates;
    long state = l->batch * s.wide, rows = s.steps * l->batch * blocks * ROWS;
    /* The last rows that are multiplied at once may be fewer. */
    long sums = s.steps * l->batch * ROWS * PANEL;
    float *rest = take(&s, below + across + weights + rows + gates + 3 * state + sums);
    if (!rest) return 1;
    s.kernel = cut(&rest, below);
    s.recurrent = cut(&rest, across);
    s.weights = cut(&rest, weights);
    s.features = cut(&rest, rows);
    s.bias = cut(&rest, gates);
    s.cell = cut(&rest, state);
    s.state = cut(&rest, state);
    s.sums = cut(&rest, sums);
    float *d_c = cut(&rest, state);
    pack_across(s.kernel, l->kernel, l->inputs, l->units);
    pack_across(s.recurrent, l->recurrent, l->units, l->units);
    memset(s.weights, 0, sizeof(float) * (size_t)weights);
    memset(s.bias, 0, sizeof(float) * (size_t)gates);
    memset(s.state, 0, sizeof(float) * (size_t)state);
    copy_rows(s.state, s.wide, g->d_last_h, l->units, l->batch, l->units);
    pack_state(&s, s.cell, l->c);
    pack_state(&s, d_c, g->d_last_c);
    for (long last = l->length; last > 0;) {
        long first = last > s.steps ? last - s.steps : 0;
        for (long t = last - 1; t >= first; t--) {
            differentiate(&s, g, t, s.state, d_c, s.bias);
            multiply_across(&s, gates_at(&s, g->gates, t, 0, 0), 1, s.recurrent, s.state, s.wide, 0,
                            s.wide);
        }
        float *here = gates_at(&s, g->gates, first, 0, 0);
        multiply_across(&s, here, last - first, s.kernel, g->d_x + first * l->inputs,
                        l->length * l->inputs, l->inputs, l->inputs);
        add_weights(&s, g, here, first, last - first);
        last = first;
    }
    copy_rows(g->d_h, l->units, s.state, s.wide, l->batch, l->units);
    unpack_state(&s, g->d_c, d_c);
    unpack_weights(&s, g->d_kernel, s.weights, l->inputs, blocks);
    unpack_weights(&s, g->d_recurrent, s.weights + split * ROWS * PANEL, l->units, blocks);
    for (long p = 0; p < s.panels; p++)
        for (int gate = 0; gate < 4; gate++)
            store_some(g->d_bias + gate * l->units + p * LANES,
                       v_load(s.bias + p * PANEL + gate * LANES), l->units - p * LANES);
    free(s.scratch);
    return 0;
}
