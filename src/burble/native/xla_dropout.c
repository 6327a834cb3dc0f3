/* Dropout as a custom call of XLA. Knows nothing of how it is computed. */
#include "dropout.h"
#include "xla_call.h"

DECLARE(drop_function, drop);

/* From x (N, F) and a key (2) to y; attributes say how many of 2^16 numbers are set to zero, and of
   how many rows each is the last. */
EXPORT XLA_FFI_Error *burble_drop(XLA_FFI_CallFrame *call) {
    if (asks_for_version(call) || call->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
    if (call->args.size != 2 || call->rets.size != 1)
        return refuse(call, "burble_drop: 2 to 1");
    const uint32_t *key = argument(call, 1)->data;
    struct dropout dropout = {
        .rows = argument(call, 0)->dims[0],
        .features = argument(call, 0)->dims[1],
        .x = argument(call, 0)->data,
        .y = result(call, 0),
        .key = {key[0], key[1]},
        .limit = attribute(call, "limit", 0),
        .length = attribute(call, "length", 1),
    };
    BY_ISA(drop)(&dropout, threads_of(call));
    return NULL;
}
