/* Dropout with the random bits of JAX: 16 for each number, drawn with Threefry from its place.

   Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011; how JAX counts places
   and joins both words is that of its "partitionable" random bits. */
#include "../dropout.h"

#include "../team.h"
#include "panels.h"

typedef uint32_t bits __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));

/* Parts have this many numbers at least. */
enum { FEWEST = 8192 };

INLINE bits rotate(bits x, int by) { return x << by | x >> (32 - by); }

INLINE void mix(bits *a, bits *b, int one, int two, int three, int four) {
    const int by[4] = {one, two, three, four};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        *a += *b;
        *b = rotate(*b, by[i]) ^ *a;
    }
}

/* Words for LANES places from `first` on, which are joined from two each. */
INLINE bits draw(const uint32_t key[2], uint64_t first) {
    const uint32_t third = key[0] ^ key[1] ^ 0x1BD11BDAu;
    bits a, b, place;
    for (int i = 0; i < LANES; i++) place[i] = (uint32_t)i;
    b = place + (uint32_t)first;
    /* The upper half of a place: one more from where the lower half begins anew. */
    a = (bits)(b < place) & 1u;
    a += (uint32_t)(first >> 32) + key[0];
    b += key[1];
    mix(&a, &b, 13, 15, 26, 6);
    a += key[1], b += third + 1;
    mix(&a, &b, 17, 29, 16, 24);
    a += third, b += key[0] + 2;
    mix(&a, &b, 13, 15, 26, 6);
    a += key[0], b += key[1] + 3;
    mix(&a, &b, 17, 29, 16, 24);
    a += key[1], b += third + 4;
    mix(&a, &b, 13, 15, 26, 6);
    a += third, b += key[0] + 5;
    return a ^ b;
}

/* Those of LANES numbers that stay, scaled up, and 0 for the others. */
INLINE vec choose(vec x, const uint16_t *drawn, int limit, float scale) {
    halves half;
    memcpy(&half, drawn, sizeof half);
    const vint stays = __builtin_convertvector(half, vint) >= (vint){0} + limit;
    return (vec)((vint)(x * v_set1(scale)) & stays);
}

/* Numbers of a row, from one whose word has a place of its own, to before another. */
static void drop_some(const struct dropout *d, uint64_t place, int64_t first, int64_t last) {
    const int limit = d->limit;
    const float scale = (float)(1 / (1 - limit / 65536.0));
    for (int64_t n = first; n < last; place += LANES) {
        /* Of a word, the lower half is the first number's. */
        const bits words = draw(d->key, place);
        uint16_t drawn[2 * LANES];
        memcpy(drawn, &words, sizeof drawn);
        for (int half = 0; half < 2 && n < last; half++, n += LANES)
            store_some(d->y + n,
                       choose(load_some(d->x + n, last - n), drawn + half * LANES, limit, scale),
                       last - n);
    }
}

static void drop_part(void *work, int part, int parts) {
    const struct dropout *d = work;
    /* Rows that are whole words, and follow one another, are as good as one. */
    const int one = d->features % 2 == 0 && d->length == 1;
    const int64_t rows = one ? 1 : d->rows, features = one ? d->rows * d->features : d->features;
    const int64_t words = (features + 1) / 2, all = rows * words;
    const int64_t end = all * (part + 1) / parts;
    for (int64_t place = all * part / parts, next; place < end; place = next) {
        const int64_t row = place / words, from = row * features;
        next = least((row + 1) * words, end);
        const int64_t last = least(from + 2 * (next - row * words), from + features);
        const int64_t before = (row + 1) * (d->length - 1) * words;
        drop_some(d, (uint64_t)(before + place), from + 2 * (place - row * words), last);
    }
}

void NAME(drop)(const struct dropout *d, int threads) {
    struct dropout work = *d;
    burble_share(drop_part, &work, count_parts(threads, d->rows * d->features / FEWEST));
}
