/* What draws symbols, for one instruction set. */
#ifndef BURBLE_CHOOSE_H
#define BURBLE_CHOOSE_H

#include <stdint.h>

#define MOST_SYMBOLS 4096

/* Draws a symbol from each row of logits, (rows, symbols), at most MOST_SYMBOLS of them, at a
   temperature, with a number from [0, 1) for each row. What is not above `impossible` is not drawn,
   unless there is nothing else. Returns the first row with what is no finite number, otherwise -1. */
typedef int64_t draw_function(const float *logits, int64_t rows, int64_t symbols, float temperature,
                              float impossible, const double *uniforms, int64_t *chosen);

#endif
