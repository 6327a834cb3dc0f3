/* The gradients of an LSTM layer: those of its gates step by step, those of its weights as one
   product for many steps. */
#include "pass.h"

/* The gradients of the sums of the gates of a step, in place of the gates; those of the cell state
   before it, in place of that after it. */
static void differentiate(const struct pass *s, const struct lstm_gradients *g, int64_t t,
                          const float *d_h, float *d_c, float *d_bias) {
    const struct lstm_layer *l = s->layer;
    const float *above = g->d_outputs;
    for (int64_t p = 0; p < s->panels; p++) {
        int64_t count = l->units - p * LANES;
        float *gates = gates_at(s, g->gates, t, p, 0);
        const float *cells = g->cells + cells_at(s, t, p, 0);
        const float *before =
            t ? g->cells + cells_at(s, t - 1, p, 0) : s->cell + cells_at(s, 0, p, 0);
        vec one = v_set1(1), sum[4];
        for (int v = 0; v < 4; v++)
            sum[v] = l->ids ? v_set1(0) : v_load(d_bias + p * PANEL + v * LANES);
        for (int64_t b = 0; b < l->batch; b++, gates += PANEL, d_c += LANES) {
            vec i = v_load(gates), f = v_load(gates + LANES), m = v_load(gates + 2 * LANES);
            vec o = v_load(gates + 3 * LANES), out = v_tanh(v_load(cells + b * LANES));
            vec dh = v_load(d_h + b * s->wide + p * LANES);
            if (above) dh += load_some(above + (b * l->length + t) * l->units + p * LANES, count);
            vec dc = v_load(d_c) + dh * o * (one - out * out);
            vec di = dc * m * i * (one - i), df = dc * v_load(before + b * LANES) * f * (one - f);
            vec dm = dc * i * (one - m * m), d_o = dh * out * o * (one - o);
            v_store(gates, di), v_store(gates + LANES, df);
            v_store(gates + 2 * LANES, dm), v_store(gates + 3 * LANES, d_o);
            v_store(d_c, dc * f);
            sum[0] += di, sum[1] += df, sum[2] += dm, sum[3] += d_o;
            if (!l->ids) continue;
            /* Each symbol has sums of its own. */
            for (int v = 0; v < 4; v++) {
                float *own = d_bias + bias_at(l, t, p, b) + v * LANES;
                v_store(own, v_load(own) + sum[v]);
                sum[v] = v_set1(0);
            }
        }
        if (!l->ids)
            for (int v = 0; v < 4; v++) v_store(d_bias + p * PANEL + v * LANES, sum[v]);
    }
}

/* to (rows, PANEL) += gates, of which rows are `down` apart, x a part of one packed panel; at `first`
   from zero. */
INLINE void sum_across(const int rows, const struct pass *s, float *to, int first,
                       const float *gates, int64_t down, const float *panel, int64_t count) {
    vec sums[ROWS][4];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++)
            sums[r][v] = first ? v_set1(0) : v_load(to + r * PANEL + v * LANES);
    int64_t next = s->layer->batch * PANEL;
    for (int64_t p = 0; p < count; p++) fetch(gates + p * next + ROWS * PANEL);
    for (; count > 0; count--, gates += next, panel += PANEL * PANEL)
        multiply(sums, rows, gates, down, 1, panel, PANEL);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) v_store(to + r * PANEL + v * LANES, sums[r][v]);
}

/* The gradients of what met a packed matrix in some steps: to (B, steps, columns). The panels are
   taken in parts that the nearest cache holds while all rows meet them. */
static void multiply_across(const struct pass *s, float *gates, int64_t steps, const float *panels,
                            float *to, int64_t to_batch, int64_t to_step, int64_t columns) {
    int64_t batch = s->layer->batch;
    int along = batch < ROWS && steps > 1;
    int64_t outer = along ? batch : steps, inner = along ? steps : batch;
    int64_t down = (along ? s->panels * batch : 1) * PANEL, to_down = along ? to_step : to_batch;
    for (int64_t n = 0; n < columns; n += PANEL)
        for (int64_t p = 0; p < s->panels; p += PART, panels += PART * PANEL * PANEL) {
            float *sums = s->sums;
            int64_t rest = s->panels - p, count = least(PART, rest);
            for (int64_t i = 0; i < outer; i++)
                for (int64_t j = 0, rows; j < inner; j += rows, sums += ROWS * PANEL) {
                    rows = even_rows(inner - j);
                    int64_t t = along ? j : i, b = along ? i : j;
                    const float *from = gates_at(s, gates, t, p, b);
                    FOR_ROWS(rows, sum_across(N, s, sums, !p, from, down, panels, count))
                    if (rest <= PART)
                        copy_columns(to + b * to_batch + t * to_step + n, to_down, sums,
                                     rows, columns - n);
                }
            if (rest < PART) panels += (rest - PART) * PANEL * PANEL;
        }
}

