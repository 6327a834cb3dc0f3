/* The LSTM layer over a sequence, forward and backward.

   What the functions of `kernels/lstm_*.c` take, which is compiled for several instruction sets.
   All arrays are float32 in rows; B streams, T steps, D inputs, U units. */
#ifndef BURBLE_LSTM_H
#define BURBLE_LSTM_H

#include <stdint.h>

struct lstm_layer {
    int64_t batch, length, inputs, units, symbols;
    const float *x;                 /* (B, T, D) */
    const int32_t *ids;             /* or of each place a symbol (B, T), and no input; else NULL */
    const float *kernel;            /* (D, 4U), gates in the order i, f, g, o */
    const float *recurrent;         /* (U, 4U) */
    const float *bias;              /* (4U); where there are symbols, a row for each of them */
    const float *h, *c;             /* (B, U), the state before */
};

struct lstm_results {
    float *outputs;                 /* (B, T, U) */
    float *last_h, *last_c;         /* (B, U) */
    float *gates;                   /* kept for the gradients: T * B * 4 * U, with U rounded up to */
    float *cells;                   /* a multiple of 16; and T * B * U. NULL where not wanted. */
};

struct lstm_gradients {
    const float *outputs;           /* (B, T, U), what the forward pass gave */
    const float *cells;             /* and kept */
    const float *d_outputs;         /* (B, T, U); NULL where they are all 0 */
    const float *d_last_h, *d_last_c; /* (B, U) */
    float *gates;                   /* kept by the forward pass; used up */
    float *d_x, *d_kernel, *d_recurrent, *d_bias, *d_h, *d_c;
};

/* Each returns 0, or 1 where there was no memory. Threads share the streams; sums of a stream do not
   depend on how many there are, sums over streams do. */
typedef int lstm_forward_function(const struct lstm_layer *, const struct lstm_results *,
                                  int threads);
typedef int lstm_backward_function(const struct lstm_layer *, const struct lstm_gradients *,
                                   int threads);

#endif
