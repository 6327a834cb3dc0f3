/* Draws symbols: an exponential of each logit, their sum, and where a number falls in it. Watches
   what was drawn for passages that go round, and blocks what would go on with them. Each row is
   what it would be alone. */
#include "choose.h"
#include "panels.h"
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

average_function NAME(average);
draw_function NAME(draw);

int64_t NAME(draw)(const float *logits, int64_t rows, int64_t symbols, float temperature,
                   float impossible, const double *uniforms, int64_t *chosen) {
    float weights[MOST_SYMBOLS + LANES];
    double up_to[MOST_SYMBOLS];
    for (int64_t row = 0; row < rows; row++, logits += symbols) {
        memcpy(weights, logits, (size_t)symbols * sizeof(float));
        for (int lane = 0; lane < LANES; lane++) weights[symbols + lane] = logits[0];
        if (!weigh(weights, symbols, temperature, impossible)) return row;
        double sum = 0.0;
        for (int64_t i = 0; i < symbols; i++) up_to[i] = sum += weights[i];
        const double aim = uniforms[row] * sum;
        int64_t found = 0;
        for (int64_t i = 0; i < symbols; i++) found += up_to[i] <= aim;
        /* A number that is rounded to the sum falls on the last that can come. */
        if (found == symbols) {
            while (found-- > 0 && weights[found] == 0.0f) continue;
        }
        chosen[row] = found;
    }
    return -1;
}

/* Overwrites logits with their exponentials, the largest of which is 1, and gives their sum. */
static float exponentiate(float *logits, int64_t symbols) {
    float top = logits[0];
    for (int64_t i = 1; i < symbols; i++) top = logits[i] > top ? logits[i] : top;
    for (int64_t at = 0; at < symbols; at += LANES) {
        const int64_t count = least(LANES, symbols - at);
        store_some(logits + at, v_exp(load_some(logits + at, count) - v_set1(top)), count);
    }
    double sum = 0.0;
    for (int64_t i = 0; i < symbols; i++) sum += logits[i];
    return (float)sum;
}

void NAME(average)(float *logits, int64_t networks, int64_t rows, int64_t symbols) {
    for (int64_t row = 0; row < rows; row++, logits += symbols) {
        for (int64_t network = 0; network < networks; network++) {
            float *own = logits + network * rows * symbols;
            const vec sum = v_set1(exponentiate(own, symbols));
            for (int64_t at = 0; at < symbols; at += LANES) {
                const int64_t count = least(LANES, symbols - at);
                const vec part = load_some(own + at, count) / sum;
                const vec before = network ? load_some(logits + at, count) : v_set1(0.0f);
                store_some(logits + at, before + part, count);
            }
        }
        for (int64_t at = 0; at < symbols; at += LANES) {
            const int64_t count = least(LANES, symbols - at);
            const vec mean = load_some(logits + at, count) / v_set1((float)networks);
            store_some(logits + at, v_log(mean + v_set1(1e-30f)), count);
        }
    }
}

watch_function NAME(watch);
block_function NAME(block);

int64_t NAME(watch)(const struct rounds *rounds, const int64_t *symbols) {
    const int64_t longest = rounds->longest;
    const int32_t *limits = rounds->limits;
    int any = 0;
    for (int64_t text = 0; text < rounds->texts; text++) {
        const int32_t symbol = (int32_t)symbols[text];
        int32_t *past = rounds->past + text * longest, *same = rounds->same + text * longest;
        int reached = 0;
        for (int64_t i = 0; i < longest; i++) {
            const int32_t count = past[i] == symbol ? same[i] + 1 : 0;
            same[i] = count;
            reached |= count >= limits[i];
        }
        memmove(past + 1, past, (size_t)(longest - 1) * sizeof(int32_t));
        past[0] = symbol;
        rounds->silent[text] = rounds->speaks[symbol] ? 0 : rounds->silent[text] + 1;
        rounds->closing[text] = (uint8_t)reached;
        any |= reached;
    }
    return any;
}

static float find_highest(const float *logits, int64_t symbols, float least) {
    for (int64_t i = 0; i < symbols; i++) least = logits[i] > least ? logits[i] : least;
    return least;
}

void NAME(block)(const struct rounds *rounds, float *logits, int64_t symbols, float impossible,
                 int64_t step) {
    float before[MOST_SYMBOLS];
    for (int64_t text = 0; text < rounds->texts; text++, logits += symbols) {
        if (!rounds->closing[text]) continue;
        const int32_t *past = rounds->past + text * rounds->longest;
        const int32_t *same = rounds->same + text * rounds->longest;
        const float likeliest = find_highest(logits, symbols, impossible);
        int acts = 0;
        memcpy(before, logits, (size_t)symbols * sizeof(float));
        for (int64_t i = 0; i < rounds->longest; i++) {
            if (same[i] < rounds->limits[i] || past[i] < 0 || past[i] >= symbols) continue;
            /* A period is without what speaks where the last of that came before it began. */
            if (i + 1 <= rounds->silent[text] && same[i] + 1 < rounds->layout) continue;
            const float one = before[past[i]];
            acts |= one > impossible && one >= likeliest;
            logits[past[i]] = impossible;
        }
        if (find_highest(logits, symbols, impossible) <= impossible) {
            memcpy(logits, before, (size_t)symbols * sizeof(float));
        } else if (acts && rounds->broken[text] < 0) {
            rounds->broken[text] = step;
        }
    }
}
