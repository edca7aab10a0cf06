/* Kernels: how a provider describes them and the life of one. C99.
 *
 *   create -> for each slot: pack_plan -> (pack, when no packed bytes are at hand) -> bind_pack
 *          -> run, many times, on many threads at once -> destroy
 * A slot is one piece of packed memory, made of any number of the kernel's constant inputs.
 */
#ifndef TENON_KERNEL_API_KERNEL_H
#define TENON_KERNEL_API_KERNEL_H

#include <tenon/kernel_api/operator.h>
#include <tenon/kernel_api/run.h>

typedef struct tn_kernel tn_kernel; /* the plugin's own type */

/* Of tn_pack_plan.byte_length: pack tells, by tn_pack_args.append. */
#define TN_LENGTH_UNKNOWN UINT64_MAX

/* What a kernel wants packed in one of its slots, said before a byte of a constant is touched. */
typedef struct tn_pack_plan {
  uint32_t struct_size;
  uint32_t alignment;   /* of the packed bytes; a power of two, at most 4096; 0: 64 */
  uint64_t byte_length; /* exact; 0: nothing is packed, the kernel reads what it needs as it is; or TN_LENGTH_UNKNOWN */
  /* All that determines the packed bytes besides the constants that they are made of: packer version, layout, tile
   * sizes, instruction set, options. Equal key and equal constants mean equal bytes. Borrowed until the kernel is
   * destroyed. */
  tn_str key;
  /* The kernel's inputs that the bytes are made of, all of them constant, in the order in which `pack` gets them, each
   * once. None: the bytes follow from the key alone, as a compiled program's do. Borrowed until the kernel is
   * destroyed. */
  const uint32_t* inputs;
  uint32_t input_count;
  bool sources_needed; /* false: once packed, the kernel never reads those of the inputs that no other slot needs */
} tn_pack_plan;

/* What `pack` works with. Lives until it returns. */
typedef struct tn_pack_args tn_pack_args;
struct tn_pack_args {
  uint32_t struct_size;
  uint32_t input_count;
  const tn_tensor* const* inputs; /* as the plan has them */
  void* blob;                     /* the plan's byte_length bytes, not zeroed; NULL when that is TN_LENGTH_UNKNOWN */
  uint64_t byte_length;
  /* thread: the one that pack was called on. Adds bytes to a blob whose length is not known; they are copied. */
  tn_status* (*append)(const tn_pack_args*, const void* bytes, uint64_t byte_length);
  /* As tn_run_api.parallel_for, without flags. */
  tn_status* (*parallel_for)(const tn_pack_args*, const tn_parallel*);
  uint32_t max_workers;
};

typedef struct tn_kernel_vtable {
  uint32_t struct_size;
  uint32_t reserved;
  /* thread: open. How many slots the kernel may pack. NULL member: none, and so are the next three. */
  uint32_t (*pack_count)(tn_kernel*);
  /* thread: open. `plan` comes with struct_size set and the rest zero. */
  tn_status* (*pack_plan)(tn_kernel*, uint32_t slot, tn_pack_plan* plan);
  /* thread: any, at once for different slots. Deterministic; must not read the blob. */
  tn_status* (*pack)(tn_kernel*, uint32_t slot, const tn_pack_args*);
  /* thread: open. `blob` is read-only and outlives the kernel. */
  tn_status* (*bind_pack)(tn_kernel*, uint32_t slot, const void* blob, uint64_t byte_length);
  /* thread: any, concurrently: the kernel keeps no state between runs. */
  tn_status* (*run)(tn_kernel*, tn_run*);
  /* thread: any, once, after the last run. A kernel may be destroyed that was never bound or run. */
  void (*destroy)(tn_kernel*);
} tn_kernel_vtable;

/* How an output of a kernel may share the memory of one of its inputs. */
typedef enum tn_alias_kind {
  /* The output may be given the input's memory where nothing else reads the input. The kernel must be right either
   * way, so it reads an element of the input before it writes that of the output. */
  TN_ALIAS_MAY_REUSE = 1,
  /* The output has the input's bytes under another shape. Where both are given the same memory there is nothing to do,
   * and the kernel must not write; else it copies. The host shares as for TN_ALIAS_MAY_REUSE at least. */
  TN_ALIAS_VIEW = 2,
  /* The output is the input with a part of it changed: a cache that grows. Where both are given the same memory only
   * that part is to be written; else the kernel copies the rest. Shared as above, and where one is bound as both. */
  TN_ALIAS_STATE = 3
} tn_alias_kind;

