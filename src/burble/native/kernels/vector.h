/* One vector of floats, as wide as the instruction set that a file is compiled for.

   Everything here computes each element by itself, with the same roundings at any width, so that
   what comes out does not depend on the instruction set. The vectors are those of GCC and Clang,
   on which + - * / work; a sum of products is always v_fma, rounded once. */
#ifndef BURBLE_VECTOR_H
#define BURBLE_VECTOR_H

#include <stdint.h>
#include <math.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES 8
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define LANES 4
#else
#error "no instruction set with fused multiplication and addition"
#endif

/* NAME(step) is step_avx2 where a file is compiled with -DISA=avx2. */
#define NAME_OF(name, isa) name##_##isa
#define NAME_WITH(name, isa) NAME_OF(name, isa)
#define NAME(name) NAME_WITH(name, ISA)
#define INLINE static inline __attribute__((always_inline))
/* A function by itself, for whoever includes it. */
#define OWN static __attribute__((noinline, unused))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t vint __attribute__((vector_size(4 * LANES)));

INLINE vec v_load(const float *from) {
    vec x;
    memcpy(&x, from, sizeof x);
    return x;
}

INLINE void v_store(float *to, vec x) { memcpy(to, &x, sizeof x); }

/* The first `count` elements alone; the others are 0. */
INLINE vec v_load_part(const float *from, int64_t count) {
    float all[LANES] = {0};
    memcpy(all, from, (size_t)count * sizeof(float));
    return v_load(all);
}

INLINE void v_store_part(float *to, vec x, int64_t count) {
    float all[LANES];
    v_store(all, x);
    memcpy(to, all, (size_t)count * sizeof(float));
}

