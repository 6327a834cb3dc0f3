/* The kernels of the instruction set that is used; see `burble_kernels`. */
#ifndef BURBLE_TABLE_H
#define BURBLE_TABLE_H

#include "kernels/choose.h"
#include "kernels/network.h"

struct kernels {
    int lanes;
    step_function *step;
    read_function *read;
    piece_function *piece;
    average_function *average;
    draw_function *draw;
    watch_function *watch;
    block_function *block;
};

/* Those of the instruction set of `burble_isa`; null where this processor can run none. */
const struct kernels *burble_kernels(void);

#endif
