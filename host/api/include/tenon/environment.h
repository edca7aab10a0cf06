/* The C API of what is the process's and no session's: the log, and the providers that are installed. C99, stable.
 * Rules as in <tenon/tenon.h>. */
#ifndef TENON_ENVIRONMENT_H
#define TENON_ENVIRONMENT_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- the log --- */
typedef enum tenon_log_level {
  TENON_LOG_DEFAULT = -1, /* the level that TENON_LOG names, else TENON_LOG_WARN */
  TENON_LOG_TRACE = 0,
  TENON_LOG_DEBUG = 1,
  TENON_LOG_INFO = 2,
  TENON_LOG_WARN = 3,
  TENON_LOG_ERROR = 4,
  TENON_LOG_OFF = 5
} tenon_log_level;

/* One line without its end, which is gone when the function returns. thread: any, several at once. It must not throw,
 * and must not call this API. */
typedef void (*tenon_log_function)(void* argument, int level, const char* message);

/* Gives what is logged from `least` on, a tenon_log_level, to the function; NULL: to standard error, as it is when
 * nothing is set. The function of before is not called any more once this returns. thread: any, but not the function.
 */
TENON_API int tenon_log_set(tenon_log_function, void* argument, int least);

/* --- providers --- */
typedef struct tenon_provider_list tenon_provider_list;

typedef struct tenon_provider_info {
  size_t struct_size;
  const char* name; /* "" where the file could not be read */
  const char* version;
  const char* path;
  uint32_t is_usable;  /* 0: it must not be loaded here. 1 does not say that loading succeeds */
  const char* why_not; /* "" for one that is usable */
  /* What the file says: versions of the kernel ABI that it was built for, 0 where it could not be read, and the
   * features of the CPU that it needs, in words. */
  uint32_t min_abi;
  uint32_t max_abi;
  const char* cpu_features;
  /* Of a provider that is loaded. */
  uint32_t abi_version;
  uint32_t claims_nodes; /* 1: it compiles groups of nodes into one kernel */
  /* Of tenon_crashed_providers(): how many worker processes its library has ended, and what was said of the last one.
   */
  uint32_t crashes;
  const char* last_crash;
} tenon_provider_info;

typedef struct tenon_provider_option {
  size_t struct_size;
  const char* name;
  const char* values;        /* "0 to 64", "fast|exact" */
  const char* default_value; /* "" where there is none */
  const char* help;
} tenon_provider_option;

/* A line of the kernel table of a provider that is loaded: forms of an operator that it has. */
typedef struct tenon_provider_kernel {
  size_t struct_size;
  const char* domain; /* "" for ONNX's own */
  const char* op_type;
  int32_t since_version; /* opsets that changed the operator, inclusive */
  int32_t last_version;  /* 0: every later one too */
  uint32_t type_count;   /* of tenon_providers_kernel_type */
} tenon_provider_kernel;

/* The element types that a kernel takes for a type parameter of the operator's schema; one that none is told of may be
 * whatever the schema allows. */
typedef struct tenon_kernel_type {
  size_t struct_size;
  const char* parameter;  /* "T" */
  const uint32_t* dtypes; /* of tenon_dtype */
  uint32_t dtype_count;
} tenon_kernel_type;

/* names NULL: the provider libraries on the search path, told from their files alone; nothing is loaded, and none has
 * options. Else the providers of a list as the option `providers` takes it, which are loaded into this process for
 * good: TENON_NOT_FOUND and others say why that failed. The list is the caller's. */
TENON_API int tenon_providers(const char* names, tenon_provider_list**);
/* One provider, by its name, or by the path of its library where a '/' is in it: told from the file alone (load 0), or
 * loaded into this process for good (1). The list has one entry. Errors say why it must not be loaded, or why that
 * failed. */
TENON_API int tenon_provider_look_up(const char* name, int load, tenon_provider_list**);
/* The libraries that ended worker processes (option `isolate`), each by the bytes of its file: after three times one is
 * in quarantine, which `why_not` says, and is not loaded any more. What is remembered lies in the folder of packs. */
TENON_API int tenon_crashed_providers(tenon_provider_list**);
/* Forgets the crashes of a library, by its provider's name or its path. TENON_NOT_FOUND: none is known. */
TENON_API int tenon_provider_lift_quarantine(const char* library);
TENON_API void tenon_providers_destroy(tenon_provider_list*);
TENON_API size_t tenon_providers_count(const tenon_provider_list*);
TENON_API int tenon_providers_get(const tenon_provider_list*, size_t index, tenon_provider_info*);
TENON_API size_t tenon_providers_option_count(const tenon_provider_list*, size_t index);
TENON_API int tenon_providers_option(const tenon_provider_list*, size_t index, size_t option, tenon_provider_option*);
TENON_API size_t tenon_providers_kernel_count(const tenon_provider_list*, size_t index);
TENON_API int tenon_providers_kernel(const tenon_provider_list*, size_t index, size_t kernel, tenon_provider_kernel*);
TENON_API int tenon_providers_kernel_type(const tenon_provider_list*, size_t index, size_t kernel, size_t type,
                                          tenon_kernel_type*);

#ifdef __cplusplus
}
#endif
#endif /* TENON_ENVIRONMENT_H */
