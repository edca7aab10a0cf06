/* The table of functions that the host gives to a plugin. C99. */
#ifndef TENON_KERNEL_API_HOST_H
#define TENON_KERNEL_API_HOST_H

#include <tenon/kernel_api/graph.h>
#include <tenon/kernel_api/run.h>

typedef enum tn_log_level {
  TN_LOG_TRACE = 0,
  TN_LOG_DEBUG = 1,
  TN_LOG_INFO = 2,
  TN_LOG_WARN = 3,
  TN_LOG_ERROR = 4
} tn_log_level;

/* Lives as long as the process. thread: any, for every function. */
typedef struct tn_host {
  uint32_t struct_size;
  uint32_t abi_version; /* the highest that the host speaks */
  const char* version;  /* of the host, for messages: "0.1.0" */

  /* Makes an error; `message` is copied. Never NULL: when memory is out, a shared out-of-memory error is returned.
   * A code of TN_OK is turned into TN_INTERNAL. */
  tn_status* (*status_create)(uint32_t code, tn_str message);
  uint32_t (*status_code)(const tn_status*);  /* TN_OK for NULL */
  tn_str (*status_message)(const tn_status*); /* lives as long as the status */
  void (*status_destroy)(tn_status*);         /* NULL is allowed */

  void (*log)(uint32_t level, tn_str message); /* tn_log_level */
  /* A further table by name and revision ("tenon.profile/1"); drafts end in "/draft". NULL: not offered. */
  const void* (*extension)(tn_str name_and_revision);

  const tn_graph_api* graph;
  const tn_claims_api* claims;
  const tn_run_api* run;
} tn_host;

#endif /* TENON_KERNEL_API_HOST_H */
