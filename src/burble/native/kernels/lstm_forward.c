/* The LSTM layer over a sequence, forward: one large product for the input of many steps, the gates
   computed where the product for the state leaves them. */
#include "pass.h"

/* The share of the input in the gates of some steps, before their activation. */
static void multiply_inputs(const struct pass *s, float *gates, int64_t first, int64_t steps) {
    const struct lstm_layer *l = s->layer;
    /* Rows that are multiplied at once are streams of a step, or steps of one stream. */
    int along = l->batch < ROWS;
    int64_t outer = along ? l->batch : steps, inner = along ? steps : l->batch;
    int64_t down = (along ? 1 : l->length) * l->inputs;
    int64_t to_down = (along ? s->panels * l->batch : 1) * PANEL;
    for (int64_t p = 0; p < s->panels; p++)
        for (int64_t i = 0; i < outer; i++)
            for (int64_t j = 0, rows; j < inner; j += rows) {
                rows = even_rows(inner - j);
                int64_t t = along ? j : i, b = along ? i : j;
                float *to = gates_at(s, gates, t, p, b);
                const float *from = l->x + (b * l->length + first + t) * l->inputs;
                const float *panel = s->kernel + p * l->inputs * PANEL;
                sum_rows(rows, to, to_down, s->bias + p * PANEL, 0, from, down, panel,
                         l->inputs);
            }
}

/* The gates of some streams from their sums, in place, and the state after them. The sigmoid of x is
   half of the way from -1 to 1 that tanh goes at x / 2. */
static void activate(int64_t rows, float *gates, const float *before, float *cells, float *h,
                     int64_t down) {
    const vec half = v_set1(0.5f);
    for (int64_t r = 0; r < rows; r++) {
        float *own = gates + r * PANEL;
        vec all[4] = {v_load(own) * half, v_load(own + LANES) * half, v_load(own + 2 * LANES),
                      v_load(own + 3 * LANES) * half};
        v_tanh_each(4, all);
        vec i = v_fma(all[0], half, half), f = v_fma(all[1], half, half), g = all[2];
        vec o = v_fma(all[3], half, half), c = v_fma(f, v_load(before + r * LANES), i * g);
        v_store(own, i), v_store(own + LANES, f);
        v_store(own + 2 * LANES, g), v_store(own + 3 * LANES, o);
        v_store(cells + r * LANES, c);
    }
    /* By itself, since it would have to wait for what is before it. */
    for (int64_t r = 0; r < rows; r++)
        v_store(h + r * down,
                v_load(gates + r * PANEL + 3 * LANES) * v_tanh(v_load(cells + r * LANES)));
}

/* One step: from the state before and its gates, which hold the share of the input, or come to hold
   that of the symbols. */
static void step(const struct pass *s, int64_t t, float *gates, const float *h, const float *c,
                 float *after_h, float *after_c) {
    const struct lstm_layer *l = s->layer;
    int64_t batch = l->batch, units = l->units;
    for (int64_t p = 0; p < s->panels; p++) {
        const float *panel = s->recurrent + p * units * PANEL;
        for (int64_t b = 0, rows; b < batch; b += rows) {
            rows = even_rows(batch - b);
            float *to = gates_at(s, gates, 0, p, b);
            const float *from = h + b * s->wide;
            for (int64_t r = 0; l->ids && r < rows; r++)
                memcpy(to + r * PANEL, s->bias + bias_at(l, t, p, b + r), sizeof(float) * PANEL);
            sum_rows(rows, to, PANEL, to, PANEL, from, s->wide, panel, units);
            int64_t cell = cells_at(s, 0, p, b);
            activate(rows, to, c + cell, after_c + cell,
                     after_h + b * s->wide + p * LANES, s->wide);
        }
    }
}

/* A layer that is run by several threads, each for some of the streams. */
struct forward {
    const struct lstm_layer *layer;
    const struct lstm_results *to;
    float *kernel, *recurrent, *bias;  /* packed, for all */
    float *own;                        /* memory of each part, */
    int64_t each;                      /* so many floats */
};