/* Adds the gradients of the weights from some steps. */
static void add_weights(const struct pass *s, const struct lstm_gradients *g, float *gates,
                        int64_t first, int64_t steps) {
    const struct lstm_layer *l = s->layer;
    int64_t rows = steps * l->batch, split = panels_of(l->inputs, ROWS);
    int64_t blocks = split + panels_of(l->units, ROWS);
    float *to = s->features;
    for (int64_t t = first; t < first + steps; t++)
        for (int64_t b = 0; b < l->batch; b++, to += ROWS) {
            const float *h =
                t ? g->outputs + (b * l->length + t - 1) * l->units : l->h + b * l->units;
            pack_features(to, l->x + (b * l->length + t) * l->inputs, l->inputs, rows);
            pack_features(to + split * rows * ROWS, h, l->units, rows);
        }
    for (int64_t p = 0; p < s->panels; p++) {
        /* All steps' gates of a panel together: a whole step apart they would share few places in
           a cache. */
        copy_rows(s->sums, l->batch * PANEL, gates_at(s, gates, 0, p, 0),
                  s->panels * l->batch * PANEL, steps, l->batch * PANEL);
        for (int64_t m = 0; m < blocks; m++)
            add_products(s->weights + (p * blocks + m) * ROWS * PANEL,
                         s->features + m * rows * ROWS, s->sums, rows);
    }
}

/* The gradients of the streams of a part, of which the first has this number. */
static struct lstm_gradients gradients_of(const struct lstm_gradients *whole,
                                          const struct lstm_layer *l, int64_t first) {
    struct lstm_gradients g = *whole;
    int64_t all = first * l->length, state = first * l->units;
    g.outputs += all * l->units;
    if (g.d_outputs) g.d_outputs += all * l->units;
    g.cells += all * rounded(l->units);
    g.gates += all * rounded(l->units) * 4;
    g.d_x += all * l->inputs;
    g.d_last_h += state, g.d_last_c += state;
    g.d_h += state, g.d_c += state;
    return g;
}

/* A layer whose gradients are computed by several threads, each for some of the streams. */
struct backward {
    const struct lstm_layer *layer;
    const struct lstm_gradients *to;
    float *kernel, *recurrent;   /* packed, for all */
    float *own;                  /* memory of each part, */
    int64_t each;                /* so many floats: the gradients of */
    int64_t weights;             /* the weights, so many, and after them those of the bias */
};

/* Packs the transpose of a matrix (columns, 4 * units) into panels of columns. Their rows are in
   the order of the gates of a stream in memory: panels, one after another. Only panels from
   `from` to before `to` are packed. */
static void pack_across(float *panels, const float *matrix, int64_t columns, int64_t units,
                        int64_t from, int64_t to) {
    int64_t blocks = panels_of(units, LANES), each = blocks * PANEL * PANEL;
    panels += from * each;
    memset(panels, 0, sizeof(float) * (size_t)((to - from) * each));
    for (int64_t n = from * PANEL; n < to * PANEL; n += PANEL, panels += each)
        for (int64_t row = 0; row < blocks * 4; row++) {
            int64_t first = row / 4 * LANES, count = least(LANES, units - first);
            float *rows = panels + row * LANES * PANEL;
            for (int64_t j = 0; j < least(PANEL, columns - n); j++) {
                const float *numbers = matrix + ((n + j) * 4 + row % 4) * units + first;
                for (int64_t i = 0; i < count; i++) rows[i * PANEL + j] = numbers[i];
            }
        }
}

static void pack_part(void *work, int part, int parts) {
    const struct backward *w = work;
    const struct lstm_layer *l = w->layer;
    int64_t below = panels_of(l->inputs, PANEL), across = panels_of(l->units, PANEL);
    pack_across(w->kernel, l->kernel, l->inputs, l->units, below * part / parts,
                below * (part + 1) / parts);
    pack_across(w->recurrent, l->recurrent, l->units, l->units, across * part / parts,
                across * (part + 1) / parts);
}

