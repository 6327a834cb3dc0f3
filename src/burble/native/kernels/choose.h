/* What draws symbols, and watches what was drawn, for one instruction set. */
#ifndef BURBLE_CHOOSE_H
#define BURBLE_CHOOSE_H

#include <stdint.h>

#define MOST_SYMBOLS 4096

/* Averages the probabilities of several networks: of logits (networks, rows, symbols), which are
   overwritten, the first (rows, symbols) become the logarithms of the means, a very small number
   added. Each row is what it would be alone. */
typedef void average_function(float *logits, int64_t networks, int64_t rows, int64_t symbols);

/* Draws a symbol from each row of logits, (rows, symbols), at most MOST_SYMBOLS of them, at a
   temperature, with a number from [0, 1) for each row. What is not above `impossible` is not drawn,
   unless there is nothing else. Returns the first row with what is no finite number, otherwise -1. */
typedef int64_t draw_function(const float *logits, int64_t rows, int64_t symbols, float temperature,
                              float impossible, const double *uniforms, int64_t *chosen);

/* What was written of some texts lately, as far as it goes round: `past` and `same`, (texts,
   longest), are the last symbols, latest first, and for each distance how many symbols in a row are
   those so far before them. `silent` counts symbols in a row that do not speak. `closing` says
   whether any distance of a text has reached its limit; one that goes round without symbols that
   speak may go on to `layout`. `broken` is the step at which the likeliest symbol was blocked. */
struct rounds {
    int64_t texts, longest, symbols, layout;
    int32_t *past, *same, *silent;
    uint8_t *closing;
    int64_t *broken;
    const int32_t *limits;
    const uint8_t *speaks;
};

/* Takes the next symbol of each text; whether any distance of any has reached its limit. */
typedef int64_t watch_function(const struct rounds *, const int64_t *symbols);

/* Makes those symbols impossible, in logits (texts, symbols), that would close one round too many,
   unless that would leave a text none; notes the step in `broken`, where a likeliest symbol was
   among them and nothing is noted yet. */
typedef void block_function(const struct rounds *, float *logits, int64_t symbols, float impossible,
                            int64_t step);

#endif
