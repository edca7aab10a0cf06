/* Element types of tensors: their numbers, names and sizes. C99, stable. thread: any. */
#ifndef TENON_TYPES_H
#define TENON_TYPES_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers of ONNX TensorProto.DataType; later versions may add some. */
typedef enum tenon_dtype {
  TENON_DTYPE_UNDEFINED = 0,
  TENON_DTYPE_FLOAT = 1,
  TENON_DTYPE_UINT8 = 2,
  TENON_DTYPE_INT8 = 3,
  TENON_DTYPE_UINT16 = 4,
  TENON_DTYPE_INT16 = 5,
  TENON_DTYPE_INT32 = 6,
  TENON_DTYPE_INT64 = 7,
  TENON_DTYPE_STRING = 8,
  TENON_DTYPE_BOOL = 9,
  TENON_DTYPE_FLOAT16 = 10,
  TENON_DTYPE_DOUBLE = 11,
  TENON_DTYPE_UINT32 = 12,
  TENON_DTYPE_UINT64 = 13,
  TENON_DTYPE_COMPLEX64 = 14,
  TENON_DTYPE_COMPLEX128 = 15,
  TENON_DTYPE_BFLOAT16 = 16,
  TENON_DTYPE_FLOAT8E4M3FN = 17,
  TENON_DTYPE_FLOAT8E4M3FNUZ = 18,
  TENON_DTYPE_FLOAT8E5M2 = 19,
  TENON_DTYPE_FLOAT8E5M2FNUZ = 20,
  TENON_DTYPE_UINT4 = 21,
  TENON_DTYPE_INT4 = 22,
  TENON_DTYPE_FLOAT4E2M1 = 23,
  TENON_DTYPE_FLOAT8E8M0 = 24,
  TENON_DTYPE_UINT2 = 25,
  TENON_DTYPE_INT2 = 26,
  TENON_DTYPE_FLOAT6E2M3 = 27,
  TENON_DTYPE_FLOAT6E3M2 = 28
} tenon_dtype;

/* "float16", as ONNX writes it in lower case; "" for a number that is no type. Lives as long as the process. */
TENON_API const char* tenon_dtype_name(uint32_t dtype);
/* Of an element: a string counts as its tenon_string; elements of 2, 4 and 6 bits lie packed, from the lowest bit of
 * the first byte up. 0 for a number that is no type. */
TENON_API uint32_t tenon_dtype_bits(uint32_t dtype);

#ifdef __cplusplus
}
#endif
#endif /* TENON_TYPES_H */
