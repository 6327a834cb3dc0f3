/* Finds out what the processor can do, once; knows nothing of what is computed. */
#include "dispatch.h"

#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>

/* Which registers the system saves: what it does not save may not be used. */
static uint32_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static enum isa detect(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return ISA_NONE;
    const uint32_t fma = 1u << 12, xsave = 1u << 27, avx = 1u << 28, needed = fma | xsave | avx;
    if ((c & needed) != needed) return ISA_NONE;
    const uint32_t saved = saved_registers();
    if ((saved & 0x06) != 0x06) return ISA_NONE;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & 1u << 5)) return ISA_NONE;
    /* F, DQ, BW and VL: all processors of people have the four together. */
    const uint32_t wide = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    if ((b & wide) == wide && (saved & 0xe6) == 0xe6) return ISA_AVX512;
    return ISA_AVX2;
}
#elif defined(__aarch64__)
static enum isa detect(void) { return ISA_NEON; }
#else
static enum isa detect(void) { return ISA_NONE; }
#endif

static _Atomic int found = -1;

/* Threads that come here at once find the same. */
enum isa burble_isa(void) {
    if (found < 0) found = detect();
    return (enum isa)found;
}

EXPORT int burble_instruction_set(void) { return burble_isa(); }

/* For tests: a narrower one of the same processor; what it does not have is not taken. */
EXPORT int burble_set_instruction_set(int wanted) {
    const enum isa widest = detect();
    if (wanted == (int)widest || (widest == ISA_AVX512 && wanted == ISA_AVX2)) found = wanted;
    return burble_isa();
}

#ifndef SOURCES
#define SOURCES ""
#endif

/* A fingerprint of the sources that this was compiled from. */
EXPORT const char *burble_sources(void) { return SOURCES; }