/* Of tn_alias.input: whichever. */
#define TN_ANY_INPUT UINT32_MAX

typedef struct tn_alias {
  uint32_t output, input;
  uint32_t kind; /* tn_alias_kind */
} tn_alias;

typedef enum tn_purpose {
  TN_FOR_RUNS = 0, /* packed, bound and run many times, or left after it was packed */
  /* Run once or not at all, while the session opens, to compute a constant; packed and bound before, if it wants to be,
   * but into memory that is freed with it. */
  TN_FOR_FOLDING = 1,
  TN_FOR_ANSWER = 2 /* never run: only whether it can be made counts, and what tn_kernel_result says */
} tn_purpose;

struct tn_kernel_def;

/* What a kernel is asked for. Lives until the hook or factory returns, with all that it points to. */
typedef struct tn_kernel_request {
  uint32_t struct_size;
  uint32_t purpose;                /* tn_purpose; one that the plugin does not know is TN_FOR_RUNS */
  const tn_node* node;             /* of the kernel table; NULL for a group */
  const struct tn_kernel_def* def; /* the line that fits the node; NULL for a group */
  const tn_graph* group;           /* that was claimed; NULL for a node */
  tn_str label;                    /* of the claim */
  uint64_t tag;                    /* of the claim */
} tn_kernel_request;

/* What is handed over. Comes with struct_size set and, for a node, with what the line of the table says; else zero. */
typedef struct tn_kernel_result {
  uint32_t struct_size;
  uint32_t flags; /* TN_KERNEL_... */
  tn_kernel* kernel;
  const tn_kernel_vtable* vtable; /* constant data of the plugin */
  const tn_alias* aliases;        /* borrowed until the kernel is destroyed */
  uint32_t alias_count;
  uint32_t memory_kind; /* that the kernel works on: tn_memory_kind. Version 1 of the host takes TN_MEMORY_HOST only */
  uint32_t device_id;
  uint32_t reserved;
  /* Roughly, how long a run takes on one thread with the shapes that are known, in nanoseconds; 0: not told. Reports
   * show it. */
  uint64_t cost_ns;
} tn_kernel_result;

/* thread: open. TN_UNSUPPORTED with a reason refuses the node: the host then asks the next line, or provider. */
typedef tn_status* (*tn_make_kernel_fn)(tn_provider_instance*, const tn_kernel_request*, tn_kernel_result*);

enum {
  TN_KERNEL_NOT_DETERMINISTIC = 1u << 0, /* equal inputs may give other outputs: never folded */
  /* Of an operator of the domain com.ms.internal.nhwc, whose input 0 and output 0 have their channels last: nodes of
   * the ONNX operator of that name that this provider would get are to become this one's. A provider's other kernels of
   * that domain get the nodes whose input has its channels last already. The host moves dimensions where the layout
   * changes, and nowhere else. */
  TN_KERNEL_PREFERRED = 1u << 1
};

/* One line of a provider's kernel table. All pointers are to constant data of the plugin; strings are zero-terminated.
 */
typedef struct tn_kernel_def {
  uint32_t struct_size;
  uint32_t flags;     /* TN_KERNEL_... */
  const char* domain; /* "" for the ONNX domain */
  const char* op_type;
  /* The forms of the operator that the kernel implements, as versions of the domain's opset, inclusive; last_version 0:
   * every later form too. An operator that the host has no schema of counts by the model's opset of its domain. */
  int32_t since_version;
  int32_t last_version;
  const tn_type_rule* types; /* a parameter without a rule may be of any type that the schema allows */
  uint32_t type_count;
  uint32_t type_stride;    /* sizeof the plugin's tn_type_rule: step through the rules with it */
  const tn_alias* aliases; /* of inputs that are left out, and of outputs beyond the node's, do not count */
  uint32_t alias_count;
  uint32_t reserved;
  const tn_kernel_vtable* vtable;
  tn_make_kernel_fn create;
} tn_kernel_def;

#endif /* TENON_KERNEL_API_KERNEL_H */