/* Packs the columns of a matrix (rows, 4 * units), of which each quarter belongs to a gate: a panel
   has the same LANES units of each gate. Missing units become zeros. Only panels from `from` to
   before `to` are packed. */
static void pack_gates(float *panels, const float *matrix, int64_t rows, int64_t units,
                       int64_t from, int64_t to) {
    panels += from * rows * PANEL;
    for (int64_t p = from; p < to; p++) {
        int64_t first = p * LANES, count = least(LANES, units - first);
        for (int64_t k = 0; k < rows; k++, panels += PANEL)
            for (int gate = 0; gate < 4; gate++) {
                const float *numbers = matrix + (k * 4 + gate) * units + first;
                v_store(panels + gate * LANES, load_some(numbers, count));
            }
    }
}

static void pack_part(void *work, int part, int parts) {
    const struct forward *f = work;
    const struct lstm_layer *l = f->layer;
    int64_t panels = panels_of(l->units, LANES);
    int64_t first = panels * part / parts, last = panels * (part + 1) / parts;
    pack_gates(f->kernel, l->kernel, l->inputs, l->units, first, last);
    pack_gates(f->recurrent, l->recurrent, l->units, l->units, first, last);
    pack_gates(f->bias, l->bias, l->symbols, l->units, first, last);
}

static void run_part(void *work, int part, int parts) {
    const struct forward *f = work;
    const struct lstm_results *to = f->to;
    int64_t first;
    struct lstm_layer layer = part_of(f->layer, part, parts, &first), *l = &layer;
    struct pass s = begin(l);
    int64_t state = l->batch * s.wide, step_gates = s.panels * l->batch * PANEL;
    float *rest = f->own + part * f->each;
    float *h = cut(&rest, state), *after = cut(&rest, state), *c = cut(&rest, step_gates / 4);
    int64_t kept = first * l->length * rounded(l->units);
    float *gates = to->gates ? to->gates + 4 * kept : NULL;
    float *cells = to->cells ? to->cells + kept : NULL;
    float *outputs = to->outputs + first * l->length * l->units;
    s.kernel = f->kernel, s.recurrent = f->recurrent, s.bias = f->bias;
    copy_rows(h, s.wide, l->h, l->units, l->batch, l->units);
    pack_state(&s, c, l->c);
    for (int64_t t = 0; t < l->length; t++) {
        int64_t part_step = t % s.steps;
        float *here = gates ? gates + (t - part_step) * step_gates : rest;
        if (!part_step && !l->ids) multiply_inputs(&s, here, t, least(s.steps, l->length - t));
        float *after_c = cells ? cells + cells_at(&s, t, 0, 0) : c;
        step(&s, t, here + part_step * step_gates, h, c, after, after_c);
        copy_rows(outputs + t * l->units, l->length * l->units, after, s.wide, l->batch, l->units);
        float *before = h;
        h = after, after = before, c = after_c;
    }
    copy_rows(to->last_h + first * l->units, l->units, h, s.wide, l->batch, l->units);
    unpack_state(&s, to->last_c + first * l->units, c);
}

int NAME(lstm_forward)(const struct lstm_layer *l, const struct lstm_results *to, int threads) {
    struct forward f = {.layer = l, .to = to};
    int parts = count_parts(threads, l->batch);
    struct pass s = begin(l);
    int64_t streams = most_of(l->batch, parts), gates = s.panels * PANEL;
    f.each = 2 * lines(streams * s.wide) + lines(streams * gates / 4);
    f.each += to->gates ? 0 : lines(most_rows(streams) * gates);
    void *scratch;
    float *rest = take(&scratch, lines(gates * l->inputs) + lines(gates * l->units) +
                                     lines(gates * l->symbols) + parts * f.each);
    if (!rest) return 1;
    f.kernel = cut(&rest, gates * l->inputs);
    f.recurrent = cut(&rest, gates * l->units);
    f.bias = cut(&rest, gates * l->symbols);
    f.own = rest;
    burble_share(pack_part, &f, parts);
    burble_share(run_part, &f, parts);
    free(scratch);
    return 0;
}
