/* Which of the instruction sets that the kernels are compiled for this processor has. */
#ifndef BURBLE_DISPATCH_H
#define BURBLE_DISPATCH_H

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum isa { ISA_NONE = 0, ISA_NEON = 1, ISA_AVX2 = 2, ISA_AVX512 = 3 };

/* The widest that is there and allowed. */
enum isa burble_isa(void);

#endif
