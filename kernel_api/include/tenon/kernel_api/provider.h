/* A provider: its kernel table, its hooks, and the one exported symbol. C99. */
#ifndef TENON_KERNEL_API_PROVIDER_H
#define TENON_KERNEL_API_PROVIDER_H

#include <tenon/kernel_api/host.h>
#include <tenon/kernel_api/kernel.h>

/* What a new instance is told. Lives until `create` returns, but for `host`, which lives as long as the process. */
typedef struct tn_instance_request {
  uint32_t struct_size;
  uint32_t reserved;
  const tn_host* host;
  /* Names and values are strings, copied if kept; an unknown name or a bad value is TN_INVALID_ARGUMENT with a message
   * that lists what is known. */
  const tn_str* option_names;
  const tn_str* option_values;
  size_t option_count;
  uint32_t max_workers; /* the most threads that a run of the session uses; what tn_run_api.max_workers gives at most */
  uint32_t reserved2;
  uint64_t memory_limit; /* bytes that a run may take of the host's memory, UINT64_MAX: no limit */
  tn_str model_name;     /* the path of the model's file; empty for a model from memory */
} tn_instance_request;

/* What `tenon providers` tells of an option. All strings are zero-terminated. */
typedef struct tn_option {
  uint32_t struct_size;
  uint32_t reserved;
  const char* name;
  const char* values;        /* what it takes, for people: "avx2, avx512", "a number above 0" */
  const char* default_value; /* NULL: none is stated */
  const char* help;          /* a sentence */
} tn_option;

/* A constant table in the plugin; it and all that it points to live as long as the library is loaded. */
typedef struct tn_provider {
  uint32_t struct_size;
  uint32_t abi_version; /* the version that the plugin speaks, at most the host's */
  const char* name;     /* as users write it: "cpu_blas" */
  const char* version;
  const tn_kernel_def* kernels;
  uint32_t kernel_count;
  uint32_t kernel_stride; /* sizeof the plugin's tn_kernel_def: step through the table with it */

  /* thread: any. One instance per session. It may be NULL. */
  tn_status* (*create)(const tn_instance_request*, tn_provider_instance** instance);
  /* thread: any, once, after the last kernel of the instance is destroyed. */
  void (*destroy)(tn_provider_instance*);

  /* thread: open. May be NULL: then the host places nodes by the kernel table alone. Called before the table is
   * consulted. */
  tn_status* (*claim)(tn_provider_instance*, const tn_graph*, tn_claims*);
  /* Makes the kernel of a group that `claim` took; NULL exactly when the provider never claims groups. */
  tn_make_kernel_fn compile;

  /* thread: any. A further table of the provider by name and revision, or NULL. The member may be NULL. */
  const void* (*extension)(tn_provider_instance*, tn_str name_and_revision);

  const tn_option* options; /* that `create` knows; may be NULL */
  uint32_t option_count;
  uint32_t option_stride; /* sizeof the plugin's tn_option */
  /* thread: any. The bytes that the instance holds of its own, beyond what the host gave it: for reports. May be NULL.
   */
  uint64_t (*memory_used)(tn_provider_instance*);

  const tn_operator* operators; /* that the provider describes, in any order; may be NULL */
  uint32_t operator_count;
  uint32_t operator_stride; /* sizeof the plugin's tn_operator */
} tn_provider;

/* The type of TN_ENTRY_SYMBOL. thread: any; must not keep state. The plugin answers with a provider of version
 * `max_abi_version` or lower, or NULL to refuse; it may say why through host->log. */
typedef const tn_provider* (*tn_entry_fn)(const tn_host* host, uint32_t max_abi_version);

#endif /* TENON_KERNEL_API_PROVIDER_H */
