/* A provider: its kernel table, its hooks, and the one exported symbol. C99. */
#ifndef TENON_KERNEL_API_PROVIDER_H
#define TENON_KERNEL_API_PROVIDER_H

#include <tenon/kernel_api/host.h>
#include <tenon/kernel_api/kernel.h>

/* A constant table in the plugin; it and all that it points to live as long as the library is loaded. */
typedef struct tn_provider {
  uint32_t struct_size;
  uint32_t abi_version; /* the version that the plugin speaks, at most the host's */
  const char* name;     /* as users write it: "cpu_blas" */
  const char* version;
  const tn_kernel_def* kernels;
  uint32_t kernel_count;
  uint32_t kernel_stride; /* sizeof the plugin's tn_kernel_def: step through the table with it */

  /* thread: any. One instance per session. Option names and values are strings, copied if kept; an unknown name or a
   * bad value is TN_INVALID_ARGUMENT with a message that lists what is known. */
  tn_status* (*create)(const tn_host*, const tn_str* option_names, const tn_str* option_values, size_t option_count,
                       tn_provider_instance** instance);
  /* thread: any, once, after the last kernel of the instance is destroyed. */
  void (*destroy)(tn_provider_instance*);

  /* thread: open. May be NULL: then the host places nodes by the kernel table alone. Called before the table is
   * consulted. */
  tn_status* (*claim)(tn_provider_instance*, const tn_graph*, tn_claims*);
  /* thread: open. Makes the kernel of a group that `claim` took; NULL exactly when the provider never claims groups. */
  tn_status* (*compile)(tn_provider_instance*, const tn_graph* group, const tn_kernel_vtable** vtable,
                        tn_kernel** kernel);

  /* thread: any. A further table of the provider by name and revision, or NULL. The member may be NULL. */
  const void* (*extension)(tn_provider_instance*, tn_str name_and_revision);

  /* The memory that the provider's kernels work on. Version 1 of the host takes TN_MEMORY_HOST only and refuses others
   * with a message. */
  uint32_t memory_kind;
  uint32_t device_id;
} tn_provider;

/* The type of TN_ENTRY_SYMBOL. thread: any; must not keep state. The plugin answers with a provider of version
 * `max_abi_version` or lower, or NULL to refuse; it may say why through host->log. */
typedef const tn_provider* (*tn_entry_fn)(const tn_host* host, uint32_t max_abi_version);

#endif /* TENON_KERNEL_API_PROVIDER_H */
