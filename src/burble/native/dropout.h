/* Dropout: numbers set to zero by chance.

   What the function of `kernels/dropout.c` takes, which is compiled for several instruction sets. */
#ifndef BURBLE_DROPOUT_H
#define BURBLE_DROPOUT_H

#include <stdint.h>

struct dropout {
    int64_t rows, features;  /* of x and y */
    int64_t length;          /* each row is the last of so many for which numbers are drawn */
    const float *x;
    float *y;
    uint32_t key[2];      /* seeds what is drawn */
    int limit;            /* of 2^16 numbers so many are set to zero; the others are scaled up */
};

typedef void drop_function(const struct dropout *, int threads);

#endif
