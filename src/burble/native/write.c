/* Writes many symbols of some texts in one call: a step of the network, what may not come, a draw,
   and the next step. Each is computed as by the functions that do one of these alone. */
#include "dispatch.h"
#include "helper.h"
#include "table.h"

#include <string.h>

/* One of the networks whose probabilities are averaged. Its states, as for `step_function`, are in
   the first or second of `after` in the end, as the number of steps is odd or even; the second may be
   `before`. */
struct member {
    const struct network *net;
    const float *before;
    int64_t before_stride;
    float *after[2];
    int64_t after_stride;
};

/* Some of the texts that are written side by side, and what writing them needs. Rows of texts in
   `drawn` and `uniforms`, (steps, texts), lie as far apart as they do of all texts. */
struct writing {
    int64_t members;
    const struct member *member;
    int64_t steps, streams;
    int64_t reset;           /* The symbol before which states become zero; -1 for none. */
    const int64_t *first;    /* What was drawn last, (streams). */
    int64_t *drawn;          /* What is drawn now. */
    const double *uniforms;  /* Numbers from [0, 1). */
    int64_t row;             /* How far apart rows of `drawn` and `uniforms` are. */
    float *logits;           /* Room for (members, streams, symbols). */
    struct rounds *rounds;   /* What is watched; null for nothing. */
    struct helper *helper;   /* Null where none is wanted. */
    float temperature, impossible;
};

/* So many steps are long enough for a helper to come. */
enum { LONG = 8 };

/* A step of a network as `step_function` makes it, layer by layer with a helper. */
static void step_with_help(const struct kernels *kernels, const struct writing *work,
                           const struct member *member, const int64_t *ids, int64_t step,
                           float *logits) {
    const struct network *net = member->net;
    const float *before = step ? member->after[(step - 1) % 2] : member->before;
    const int64_t before_stride = step ? member->after_stride : member->before_stride;
    float *after = member->after[step % 2];
    struct piece part = {.streams = work->streams, .ids = ids, .is_lowest = 1};
    for (int64_t i = 0; i < net->layers; i++) {
        const struct layer *layer = &net->layer[i];
        const int64_t each = layer->kind <= HARD_LSTM ? 2 : 1;
        part.layer = layer;
        part.h = before + i * each * before_stride;
        part.new_h = after + i * each * member->after_stride;
        part.c = each == 2 ? part.h + before_stride : 0;
        part.new_c = each == 2 ? part.new_h + member->after_stride : 0;
        burble_run_shared(kernels, work->helper, &part);
        part.below = part.new_h;
        part.is_lowest = 0;
    }
    part.layer = &net->layer[net->layers];
    part.h = part.c = 0;
    part.new_c = 0;
    part.new_h = logits;
    burble_run_shared(kernels, work->helper, &part);
}

/* Makes states zero from which the symbol is read that wants it so. Those before the first step are
   not ours to change: whoever calls has seen to them. */
static void reset_states(const struct writing *work, const int64_t *ids, int64_t step) {
    for (int64_t s = 0; s < work->streams; s++) {
        if (ids[s] != work->reset) continue;
        for (int64_t i = 0; i < work->members; i++) {
            const struct member *member = &work->member[i];
            const int64_t units = member->net->units;
            float *state = member->after[(step - 1) % 2] + s * units;
            for (int64_t part = 0; part < member->net->parts; part++) {
                memset(state + part * member->after_stride, 0, sizeof(float) * (size_t)units);
            }
        }
    }
}

/* Writes; see `burble_write`. All networks have the same symbols. */
static int64_t write_steps(const struct kernels *kernels, const struct writing *work,
                           int64_t symbols) {
    const int64_t streams = work->streams;
    const int64_t *ids = work->first;
    for (int64_t step = 0; step < work->steps; step++) {
        int64_t *drawn = work->drawn + step * work->row;
        if (step && work->reset >= 0) reset_states(work, ids, step);
        for (int64_t i = 0; i < work->members; i++) {
            step_with_help(kernels, work, &work->member[i], ids, step,
                           work->logits + i * streams * symbols);
        }
        if (work->members > 1) kernels->average(work->logits, work->members, streams, symbols);
        if (work->rounds) {
            kernels->block(work->rounds, work->logits, symbols, work->impossible, step);
        }
        const int64_t odd =
            kernels->draw(work->logits, streams, symbols, work->temperature, work->impossible,
                          work->uniforms + step * work->row, drawn);
        if (odd >= 0) return step;
        if (work->rounds) kernels->watch(work->rounds, drawn);
        ids = drawn;
    }
    return -1;
}

/* Returns the step at which a logit is no finite number, -1 where there is none, -2 where a symbol
   is unknown or there are too many of them. */
EXPORT int64_t burble_write(const struct writing *work) {
    const int64_t symbols = work->member[0].net->symbols;
    if (symbols > MOST_SYMBOLS) return -2;
    for (int64_t i = 0; i < work->streams; i++) {
        if (work->first[i] < 0 || work->first[i] >= symbols) return -2;
    }
    if (work->helper) burble_call_helper(work->helper);
    const int64_t odd = write_steps(burble_kernels(), work, symbols);
    if (work->helper && work->steps >= LONG) burble_let_idle_go(work->helper);
    return odd;
}
