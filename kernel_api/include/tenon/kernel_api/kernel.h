/* Kernels: how a provider describes them and the life of one. C99.
 *
 *   create -> for each constant input: pack_plan -> (pack, when no packed bytes are at hand) -> bind_pack
 *          -> run, many times, on many threads at once -> destroy
 */
#ifndef TENON_KERNEL_API_KERNEL_H
#define TENON_KERNEL_API_KERNEL_H

#include <tenon/kernel_api/graph.h>
#include <tenon/kernel_api/run.h>

typedef struct tn_provider_instance tn_provider_instance; /* the plugin's own type */
typedef struct tn_kernel tn_kernel;                       /* the plugin's own type */

/* What a kernel wants to do with one constant input, said before a byte of the weight is touched. */
typedef struct tn_pack_plan {
  uint32_t struct_size;
  uint32_t alignment;   /* of the packed bytes; a power of two, at most 4096 */
  uint64_t byte_length; /* exact size of the packed bytes; 0: not packed, the kernel reads the weight as it is */
  /* All that determines the packed bytes besides the weight: packer version, layout, tile sizes, instruction set. Equal
   * key and equal weight mean equal bytes. Borrowed until the kernel is destroyed. */
  tn_str key;
  bool source_needed; /* false: once packed, the kernel never reads the original */
} tn_pack_plan;

typedef struct tn_kernel_vtable {
  uint32_t struct_size;
  uint32_t reserved;
  /* thread: open. NULL member: packs nothing. `plan` comes with struct_size set and the rest zero. */
  tn_status* (*pack_plan)(tn_kernel*, uint32_t input, tn_pack_plan* plan);
  /* thread: any. Writes exactly byte_length bytes; deterministic; must not read `blob`. */
  tn_status* (*pack)(tn_kernel*, uint32_t input, const tn_tensor* weight, void* blob);
  /* thread: open. `blob` is read-only and outlives the kernel. */
  tn_status* (*bind_pack)(tn_kernel*, uint32_t input, const void* blob, uint64_t byte_length);
  /* thread: any, concurrently: the kernel keeps no state between runs. */
  tn_status* (*run)(tn_kernel*, tn_run*);
  /* thread: any, once, after the last run. */
  void (*destroy)(tn_kernel*);
} tn_kernel_vtable;

/* Allows a type parameter of the operator's schema ("T", "Tind" ...) the listed element types. */
typedef struct tn_type_rule {
  const char* parameter; /* zero-terminated */
  const uint32_t* dtypes;
  uint32_t count;
} tn_type_rule;

enum {
  TN_KERNEL_ACCEPTS_STRIDES = 1u << 0,   /* inputs may be strided views */
  TN_KERNEL_NOT_DETERMINISTIC = 1u << 1, /* equal inputs may give other outputs: never folded */
  /* Of an operator of the domain com.ms.internal.nhwc, whose input 0 and output 0 have their channels last: nodes of
   * the ONNX operator of that name that this provider would get are to become this one's. The host moves dimensions
   * where the layout changes, and nowhere else. */
  TN_KERNEL_PREFERRED = 1u << 2
};

/* One line of a provider's kernel table. All pointers are to constant data of the plugin; strings are zero-terminated.
 */
typedef struct tn_kernel_def {
  uint32_t struct_size;
  uint32_t flags;     /* TN_KERNEL_... */
  const char* domain; /* "" for the ONNX domain */
  const char* op_type;
  int32_t since_version;     /* the forms of the operator that the kernel implements, as opset versions, inclusive */
  int32_t last_version;      /* 0: this and every later form */
  const tn_type_rule* types; /* a parameter without a rule may be of any type that the schema allows */
  uint32_t type_count;
  uint32_t may_reuse_input; /* bit i: output 0 may be given the memory of input i */
  const tn_kernel_vtable* vtable;
  /* thread: open. May refuse a node with TN_UNSUPPORTED and a reason: the host then asks the next provider. */
  tn_status* (*create)(tn_provider_instance*, const tn_node*, tn_kernel** kernel);
} tn_kernel_def;

#endif /* TENON_KERNEL_API_KERNEL_H */
