/* Draws symbols: an exponential of each logit, their sum, and where a number falls in it. Each row
   is what it would be alone. */
#include "choose.h"
#include "vector.h"

/* Overwrites logits, of which the last vector may be filled with any of them, with what they weigh;
   returns 0 where one is no finite number. */
INLINE int weigh(float *logits, int64_t symbols, float temperature, float impossible) {
    vec most = v_set1(logits[0]), odd = v_set1(0.0f);
    for (int64_t at = 0; at < symbols; at += LANES) {
        const vec x = v_load(logits + at);
        most = v_max(most, x);
        odd = v_fma(x, v_set1(0.0f), odd);
    }
    float top = most[0], sum = 0.0f;
    for (int lane = 0; lane < LANES; lane++) {
        top = most[lane] > top ? most[lane] : top;
        sum += odd[lane];
    }
    if (sum != 0.0f) return 0;
    const vec least = v_set1(top > impossible ? impossible : -INFINITY), low = v_set1(-87.0f);
    for (int64_t at = 0; at < symbols; at += LANES) {
        const vec x = v_load(logits + at), power = (x - v_set1(top)) / v_set1(temperature);
        const vint comes = (vint)(x > least) & (vint)(power > low);
        v_store(logits + at, (vec)((vint)v_exp(power) & comes));
    }
    return 1;
}

draw_function NAME(draw);

int64_t NAME(draw)(const float *logits, int64_t rows, int64_t symbols, float temperature,
                   float impossible, const double *uniforms, int64_t *chosen) {
    float weights[MOST_SYMBOLS + LANES];
    for (int64_t row = 0; row < rows; row++, logits += symbols) {
        memcpy(weights, logits, (size_t)symbols * sizeof(float));
        for (int lane = 0; lane < LANES; lane++) weights[symbols + lane] = logits[0];
        if (!weigh(weights, symbols, temperature, impossible)) return row;
        double sum = 0.0, passed = 0.0;
        for (int64_t i = 0; i < symbols; i++) sum += weights[i];
        const double aim = uniforms[row] * sum;
        int64_t found = -1;
        for (int64_t i = 0; i < symbols; i++) {
            if (weights[i] == 0.0f) continue;
            passed += weights[i];
            found = i;
            if (passed > aim) break;
        }
        chosen[row] = found;
    }
    return -1;
}
