/* What custom calls of XLA have in common. Knows nothing of what they compute.

   Only what every version of the interface has is used. */
#ifndef BURBLE_XLA_CALL_H
#define BURBLE_XLA_CALL_H

#include <stdint.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"

#include "dispatch.h"

#if defined(__x86_64__)
#define BY_ISA(name) (burble_isa() == ISA_AVX512 ? name##_avx512 : name##_avx2)
#define DECLARE(type, name) extern type name##_avx512, name##_avx2
#else
#define BY_ISA(name) name##_neon
#define DECLARE(type, name) extern type name##_neon
#endif

static XLA_FFI_Error *fail(const XLA_FFI_CallFrame *call, XLA_FFI_Error_Code code,
                           const char *why) {
    XLA_FFI_Error_Create_Args args = {XLA_FFI_Error_Create_Args_STRUCT_SIZE, NULL, why, code};
    return call->api->XLA_FFI_Error_Create(&args);
}

static XLA_FFI_Error *refuse(const XLA_FFI_CallFrame *call, const char *why) {
    return fail(call, XLA_FFI_Error_Code_INVALID_ARGUMENT, why);
}

/* Whether a call only asks for the version of the interface, which it is then told. */
static int asks_for_version(const XLA_FFI_CallFrame *call) {
    XLA_FFI_Extension_Base *extension = call->extension_start;
    if (!extension || extension->type != XLA_FFI_Extension_Metadata) return 0;
    XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
    /* That of the caller is as good as any. */
    metadata->api_version.major_version = call->api->api_version.major_version;
    metadata->api_version.minor_version = call->api->api_version.minor_version;
    metadata->traits = 0;
    return 1;
}

static XLA_FFI_Buffer *argument(const XLA_FFI_CallFrame *call, int number) {
    return call->args.args[number];
}

/* Whether the arguments are float32, but for some at first. */
static int are_floats(const XLA_FFI_CallFrame *call, int first) {
    for (int i = first; i < call->args.size; i++)
        if (argument(call, i)->dtype != XLA_FFI_DataType_F32) return 0;
    return 1;
}

static float *result(const XLA_FFI_CallFrame *call, int number) {
    return ((XLA_FFI_Buffer *)call->rets.rets[number])->data;
}

/* A whole number that Python gave along, or another where there is none of that name. */
static int attribute(const XLA_FFI_CallFrame *call, const char *name, int missing) {
    for (int64_t i = 0; i < call->attrs.size; i++) {
        const XLA_FFI_ByteSpan *found = call->attrs.names[i];
        if (found->len == strlen(name) && !memcmp(found->ptr, name, found->len) &&
            call->attrs.types[i] == XLA_FFI_AttrType_SCALAR)
            return *(const int32_t *)((const XLA_FFI_Scalar *)call->attrs.attrs[i])->value;
    }
    return missing;
}

/* How many threads share a call. */
static int threads_of(const XLA_FFI_CallFrame *call) { return attribute(call, "threads", 1); }

#endif
