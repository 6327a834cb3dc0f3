/* A dense layer as two custom calls of XLA. Knows nothing of how they are computed. */
#include "dense.h"
#include "xla_call.h"

DECLARE(dense_forward_function, dense_forward);
DECLARE(dense_backward_function, dense_backward);

/* The layer from x (N, U) and kernel (U, V); Python made their shapes. */
static struct dense_layer layer_of(const XLA_FFI_CallFrame *call) {
    const int64_t *kernel = argument(call, 1)->dims;
    return (struct dense_layer){
        .rows = argument(call, 0)->dims[0],
        .inputs = kernel[0],
        .outputs = kernel[1],
        .x = argument(call, 0)->data,
        .kernel = argument(call, 1)->data,
    };
}

/* From x, kernel and bias to y. */
EXPORT XLA_FFI_Error *burble_dense_forward(XLA_FFI_CallFrame *call) {
    if (asks_for_version(call) || call->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
    if (call->args.size != 3 || call->rets.size != 1 || !are_floats(call, 0))
        return refuse(call, "burble_dense_forward: 3 float32 to 1");
    struct dense_layer layer = layer_of(call);
    if (BY_ISA(dense_forward)(&layer, argument(call, 2)->data, result(call, 0), threads_of(call)))
        return fail(call, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "burble_dense_forward: no memory");
    return NULL;
}

/* From x, kernel and the gradient of y to those of x, kernel and bias. */
EXPORT XLA_FFI_Error *burble_dense_backward(XLA_FFI_CallFrame *call) {
    if (asks_for_version(call) || call->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
    if (call->args.size != 3 || call->rets.size != 3 || !are_floats(call, 0))
        return refuse(call, "burble_dense_backward: 3 float32 to 3");
    struct dense_layer layer = layer_of(call);
    struct dense_gradients to = {
        .d_y = argument(call, 2)->data,
        .d_x = result(call, 0),
        .d_kernel = result(call, 1),
        .d_bias = result(call, 2),
    };
    if (BY_ISA(dense_backward)(&layer, &to, threads_of(call)))
        return fail(call, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "burble_dense_backward: no memory");
    return NULL;
}
