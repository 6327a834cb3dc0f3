/* What both passes over an LSTM layer share: their memory, and where in it things stand.

   What is kept of a step for the gradients is in the order of the panels (see `panels.h`):
   the gates (T, panels, B, 4, LANES), the cell states (T, panels, B, LANES); for each part of the
   streams by itself. */
#ifndef BURBLE_PASS_H
#define BURBLE_PASS_H

#include "../lstm.h"
#include "../team.h"
#include "memory.h"
#include "panels.h"

/* Panels of gates whose part of a packed matrix fills most of the nearest cache, 32 kB. */
enum { PART = 8192 / (PANEL * PANEL) };

/* One pass over a layer for some of its streams: the layer, and what it needs on the way. */
struct pass {
    const struct lstm_layer *layer;
    int64_t panels;    /* of gates */
    int64_t wide;      /* units, rounded up to whole panels of columns */
    int64_t steps;     /* multiplied at once */
    float *kernel, *recurrent, *bias, *state, *cell, *gates, *features, *weights, *sums;
};

INLINE float *gates_at(const struct pass *s, float *gates, int64_t t, int64_t p, int64_t b) {
    return gates + ((t * s->panels + p) * s->layer->batch + b) * PANEL;
}

/* Where a panel's row of a packed bias begins for a place: that of its symbol. */
INLINE int64_t bias_at(const struct lstm_layer *l, int64_t t, int64_t p, int64_t b) {
    return (p * l->symbols + (l->ids ? l->ids[b * l->length + t] : 0)) * PANEL;
}

INLINE int64_t cells_at(const struct pass *s, int64_t t, int64_t p, int64_t b) {
    return ((t * s->panels + p) * s->layer->batch + b) * LANES;
}

/* Some of the streams of a layer as one of their own, and how many are before them. */
static struct lstm_layer part_of(const struct lstm_layer *whole, int part, int parts,
                                 int64_t *first) {
    struct lstm_layer l = *whole;
    *first = whole->batch * part / parts;
    l.batch = whole->batch * (part + 1) / parts - *first;
    if (l.ids)
        l.ids += *first * l.length;
    else
        l.x += *first * l.length * l.inputs;
    l.h += *first * l.units;
    l.c += *first * l.units;
    return l;
}

/* Of so many units, those that are kept for the gradients, whatever the instruction set. */
INLINE int64_t rounded(int64_t units) { return panels_of(units, 16) * 16; }

/* How many streams the largest part has. */
INLINE int64_t most_of(int64_t batch, int parts) { return (batch + parts - 1) / parts; }

/* How many rows a part multiplies at once at most: one with fewer streams may take more of them, in
   more steps. */
INLINE int64_t most_rows(int64_t streams) { return streams > TOGETHER ? streams : TOGETHER; }

static struct pass begin(const struct lstm_layer *layer) {
    struct pass s = {.layer = layer};
    int64_t steps = TOGETHER / (layer->batch ? layer->batch : 1);
    s.panels = panels_of(layer->units, LANES);
    s.wide = panels_of(layer->units, PANEL) * PANEL;
    s.steps = least(layer->length, steps > 1 ? steps : 1);
    return s;
}

/* Packs a state (B, U) as the cell states of one step are. */
static void pack_state(const struct pass *s, float *to, const float *state) {
    int64_t batch = s->layer->batch, units = s->layer->units;
    for (int64_t p = 0; p < s->panels; p++)
        for (int64_t b = 0; b < batch; b++, to += LANES)
            v_store(to, load_some(state + b * units + p * LANES, units - p * LANES));
}

static void unpack_state(const struct pass *s, float *state, const float *from) {
    int64_t batch = s->layer->batch, units = s->layer->units;
    for (int64_t p = 0; p < s->panels; p++)
        for (int64_t b = 0; b < batch; b++, from += LANES)
            store_some(state + b * units + p * LANES, v_load(from), units - p * LANES);
}

#endif
