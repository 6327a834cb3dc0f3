/* A dense layer and its gradients, in panels of outputs forward and of inputs backward: of these
   there are more, so that fewer columns of a panel stay empty. */
#include "../dense.h"

#include "../team.h"
#include "memory.h"
#include "panels.h"

/* Parts have this many rows at least. */
enum { FEWEST = 16 };

/* Forward. */

struct forward {
    const struct dense_layer *layer;
    const float *given_bias;
    float *y, *kernel, *bias;   /* the matrix and the bias packed, for all */
};

static void pack_forward(void *work, int part, int parts) {
    const struct forward *f = work;
    const struct dense_layer *l = f->layer;
    int64_t panels = panels_of(l->outputs, PANEL);
    for (int64_t p = panels * part / parts; p < panels * (part + 1) / parts; p++)
        for (int64_t v = p * PANEL; v < (p + 1) * PANEL; v += LANES) {
            int64_t within = v - p * PANEL, count = l->outputs - v;
            v_store(f->bias + v, load_some(f->given_bias + v, count));
            for (int64_t k = 0; k < l->inputs; k++)
                v_store(f->kernel + (p * l->inputs + k) * PANEL + within,
                        load_some(l->kernel + k * l->outputs + v, count));
        }
}

static void run_forward(void *work, int part, int parts) {
    const struct forward *f = work;
    const struct dense_layer *l = f->layer;
    int64_t first = l->rows * part / parts, last = l->rows * (part + 1) / parts;
    float sums[ROWS * PANEL];
    for (int64_t p = 0; p < panels_of(l->outputs, PANEL); p++)
        for (int64_t n = first, rows; n < last; n += rows) {
            rows = even_rows(last - n);
            sum_rows(rows, sums, PANEL, f->bias + p * PANEL, 0, l->x + n * l->inputs, l->inputs,
                     f->kernel + p * l->inputs * PANEL, l->inputs);
            copy_columns(f->y + n * l->outputs + p * PANEL, l->outputs, sums, rows,
                         l->outputs - p * PANEL);
        }
}

int NAME(dense_forward)(const struct dense_layer *l, const float *bias, float *y, int threads) {
    int64_t columns = panels_of(l->outputs, PANEL) * PANEL;
    struct forward f = {.layer = l, .given_bias = bias, .y = y};
    void *scratch;
    float *rest = take(&scratch, lines(columns * l->inputs) + lines(columns));
    if (!rest) return 1;
    f.kernel = cut(&rest, columns * l->inputs);
    f.bias = cut(&rest, columns);
    int parts = count_parts(threads, l->rows / FEWEST);
    burble_share(pack_forward, &f, parts);
    burble_share(run_forward, &f, parts);
    free(scratch);
    return 0;
}

/* Backward. */

struct backward {
    const struct dense_layer *layer;
    const struct dense_gradients *to;
    float *across;    /* the transpose of the matrix in panels of inputs, for all */
    float *own;       /* memory of each part, */
    int64_t each;     /* so many floats: the gradients of */
    int64_t weights;  /* the matrix, (panels of inputs, blocks of ROWS outputs, ROWS, PANEL), */
    int64_t blocks;   /* and after them those of the bias */
};

static void pack_backward(void *work, int part, int parts) {
    const struct backward *w = work;
    const struct dense_layer *l = w->layer;
    int64_t panels = panels_of(l->inputs, PANEL);
    for (int64_t p = panels * part / parts; p < panels * (part + 1) / parts; p++) {
        float *to = w->across + p * l->outputs * PANEL;
        for (int64_t i = 0; i < PANEL; i++)
            for (int64_t v = 0; v < l->outputs; v++) {
                int64_t k = p * PANEL + i;
                to[v * PANEL + i] = k < l->inputs ? l->kernel[k * l->outputs + v] : 0;
            }
    }
}

