/* A dense layer, forward and backward.

   What the functions of `kernels/dense.c` take, which is compiled for several instruction sets.
   All arrays are float32 in rows; N rows, U inputs, V outputs. */
#ifndef BURBLE_DENSE_H
#define BURBLE_DENSE_H

#include <stdint.h>

struct dense_layer {
    int64_t rows, inputs, outputs;
    const float *x;                 /* (N, U) */
    const float *kernel;            /* (U, V) */
};

struct dense_gradients {
    const float *d_y;               /* (N, V) */
    float *d_x, *d_kernel, *d_bias;
};

/* y (N, V) = x kernel + bias. Each returns 0, or 1 where there was no memory. Threads share the
   rows; what is computed for a row does not depend on how many there are, sums over rows do. */
typedef int dense_forward_function(const struct dense_layer *, const float *bias, float *y,
                                   int threads);
typedef int dense_backward_function(const struct dense_layer *, const struct dense_gradients *,
                                    int threads);

#endif
