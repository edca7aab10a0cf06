/* The C API of values that are no tensors: sequences, optionals and maps as inputs and outputs of a run. C99, stable.
 *
 *   tenon_value *a, *b, *both, *parts[2];
 *   tenon_value_of_tensor(&tensor_a, &a); ...
 *   tenon_value_of_elements(parts, 2, &both);
 *
 * A tenon_value never changes and shares what it holds: what it was made of may be destroyed at once, but memory that a
 * tensor of the caller lies in is borrowed until the last value with it is destroyed. Rules as in <tenon/tenon.h>. */
#ifndef TENON_VALUE_H
#define TENON_VALUE_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tenon_value tenon_value;

/* Made values are the caller's. A name of the tensor is ignored. */
TENON_API int tenon_value_of_tensor(const tenon_tensor* tensor, tenon_value**);
/* A sequence of tensors of one dtype, or of maps of one type; without elements it fits wherever a sequence does. */
TENON_API int tenon_value_of_elements(const tenon_value* const* elements, size_t count, tenon_value**);
/* An optional; element NULL: an empty one, which fits wherever an optional does. */
TENON_API int tenon_value_of_optional(const tenon_value* element, tenon_value**);
/* keys: int64 or strings; values: one for each. Both of rank 1. */
TENON_API int tenon_value_of_map(const tenon_tensor* keys, const tenon_tensor* values, tenon_value**);
/* One more handle of the same value, for another owner or thread: no bytes and no lists are copied, and tensors lie
 * where they did. */
TENON_API int tenon_value_share(const tenon_value*, tenon_value** shared);
/* Reads a file of ONNX's test data sets: a serialized TensorProto, SequenceProto, OptionalProto or MapProto, whichever
 * a value of this type is stored as. TENON_NOT_FOUND; TENON_INVALID_MODEL: it holds something else. */
TENON_API int tenon_value_read(const char* path, const tenon_value_type*, tenon_value**);
TENON_API void tenon_value_destroy(tenon_value*);

TENON_API int tenon_value_get_type(const tenon_value*, tenon_value_type*);
/* What it is, for people: "float 2x3", "sequence(float) of 2", "map(int64, float) of 10". To be freed with
 * tenon_string_free. */
TENON_API int tenon_value_text(const tenon_value*, char** text);
/* Elements of a sequence, 0 or 1 of an optional, entries of a map; 1 of a tensor. */
TENON_API size_t tenon_value_count(const tenon_value*);
/* Of a sequence or an optional: a value of its own, the caller's. */
TENON_API int tenon_value_element(const tenon_value*, size_t index, tenon_value** element);
/* Lives as long as the value. TENON_INVALID_ARGUMENT for a value of another kind. */
TENON_API int tenon_value_tensor(const tenon_value*, tenon_tensor*);
TENON_API int tenon_value_map(const tenon_value*, tenon_tensor* keys, tenon_tensor* values);

typedef struct tenon_named_value {
  size_t struct_size;
  const char* name;
  const tenon_value* value;
} tenon_named_value;

/* tenon_session_run with values of any kind; for an optional also what it would hold may be given. Nothing is copied:
 * kernels read tensors where they lie, so a result of one run may be an input of the next. */
TENON_API int tenon_session_run_values(tenon_session*, const tenon_named_value* inputs, size_t input_count,
                                       const char* const* outputs, size_t output_count, const tenon_run_options*,
                                       tenon_results**);
/* A result of any kind: a value of its own, the caller's, which lives on without the results and the session, and whose
 * memory is not copied. tenon_results_get knows tensors alone. */
TENON_API int tenon_results_value(const tenon_results*, size_t index, tenon_value**);
/* NULL when there is no such result. */
TENON_API const char* tenon_results_name(const tenon_results*, size_t index);

#ifdef __cplusplus
}
#endif
#endif /* TENON_VALUE_H */
