/* Tensors as they cross the ABI: borrowed views of typed memory, and the kinds of memory that they may lie in. C99. */
#ifndef TENON_KERNEL_API_TENSOR_H
#define TENON_KERNEL_API_TENSOR_H

#include <tenon/kernel_api/base.h>

/* Element types; the numbers are those of ONNX TensorProto.DataType. */
typedef enum tn_dtype {
  TN_UNDEFINED = 0,
  TN_FLOAT = 1,
  TN_UINT8 = 2,
  TN_INT8 = 3,
  TN_UINT16 = 4,
  TN_INT16 = 5,
  TN_INT32 = 6,
  TN_INT64 = 7,
  TN_STRING = 8,
  TN_BOOL = 9,
  TN_FLOAT16 = 10,
  TN_DOUBLE = 11,
  TN_UINT32 = 12,
  TN_UINT64 = 13,
  TN_COMPLEX64 = 14,
  TN_COMPLEX128 = 15,
  TN_BFLOAT16 = 16,
  TN_FLOAT8E4M3FN = 17,
  TN_FLOAT8E4M3FNUZ = 18,
  TN_FLOAT8E5M2 = 19,
  TN_FLOAT8E5M2FNUZ = 20,
  TN_UINT4 = 21,
  TN_INT4 = 22,
  TN_FLOAT4E2M1 = 23,
  TN_FLOAT8E8M0 = 24,
  TN_UINT2 = 25,
  TN_INT2 = 26,
  TN_FLOAT6E2M3 = 27,
  TN_FLOAT6E3M2 = 28
} tn_dtype;

/* Where the bytes of a tensor lie. Version 1 of the host passes TN_MEMORY_HOST only. */
typedef enum tn_memory_kind {
  TN_MEMORY_HOST = 0,        /* ordinary memory of this process */
  TN_MEMORY_HOST_PINNED = 1, /* page-locked host memory that a device can copy from directly */
  TN_MEMORY_DEVICE = 2,      /* memory of the device `device_id`; the host never dereferences it */
  TN_MEMORY_SHARED = 3       /* reachable from host and device `device_id` */
} tn_memory_kind;

enum {
  TN_TENSOR_READ_ONLY = 1u << 0,    /* do not write; for weights and inputs the page is read-only in hardware too */
  TN_TENSOR_CONSTANT = 1u << 1,     /* an initializer or a folded constant: the same bytes in every run */
  TN_TENSOR_RANK_UNKNOWN = 1u << 2, /* only while a session opens: rank is 0 and says nothing */
  /* Only while a session opens: the value is a sequence, an optional or a map; dtype and rank are 0 and say nothing. */
  TN_TENSOR_OTHER_KIND = 1u << 3
};

/* A borrowed view of a tensor.
 * shape: `rank` dimensions; while a session opens, -1 stands for one that is not known yet.
 * Elements lie row-major, without gaps.
 * data: aligned to the element's size at least, to 64 bytes where the host allocated it. NULL in what tells of a value
 * while a session opens, and possibly NULL for tensors without elements. Const in fact where TN_TENSOR_READ_ONLY is
 * set. Types of 2, 4 and 6 bits are packed as ONNX packs raw_data: element i takes the bits from i * width on, counted
 * from the lowest bit of the first byte, so a 6-bit element may straddle two bytes. Strings are an array of `tn_str`.
 * byte_length: how many bytes may be read at `data`. */
typedef struct tn_tensor {
  uint32_t struct_size;
  uint32_t dtype; /* tn_dtype */
  uint32_t rank;
  uint32_t flags; /* TN_TENSOR_... */
  const int64_t* shape;
  void* data;
  uint64_t byte_length;
  uint32_t memory_kind; /* tn_memory_kind */
  uint32_t device_id;
} tn_tensor;

/* An ordered queue of work on a device. Opaque; NULL stands for the calling thread, the only stream of host memory. */
typedef struct tn_stream tn_stream;

#endif /* TENON_KERNEL_API_TENSOR_H */
