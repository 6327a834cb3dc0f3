/* The LSTM layer as two custom calls of XLA. Knows nothing of how they are computed. */
#include "lstm.h"
#include "xla_call.h"

DECLARE(lstm_forward_function, lstm_forward);
DECLARE(lstm_backward_function, lstm_backward);

/* Whether a call reads symbols, and not their vectors. */
static int reads_symbols(const XLA_FFI_CallFrame *call) {
    return argument(call, 0)->dtype == XLA_FFI_DataType_S32;
}

/* The layer from the first six arguments; Python made their shapes. */
static struct lstm_layer layer_of(const XLA_FFI_CallFrame *call) {
    const XLA_FFI_Buffer *x = argument(call, 0), *bias = argument(call, 3);
    int of_symbols = reads_symbols(call);
    return (struct lstm_layer){
        .batch = x->dims[0],
        .length = x->dims[1],
        .inputs = argument(call, 1)->dims[0],
        .units = argument(call, 2)->dims[0],
        .symbols = of_symbols ? bias->dims[0] : 1,
        .x = of_symbols ? NULL : x->data,
        .ids = of_symbols ? x->data : NULL,
        .kernel = argument(call, 1)->data,
        .recurrent = argument(call, 2)->data,
        .bias = argument(call, 3)->data,
        .h = argument(call, 4)->data,
        .c = argument(call, 5)->data,
    };
}

/* Whether a layer has a symbol that there is no row for. */
static int has_unknown(const struct lstm_layer *l) {
    for (int64_t i = 0; l->ids && i < l->batch * l->length; i++)
        if (l->ids[i] < 0 || l->ids[i] >= l->symbols) return 1;
    return 0;
}

/* From x, kernel, recurrent, bias, h and c to outputs, last h, last c and, where they are asked
   for, gates and cells. With symbols in place of x the kernel has no rows. */
EXPORT XLA_FFI_Error *burble_lstm_forward(XLA_FFI_CallFrame *call) {
    if (asks_for_version(call) || call->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
    int kept = call->rets.size == 5;
    if (call->args.size != 6 || (call->rets.size != 3 && !kept) ||
        !are_floats(call, reads_symbols(call)))
        return refuse(call, "burble_lstm_forward: 6 float32 to 3 or 5");
    struct lstm_layer layer = layer_of(call);
    if (has_unknown(&layer)) return refuse(call, "burble_lstm_forward: no such id");
    struct lstm_results to = {
        .outputs = result(call, 0),
        .last_h = result(call, 1),
        .last_c = result(call, 2),
        .gates = kept ? result(call, 3) : NULL,
        .cells = kept ? result(call, 4) : NULL,
    };
    if (BY_ISA(lstm_forward)(&layer, &to, threads_of(call)))
        return fail(call, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "burble_lstm_forward: no memory");
    return NULL;
}

/* From x, kernel, recurrent, bias, h, c, outputs, gates, cells and the gradients of outputs, last h
   and last c to those of the first six; the last result is the memory of the gates. Where the
   gradients of outputs have no steps, they are 0. */
EXPORT XLA_FFI_Error *burble_lstm_backward(XLA_FFI_CallFrame *call) {
    if (asks_for_version(call) || call->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
    if (call->args.size != 12 || call->rets.size != 7 ||
        !are_floats(call, reads_symbols(call)) || result(call, 6) != argument(call, 7)->data)
        return refuse(call, "burble_lstm_backward: 12 float32 to 7");
    struct lstm_layer layer = layer_of(call);
    if (has_unknown(&layer)) return refuse(call, "burble_lstm_backward: no such id");
    struct lstm_gradients to = {
        .outputs = argument(call, 6)->data,
        .gates = result(call, 6),
        .cells = argument(call, 8)->data,
        .d_outputs = argument(call, 9)->dims[1] ? argument(call, 9)->data : NULL,
        .d_last_h = argument(call, 10)->data,
        .d_last_c = argument(call, 11)->data,
        .d_x = result(call, 0),
        .d_kernel = result(call, 1),
        .d_recurrent = result(call, 2),
        .d_bias = result(call, 3),
        .d_h = result(call, 4),
        .d_c = result(call, 5),
    };
    if (BY_ISA(lstm_backward)(&layer, &to, threads_of(call)))
        return fail(call, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "burble_lstm_backward: no memory");
    return NULL;
}