#if LANES == 16
INLINE vec v_set1(float x) { return (vec)_mm512_set1_ps(x); }
INLINE vec v_fma(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
/* What is not a number stays so where it is the second. */
INLINE vec v_max(vec low, vec x) { return (vec)_mm512_max_ps((__m512)low, (__m512)x); }
INLINE vec v_min(vec high, vec x) { return (vec)_mm512_min_ps((__m512)high, (__m512)x); }
#elif LANES == 8
INLINE vec v_set1(float x) { return (vec)_mm256_set1_ps(x); }
INLINE vec v_fma(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vec v_max(vec low, vec x) { return (vec)_mm256_max_ps((__m256)low, (__m256)x); }
INLINE vec v_min(vec high, vec x) { return (vec)_mm256_min_ps((__m256)high, (__m256)x); }
#else
INLINE vec v_set1(float x) { return (vec)vdupq_n_f32(x); }
INLINE vec v_fma(vec a, vec b, vec c) {
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
INLINE vec v_max(vec low, vec x) { return (vec)vmaxq_f32((float32x4_t)low, (float32x4_t)x); }
INLINE vec v_min(vec high, vec x) { return (vec)vminq_f32((float32x4_t)high, (float32x4_t)x); }
#endif

/* For each of up to 4 vectors: what is done with several at once is written so, since one alone would
   wait for each of its own steps. */
#define EACH _Pragma("GCC unroll 4") for (int v = 0; v < count; v++)

/* exp(x) = 2^n (1 + p), with n whole and p = exp(r) - 1 for |r| <= ln(2) / 2; x from -87 to 88.
   The polynomial is the closest of its degree (a Remez exchange): 1.4e-8 of p. */
INLINE void v_split_exp(const int count, const vec *x, vec *power, vec *p) {
    /* Adding 1.5 * 2^23 rounds to a whole number, which then stands in the lowest bits. */
    const vec shift = v_set1(12582912.0f);
    vec n[4], r[4], q[4];
    EACH power[v] = v_fma(x[v], v_set1(1.44269504f), shift);
    EACH n[v] = power[v] - shift;
    EACH r[v] = v_fma(n[v], v_set1(-0.693359375f), x[v]);
    EACH r[v] = v_fma(n[v], v_set1(2.12194440e-4f), r[v]);
    EACH q[v] = v_fma(v_set1(0x1.6d9b0ap-10f), r[v], v_set1(0x1.12296ep-7f));
    EACH q[v] = v_fma(q[v], r[v], v_set1(0x1.555484p-5f));
    EACH q[v] = v_fma(q[v], r[v], v_set1(0x1.5554aep-3f));
    EACH q[v] = v_fma(q[v], r[v], v_set1(0.5f));
    EACH p[v] = v_fma(r[v] * r[v], q[v], r[v]);
    EACH power[v] = (vec)(((vint)power[v] + 127) << 23);
}

/* The exponential, to 2 units in the last place, of x from -87 to 88; beyond, that of the end. */
INLINE vec v_exp(vec x) {
    vec power, p;
    x = v_min(v_set1(88.0f), v_max(v_set1(-87.0f), x));
    v_split_exp(1, &x, &power, &p);
    return v_fma(power, p, power);
}

/* The logarithm of x, a normal number above 0: x = 2^n m with m from sqrt(1/2) to sqrt(2), and of m by
   s = (m - 1) / (m + 1), 2 (s + s^3 / 3 + s^5 / 5 + ...). To 1e-7, or 2 units in the last place.
   What is no finite number becomes none. */
INLINE vec v_log(vec x) {
    const vint bits = (vint)x - (vint)v_set1(0x1.6a09e6p-1f);
    const vint whole = bits >> 23;
    const vec m = (vec)((vint)x - (whole << 23)), one = v_set1(1.0f);
    const vec n = __builtin_convertvector(whole, vec);
    const vec s = (m - one) / (m + one), square = s * s;
    vec p = v_set1(1.0f / 9);
    p = v_fma(p, square, v_set1(1.0f / 7));
    p = v_fma(p, square, v_set1(1.0f / 5));
    p = v_fma(p, square, v_set1(1.0f / 3));
    p = v_fma(p * square, s, s);
    p = v_fma(x, v_set1(0.0f), p + p);
    return v_fma(n, v_set1(0.693359375f), v_fma(n, v_set1(-2.12194440e-4f), p));
}

/* The hyperbolic tangents of up to 4 vectors, in place: x + x^3 P(x^2) up to 0.55, with the closest
   polynomial of its degree (1e-9), and beyond it 1 - 2 e / (1 + e), with e = exp(-2 |x|). To 2 units
   in the last place. */
INLINE void v_tanh_each(const int count, vec *x) {
    const vint sign_bit = (vint)v_set1(-0.0f);
    const vec one = v_set1(1.0f);
    vec magnitude[4], square[4], small[4], power[4], p[4], e[4];
    EACH magnitude[v] = (vec)((vint)x[v] & ~sign_bit);
    /* From 10 on it is 1. */
    EACH e[v] = v_max(v_set1(-20.0f), magnitude[v] * v_set1(-2.0f));
    v_split_exp(count, e, power, p);
    EACH e[v] = v_fma(power[v], p[v], power[v]);
    EACH e[v] = one - (e[v] + e[v]) / (one + e[v]);
    EACH square[v] = x[v] * x[v];
    EACH small[v] = v_fma(v_set1(-0x1.9bba6ap-8f), square[v], v_set1(0x1.595686p-6f));
    EACH small[v] = v_fma(small[v], square[v], v_set1(-0x1.b92bbap-5f));
    EACH small[v] = v_fma(small[v], square[v], v_set1(0x1.110d3cp-3f));
    EACH small[v] = v_fma(small[v], square[v], v_set1(-0x1.55554cp-2f));
    EACH small[v] = v_fma(small[v] * square[v], magnitude[v], magnitude[v]);
    EACH {
        const vint is_small = (vint)(magnitude[v] < v_set1(0.55f));
        const vint y = ((vint)small[v] & is_small) | ((vint)e[v] & ~is_small);
        x[v] = (vec)(y | ((vint)x[v] & sign_bit));
    }
}

INLINE vec v_tanh(vec x) {
    v_tanh_each(1, &x);
    return x;
}

/* The sigmoid of 2 x: half of the way from -1 to 1 that tanh goes. */
INLINE vec v_sigmoid_of_double(vec x) {
    const vec half = v_set1(0.5f);
    return v_fma(v_tanh(x), half, half);
}

#endif
