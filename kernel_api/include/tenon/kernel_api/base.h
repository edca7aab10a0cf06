/* Names, codes and conventions that every other header of the kernel ABI shares. C99.
 *
 * Conventions, true for every function of the ABI unless its own comment says otherwise:
 *  - Thread rule: each function carries one. "thread: any" may be called from any thread, concurrently. "thread: open"
 *    is called only while a session opens, by one thread at a time for a given provider instance.
 *  - Pointers passed in are borrowed until the call returns. Pointers handed out say how long they live.
 *  - A `tn_status*` result of NULL is success. Any other was made by `tn_host.status_create`; who receives it owns it,
 * and the host is the one that frees it.
 *  - Strings are UTF-8 with a length; they are not zero-terminated.
 *  - No exception and no longjmp crosses the ABI in either direction.
 *  - Every struct that may grow starts with `struct_size`, set by whoever fills it to the sizeof it was compiled with;
 * what one side passes for the other to fill comes with its size set. Receivers accept any size at or above the one of
 * version 1 and never read or write beyond it. Structs grow only at the end, and a member that is 0 or NULL means what
 * its absence did. TN_HAS tells whether a member is there.
 *  - Flags that the receiver does not know are refused with TN_UNSUPPORTED, unless their comment lets them be ignored.
 */
#ifndef TENON_KERNEL_API_BASE_H
#define TENON_KERNEL_API_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The newest version of the ABI that these headers describe. */
#define TN_ABI_VERSION 1u

/* Name of the one symbol that a provider library exports; its type is `tn_entry_fn` of provider.h. */
#define TN_ENTRY_SYMBOL "tenon_provider_entry"

#define TN_EXPORT __attribute__((visibility("default")))

/* Whether the struct that `table` points to, which may be of older headers, holds `member`. */
#define TN_HAS(table, member) ((const char*)(&(table)->member + 1) <= (const char*)(table) + (table)->struct_size)

/* A borrowed string. `data` may be NULL only when `size` is 0. */
typedef struct tn_str {
  const char* data;
  size_t size;
} tn_str;

/* Result codes. The number of a code never changes. */
typedef enum tn_code {
  TN_OK = 0,
  TN_INVALID_MODEL = 1,     /* a model that could be read breaks the format or an operator's specification */
  TN_INVALID_ARGUMENT = 2,  /* the caller passed something wrong: a name, a shape, an option */
  TN_NOT_FOUND = 3,         /* a file, library or symbol does not exist */
  TN_UNSUPPORTED = 4,       /* valid, but nothing here implements it; of a node of a model TN_NO_KERNEL */
  TN_OUT_OF_MEMORY = 5,     /* an allocation failed or would pass a limit */
  TN_CANCELLED = 6,         /* the application cancelled the run */
  TN_DEADLINE_EXCEEDED = 7, /* the run's deadline passed */
  TN_DATA_LOST = 8,         /* bytes that were there are gone: a mapped file shrank or failed to read */
  TN_INTERNAL = 9,          /* a broken invariant: a bug in the host or in a plugin */
  TN_NOT_A_MODEL = 10,      /* the bytes cannot be read as a model: of another format, cut short, or damaged */
  TN_NO_KERNEL = 11         /* of the host: no provider that was asked takes a node of the model */
} tn_code;

/* An error with a code and a message. Opaque, made by the host. */
typedef struct tn_status tn_status;

#endif /* TENON_KERNEL_API_BASE_H */