/* The gradients of some rows of x for a panel of inputs. */
static void find_rows(const struct backward *w, int64_t p, int64_t first, int64_t last) {
    static const float zeros[PANEL];
    const struct dense_layer *l = w->layer;
    float sums[ROWS * PANEL];
    for (int64_t n = first, rows; n < last; n += rows) {
        rows = even_rows(last - n);
        sum_rows(rows, sums, PANEL, zeros, 0, w->to->d_y + n * l->outputs, l->outputs,
                 w->across + p * l->outputs * PANEL, l->outputs);
        copy_columns(w->to->d_x + n * l->inputs + p * PANEL, l->inputs, sums, rows,
                     l->inputs - p * PANEL);
    }
}

static void run_backward(void *work, int part, int parts) {
    const struct backward *w = work;
    const struct dense_layer *l = w->layer;
    int64_t last = l->rows * (part + 1) / parts;
    float *rest = w->own + part * w->each;
    float *weights = cut(&rest, w->weights), *bias = cut(&rest, l->outputs);
    float *features = cut(&rest, TOGETHER * w->blocks * ROWS);
    float *panel = cut(&rest, TOGETHER * PANEL);
    memset(weights, 0, sizeof(float) * (size_t)w->weights);
    memset(bias, 0, sizeof(float) * (size_t)l->outputs);
    for (int64_t n = l->rows * part / parts, count; n < last; n += count) {
        count = least(TOGETHER, last - n);
        for (int64_t i = 0; i < count; i++) {
            const float *d_y = w->to->d_y + (n + i) * l->outputs;
            pack_features(features + i * ROWS, d_y, l->outputs, count);
            for (int64_t v = 0; v < l->outputs; v++) bias[v] += d_y[v];
        }
        for (int64_t p = 0; p < panels_of(l->inputs, PANEL); p++) {
            for (int64_t i = 0; i < count; i++)
                for (int64_t v = 0; v < PANEL; v += LANES)
                    v_store(panel + i * PANEL + v,
                            load_some(l->x + (n + i) * l->inputs + p * PANEL + v,
                                      l->inputs - p * PANEL - v));
            for (int64_t m = 0; m < w->blocks; m++)
                add_products(weights + (p * w->blocks + m) * ROWS * PANEL,
                             features + m * count * ROWS, panel, count);
            find_rows(w, p, n, n + count);
        }
    }
}

/* The sum of a number over the parts, from where it stands in the memory of the first. */
INLINE float sum_parts(const struct backward *w, const float *from, int parts) {
    float sum = *from;
    for (int part = 1; part < parts; part++) sum += from[part * w->each];
    return sum;
}

static void unpack_backward(void *work, int part, int parts) {
    const struct backward *w = work;
    const struct dense_layer *l = w->layer;
    const float *bias = w->own + lines(w->weights);
    for (int64_t k = l->inputs * part / parts; k < l->inputs * (part + 1) / parts; k++) {
        const float *from = w->own + k / PANEL * w->blocks * ROWS * PANEL + k % PANEL;
        for (int64_t v = 0; v < l->outputs; v++)
            w->to->d_kernel[k * l->outputs + v] = sum_parts(w, from + v * PANEL, parts);
    }
    for (int64_t v = l->outputs * part / parts; v < l->outputs * (part + 1) / parts; v++)
        w->to->d_bias[v] = sum_parts(w, bias + v, parts);
}

int NAME(dense_backward)(const struct dense_layer *l, const struct dense_gradients *to,
                         int threads) {
    struct backward w = {.layer = l, .to = to, .blocks = panels_of(l->outputs, ROWS)};
    int64_t panels = panels_of(l->inputs, PANEL), across = panels * l->outputs * PANEL;
    w.weights = panels * w.blocks * ROWS * PANEL;
    w.each = lines(w.weights) + lines(l->outputs) + lines(TOGETHER * w.blocks * ROWS) +
             lines(TOGETHER * PANEL);
    int parts = count_parts(threads, l->rows / FEWEST);
    void *scratch;
    float *rest = take(&scratch, lines(across) + parts * w.each);
    if (!rest) return 1;
    w.across = cut(&rest, across);
    w.own = rest;
    burble_share(pack_backward, &w, parts);
    burble_share(run_backward, &w, parts);
    burble_share(unpack_backward, &w, parts);
    free(scratch);
    return 0;
}
