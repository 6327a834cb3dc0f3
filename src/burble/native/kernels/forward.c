/* The forward step of a recurrent network, for many streams at once.

   Each sum goes over the inputs in their order and is rounded after each product, in every lane by
   itself: so a stream has the same bits alone and among others, in any thread, and with any
   instruction set. What makes it fast is that a panel of weights, once loaded, meets up to ROWS
   streams whose sums all stay in registers, and that gates are computed where their sums are.

   Weights are read in the order in which they lie; see `network.h`. Nothing here checks sizes. */
#include "network.h"
#include "panels.h"

/* How far ahead weights are asked for that one stream meets alone, in bytes: it waits for nothing
   else, and at the end of a page the processor does not look ahead by itself. */
enum { AHEAD = 4096, LINE = 64, LINES = PANEL * 4 / LINE };

/* Adds to the first `vectors` of each of n sums the products of `count` inputs and their weights,
   and asks for a line of what is read later for each of them. */
INLINE void accumulate(int n, int vectors, vec sums[][4], const float *weights,
                       const float *const inputs[], int64_t count, const char *later) {
    for (int64_t k = 0; k < count; k++, weights += PANEL, later += LINE) {
        vec x[ROWS];
        for (int line = 0; n == 1 && line < LINES; line++) {
            __builtin_prefetch((const char *)weights + AHEAD + line * LINE);
        }
        if (n == ROWS) __builtin_prefetch(later, 0, 2);
        for (int s = 0; s < n; s++) x[s] = v_set1(inputs[s][k]);
        /* One vector of weights at a time: with the sums, registers are just enough. */
        for (int j = 0; j < vectors; j++) {
            const vec w = v_load(weights + j * LANES);
            for (int s = 0; s < n; s++) sums[s][j] = v_fma(w, x[s], sums[s][j]);
        }
    }
}

/* What one layer reads and writes; all of streams, one behind the other. */
struct work {
    const struct layer *layer;
    const int64_t *ids;   /* Less than 0 where a stream reads nothing. */
    const int64_t *rows;  /* The row of `start` of each stream, if they differ. */
    int64_t row_step;     /* Otherwise how far the row of the next stream is. */
    const float *start;   /* What sums begin with. */
    const float *below;   /* Inputs from below, none where `start` has them already. */
    const float *h, *c;   /* Before. */
    float *new_h, *new_c; /* After; of OUTPUT the sums. */
    float *products;      /* Where sums of inputs from below go instead. */
};

/* The state of `count` units of one stream from the sums of their gates. */
INLINE void finish_gated(int64_t kind, const vec sums[4], const float *h, const float *c,
                         float *new_h, float *new_c, int64_t count) {
    if (kind == GRU) {
        const vec z = v_sigmoid_of_double(sums[0]), r = v_sigmoid_of_double(sums[1]);
        const vec n = v_tanh(v_fma(r, sums[3], sums[2]));
        store_some(new_h, v_fma(z, load_some(h, count), (v_set1(1.0f) - z) * n), count);
        return;
    }
    vec gates[3];
    for (int j = 0; j < 3; j++) {
        gates[j] = kind == LSTM ? v_sigmoid_of_double(sums[j])
                                : v_min(v_set1(1.0f), v_max(v_set1(0.0f), sums[j]));
    }
    const vec cell = v_fma(gates[1], load_some(c, count), gates[0] * v_tanh(sums[3]));
    store_some(new_c, cell, count);
    store_some(new_h, gates[2] * v_tanh(cell), count);
}

INLINE void finish_plain(int64_t kind, const vec sums[4], float *to, int64_t count) {
    for (int j = 0; j < 4 && count > 0; j++, to += LANES, count -= LANES) {
        store_some(to, kind == RNN ? v_tanh(sums[j]) : sums[j], count);
    }
}

/* What comes of the sums of one panel and one stream, of `count` units from `at` on. */
INLINE void finish(const struct work *work, const vec sums[4], int64_t stream, int64_t at,
                   int64_t count) {
    const int64_t kind = work->layer->kind, place = stream * work->layer->units + at;
    const float *c = work->c ? work->c + place : 0;
    float *new_h = work->new_h + place, *new_c = work->new_c ? work->new_c + place : 0;
    if (kind != OUTPUT && work->ids[stream] < 0) {
        memmove(new_h, work->h + place, (size_t)count * sizeof(float));
        if (c) memmove(new_c, c, (size_t)count * sizeof(float));
    } else if (kind <= GRU) finish_gated(kind, sums, work->h + place, c, new_h, new_c, count);
    else finish_plain(kind, sums, new_h, count);
}

/* One panel of n streams, from stream s on. */
INLINE void panel_of(int n, const struct work *work, int64_t panel, int64_t s) {
    const struct layer *layer = work->layer;
    const int64_t units = layer->units, below = layer->below, kind = layer->kind;
    const int64_t inputs_of = below + (kind == OUTPUT ? 0 : units);
    const float *weights = layer->weights + panel * PANEL * inputs_of;
    vec sums[ROWS][4];
    const float *inputs[ROWS];
    for (int i = 0; i < n; i++) {
        const int64_t row = work->rows ? work->rows[s + i] : work->row_step * (s + i);
        const float *start = work->start + ((row < 0 ? 0 : row) * layer->panels + panel) * PANEL;
        for (int j = 0; j < 4; j++) sums[i][j] = v_load(start + j * LANES);
    }
    /* Of the next panel, each of the first streams asks for a part while this one is at hand. */
    const char *later = (const char *)(weights + (panel + 1 < layer->panels) * PANEL * inputs_of);
    later += s / ROWS % LINES * LINE * inputs_of;
    const int is_narrow = kind == OUTPUT && units - panel * PANEL <= LANES;
    if (work->below) {
        for (int i = 0; i < n; i++) inputs[i] = work->below + (s + i) * below;
        if (is_narrow) accumulate(n, 1, sums, weights, inputs, below, later);
        else accumulate(n, 4, sums, weights, inputs, below, later);
        later += LINE * below;
    }
    if (work->products) {
        for (int i = 0; i < n; i++) {
            float *to = work->products + ((s + i) * layer->panels + panel) * PANEL;
            for (int j = 0; j < 4; j++) v_store(to + j * LANES, sums[i][j]);
        }
        return;
    }
    if (kind != OUTPUT) {
        for (int i = 0; i < n; i++) inputs[i] = work->h + (s + i) * units;
        accumulate(n, 4, sums, weights + below * PANEL, inputs, units, later);
    }
    const int64_t width = kind <= GRU ? LANES : PANEL, at = panel * width;
    const int64_t count = units - at < width ? units - at : width;
    for (int i = 0; i < n; i++) finish(work, sums[i], s + i, at, count);
}

