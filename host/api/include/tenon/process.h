/* The C API of what a watchdog or a monitor asks of a process: the memory that it holds, the calls into providers that
 * have not returned, and who ended it. C99, stable. Rules as in <tenon/tenon.h>; thread: any. */
#ifndef TENON_PROCESS_H
#define TENON_PROCESS_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- memory, as the system counts it; a pid of 0 is this process. TENON_UNSUPPORTED where the system does not tell,
 * TENON_NOT_FOUND when there is no such process or it is another user's --- */
/* Bytes of resident memory. */
typedef struct tenon_memory_use {
  size_t struct_size;
  uint64_t private_clean;
  uint64_t private_dirty;
  uint64_t shared;        /* clean and dirty */
  uint64_t proportional;  /* private, and each shared page divided by the processes that map it */
  uint64_t anonymous;     /* backed by no file */
  uint64_t resident;      /* all of it, mapped files included */
  uint64_t peak_resident; /* since the process began */
} tenon_memory_use;

TENON_API int tenon_process_memory(int64_t pid, tenon_memory_use*);

/* Memory of one kind: of a session a "source file", a "pack file", "arenas" ..., of a process a "shared file", as
 * models and packs are, "heap", "anonymous" ... In bytes. */
typedef struct tenon_residency {
  size_t struct_size;
  const char* kind;
  const char* name;      /* path of a file, or why it is there; may be "" */
  uint64_t bytes;        /* addresses taken */
  uint64_t resident;     /* in memory, whoever shares it */
  uint64_t proportional; /* each shared page divided by the processes that map it */
  uint64_t shared_bytes;
  uint64_t private_bytes;
} tenon_residency;

typedef struct tenon_residency_list tenon_residency_list;

/* What a session holds. Takes milliseconds in a large process. Lists are the caller's. */
TENON_API int tenon_session_residency(const tenon_session*, tenon_residency_list**);
/* What a process holds, mapped files first. */
TENON_API int tenon_process_residency(int64_t pid, tenon_residency_list**);
TENON_API void tenon_residency_destroy(tenon_residency_list*);
TENON_API size_t tenon_residency_count(const tenon_residency_list*);
TENON_API int tenon_residency_get(const tenon_residency_list*, size_t index, tenon_residency*);

/* --- calls into providers --- */
/* Numbers of the calls that the threads of this process are in, the innermost of each; never 0, and no two calls of a
 * process's recent past have the same. Fills at most `capacity`; returns how many there are. A number that stays in the
 * list is a call that does not return. */
TENON_API size_t tenon_calls(uint64_t* calls, size_t capacity);
/* "provider 'a' (/lib/liba.so) in run of node 'y' (Relu, opset 14)", cut to `size` with its end; returns its length. 0,
 * and "": the call has ended. async-signal-safe */
TENON_API size_t tenon_call_text(uint64_t call, char* text, size_t size);
/* The same of all threads but this one, joined by ", ", neighbours that are alike once; returns how many there are.
 * async-signal-safe, and takes no lock: for the last words of a process. */
TENON_API size_t tenon_calls_text(char* text, size_t size);

/* --- who ended the process --- */
/* What the option `crash_report` does at the first open, at once: for the rest of the process, a signal, exit() or
 * std::terminate in a call of a provider is told on standard error. Gives the calling thread, which should be the main
 * one, a stack for handlers of signals where it has none. */
TENON_API void tenon_crash_report_install(void);
/* For ways out that have no handlers, such as a program's own _exit(): when this thread is in a call of a provider,
 * writes that it ended the process by `function`, and returns 1. async-signal-safe */
TENON_API uint32_t tenon_crash_report_ended_by(const char* function);

#ifdef __cplusplus
}
#endif
#endif /* TENON_PROCESS_H */