/* The gradients of some streams, and the share of these in the gradients of the weights. */
static void run_part(void *work, int part, int parts) {
    const struct backward *w = work;
    int64_t first_stream;
    struct lstm_layer layer = part_of(w->layer, part, parts, &first_stream), *l = &layer;
    struct lstm_gradients own = gradients_of(w->to, l, first_stream), *g = &own;
    struct pass s = begin(l);
    int64_t blocks = panels_of(l->inputs, ROWS) + panels_of(l->units, ROWS);
    int64_t state = l->batch * s.wide, steps_rows = s.steps * l->batch;
    float *rest = w->own + part * w->each;
    s.kernel = w->kernel, s.recurrent = w->recurrent;
    s.weights = cut(&rest, w->weights);
    s.bias = cut(&rest, s.panels * l->symbols * PANEL);
    s.features = cut(&rest, steps_rows * blocks * ROWS);
    s.cell = cut(&rest, state);
    s.state = cut(&rest, state);
    s.sums = cut(&rest, steps_rows * ROWS * PANEL);
    float *d_c = cut(&rest, state);
    memset(s.weights, 0, sizeof(float) * (size_t)w->weights);
    memset(s.bias, 0, sizeof(float) * (size_t)(s.panels * l->symbols * PANEL));
    memset(s.state, 0, sizeof(float) * (size_t)state);
    copy_rows(s.state, s.wide, g->d_last_h, l->units, l->batch, l->units);
    pack_state(&s, s.cell, l->c);
    pack_state(&s, d_c, g->d_last_c);
    for (int64_t last = l->length; last > 0;) {
        int64_t first = last > s.steps ? last - s.steps : 0;
        for (int64_t t = last - 1; t >= first; t--) {
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
}

/* The sum of a vector over the parts, from where it stands in the memory of the first. */
INLINE vec sum_parts(const struct backward *w, const float *from, int parts) {
    vec sum = v_load(from);
    for (int part = 1; part < parts; part++) sum += v_load(from + part * w->each);
    return sum;
}

/* Adds up rows of the gradients of the weights for a panel of gates: to (count, 4U). */
static void unpack_weights(const struct backward *w, float *to, const float *from, int64_t p,
                           int64_t count, int parts) {
    int64_t units = w->layer->units;
    for (int64_t m = 0; m < count; m++)
        for (int gate = 0; gate < 4; gate++)
            store_some(to + (m * 4 + gate) * units + p * LANES,
                       sum_parts(w, from + m * PANEL + gate * LANES, parts), units - p * LANES);
}

static void unpack_part(void *work, int part, int parts) {
    const struct backward *w = work;
    const struct lstm_layer *l = w->layer;
    int64_t split = panels_of(l->inputs, ROWS), blocks = split + panels_of(l->units, ROWS);
    int64_t panels = panels_of(l->units, LANES);
    const float *bias = w->own + lines(w->weights);
    for (int64_t p = panels * part / parts; p < panels * (part + 1) / parts; p++) {
        const float *from = w->own + p * blocks * ROWS * PANEL;
        unpack_weights(w, w->to->d_kernel, from, p, l->inputs, parts);
        unpack_weights(w, w->to->d_recurrent, from + split * ROWS * PANEL, p, l->units, parts);
        unpack_weights(w, w->to->d_bias, bias + p * l->symbols * PANEL, p, l->symbols, parts);
    }
}

int NAME(lstm_backward)(const struct lstm_layer *l, const struct lstm_gradients *g, int threads) {
    int parts = count_parts(threads, l->batch);
    struct pass s = begin(l);
    int64_t blocks = panels_of(l->inputs, ROWS) + panels_of(l->units, ROWS);
    int64_t gates = s.panels * PANEL, streams = most_of(l->batch, parts), rows = most_rows(streams);
    int64_t below = panels_of(l->inputs, PANEL) * PANEL * gates, across = s.wide * gates;
    struct backward w = {.layer = l, .to = g, .weights = blocks * ROWS * gates};
    /* The last rows that are multiplied at once may be fewer than ROWS. */
    w.each = lines(w.weights) + lines(gates * l->symbols) + lines(rows * blocks * ROWS) +
             lines(rows * ROWS * PANEL) + 3 * lines(streams * s.wide);
    void *scratch;
    float *rest = take(&scratch, lines(below) + lines(across) + parts * w.each);
    if (!rest) return 1;
    w.kernel = cut(&rest, below);
    w.recurrent = cut(&rest, across);
    w.own = rest;
    burble_share(pack_part, &w, parts);
    burble_share(run_part, &w, parts);
    burble_share(unpack_part, &w, parts);
    free(scratch);
    return 0;
}