#define PANEL_OF(n) \
    static __attribute__((noinline)) void panel_of_##n(const struct work *work, int64_t panel, \
                                                       int64_t s) { \
        panel_of(n, work, panel, s); \
    }
PANEL_OF(1)
PANEL_OF(2)
PANEL_OF(3)
#if LANES != 8
PANEL_OF(4)
PANEL_OF(5)
PANEL_OF(6)
#endif

/* Some panels of one layer, of all streams. */
static void run_panels(const struct work *work, int64_t streams, int64_t first, int64_t end) {
    for (int64_t panel = first; panel < end; panel++) {
        for (int64_t s = 0, n; s < streams; s += n) {
            n = least(streams - s, ROWS);
            switch (n) {
            case 1: panel_of_1(work, panel, s); break;
            case 2: panel_of_2(work, panel, s); break;
            case 3: panel_of_3(work, panel, s); break;
#if LANES != 8
            case 4: panel_of_4(work, panel, s); break;
            case 5: panel_of_5(work, panel, s); break;
            case 6: panel_of_6(work, panel, s); break;
#endif
            }
        }
    }
}

static void run_layer(const struct work *work, int64_t streams) {
    run_panels(work, streams, 0, work->layer->panels);
}

/* The work of a layer on its parts of the streams' states. */
static struct work layer_work(const struct network *net, int64_t number, const float *before,
                              int64_t before_stride, float *after, int64_t after_stride) {
    const struct layer *layer = &net->layer[number];
    const int64_t each = layer->kind <= HARD_LSTM ? 2 : 1, part = number * each;
    struct work work = {.layer = layer, .start = layer->start};
    work.h = before + part * before_stride;
    work.new_h = after + part * after_stride;
    if (each == 2) {
        work.c = work.h + before_stride;
        work.new_c = work.new_h + after_stride;
    }
    return work;
}

static void run_output(const struct network *net, const float *below, int64_t rows, float *logits) {
    const struct layer *layer = &net->layer[net->layers];
    const struct work work = {
        .layer = layer, .start = layer->start, .below = below, .new_h = logits};
    run_layer(&work, rows);
}

step_function NAME(step);
read_function NAME(read);
piece_function NAME(piece);

void NAME(piece)(const struct piece *part) {
    const struct layer *layer = part->layer;
    const struct work work = {
        .layer = layer, .ids = part->ids, .rows = part->is_lowest ? part->ids : 0,
        .start = layer->start, .below = part->below, .h = part->h, .c = part->c,
        .new_h = part->new_h, .new_c = part->new_c};
    run_panels(&work, part->streams, part->first, part->end);
}

void NAME(step)(const struct network *net, const int64_t *ids, int64_t streams,
                const float *before, int64_t before_stride, float *after, int64_t after_stride,
                float *logits) {
    const float *below = 0;
    for (int64_t i = 0; i < net->layers; i++) {
        struct work work = layer_work(net, i, before, before_stride, after, after_stride);
        work.ids = ids;
        work.rows = i == 0 ? ids : 0;
        work.below = below;
        run_layer(&work, streams);
        below = work.new_h;
    }
    run_output(net, below, streams, logits);
}

/* Layer by layer: what comes from below is one product for all steps, and only what goes from step
   to step is done step by step. Sums are those of `step`, and so are their bits. */
void NAME(read)(const struct network *net, const int64_t *ids, int64_t steps, int64_t streams,
                const float *before, int64_t before_stride, float *after, int64_t after_stride,
                float *logits, float *scratch) {
    const int64_t rows = steps * streams, part = streams * net->units;
    float *hidden[2] = {scratch, scratch + rows * net->units};
    float *products = hidden[1] + rows * net->units;
    const float *below = 0;
    for (int64_t i = 0; i < net->layers; i++) {
        struct work work = layer_work(net, i, before, before_stride, after, after_stride);
        const int64_t row = work.layer->panels * PANEL;
        float *last_h = work.new_h;
        if (i > 0) {
            struct work product = work;
            product.below = below;
            product.products = products;
            run_layer(&product, rows);
            work.row_step = 1;
        }
        for (int64_t t = 0; t < steps; t++) {
            work.ids = ids + t * streams;
            work.rows = i == 0 ? work.ids : 0;
            work.start = i == 0 ? work.layer->start : products + t * streams * row;
            work.new_h = hidden[i % 2] + t * part;
            run_layer(&work, streams);
            work.h = work.new_h;
            work.c = work.new_c;
        }
        memcpy(last_h, work.h, (size_t)part * sizeof(float));
        below = hidden[i % 2];
    }
    run_output(net, below, rows, logits);
}
