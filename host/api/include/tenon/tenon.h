/* The C API of Tenon: open a model, ask what it wants, run it, ask where everything went. C99, stable.
 *
 *   tenon_session* s;
 *   if (tenon_session_open("model.onnx", NULL, &s) != 0) { puts(tenon_last_error()); ... }
 *
 * Functions return 0 on success and a tenon_code otherwise; tenon_last_error() then has the message, per thread.
 * Handles are made by *_open and *_create and freed by *_close and *_destroy, which accept NULL. Strings handed out
 * live as long as the handle they came from.
 *
 * A struct that begins with struct_size may grow at its end. Whoever makes one sets struct_size to its sizeof and all
 * members that it does not know or fill to 0, also of structs that a call fills:
 *
 *   tenon_port port = {.struct_size = sizeof port};
 *
 * A size below that of the first version is TENON_INVALID_ARGUMENT. Nothing beyond the size is read or written, and
 * members that this library does not know stay as they are. An array of such structs is stepped through by the
 * struct_size of its first element, which all elements have to have.
 *
 * Further headers: <tenon/types.h> element types; <tenon/value.h> sequences, optionals and maps; <tenon/async.h> runs
 * that do not block their caller; <tenon/model.h> what a model tells of itself and where its nodes run; <tenon/files.h>
 * packs, conversion and published models; <tenon/environment.h> the log and the providers; <tenon/process.h> memory,
 * and calls that do not return. */
#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <stddef.h>
#include <stdint.h>

#define TENON_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers as in kernel_api/base.h; they never change, and later versions may add some. */
typedef enum tenon_code {
  TENON_OK = 0,
  TENON_INVALID_MODEL = 1,     /* a model that could be read breaks the format or an operator's specification */
  TENON_INVALID_ARGUMENT = 2,  /* of this call: a name, a shape, an option, NULL */
  TENON_NOT_FOUND = 3,         /* a file, provider or published model does not exist */
  TENON_UNSUPPORTED = 4,       /* valid, but nothing here implements it */
  TENON_OUT_OF_MEMORY = 5,     /* an allocation failed or would pass a limit */
  TENON_CANCELLED = 6,         /* by tenon_cancel_now */
  TENON_DEADLINE_EXCEEDED = 7, /* the run's time was over */
  TENON_DATA_LOST = 8,         /* a file did not stay as it was opened */
  TENON_INTERNAL = 9,          /* a bug here or in a provider */
  TENON_NOT_A_MODEL = 10,      /* the bytes cannot be read as a model: of another format, cut short or damaged */
  TENON_NO_KERNEL = 11         /* no provider that was asked takes a node of the model */
} tenon_code;

typedef struct tenon_options tenon_options;
typedef struct tenon_session tenon_session;
typedef struct tenon_cancel tenon_cancel;
typedef struct tenon_run_options tenon_run_options;
typedef struct tenon_results tenon_results;

/* An element of a tensor of strings; never grows. */
typedef struct tenon_string {
  const char* data;
  size_t size;
} tenon_string;

/* Where bytes lie; numbers as in kernel_api/tensor.h. */
typedef enum tenon_memory_kind {
  TENON_MEMORY_HOST = 0 /* ordinary memory of this process; any other is TENON_UNSUPPORTED */
} tenon_memory_kind;

/* A tensor in the caller's memory (inputs) or in a tenon_results (outputs). dtype: the numbers of ONNX
 * TensorProto.DataType. data: row-major; for strings (dtype 8) an array of tenon_string. */
typedef struct tenon_tensor {
  size_t struct_size;
  const char* name;
  uint32_t dtype;
  uint32_t rank;
  const int64_t* shape;
  const void* data;
  size_t byte_length;
  uint32_t memory_kind; /* a tenon_memory_kind */
  uint32_t device_id;
} tenon_tensor;

typedef enum tenon_kind { TENON_TENSOR = 0, TENON_SEQUENCE = 1, TENON_OPTIONAL = 2, TENON_MAP = 3 } tenon_kind;

/* dtype: of the tensors in the end, 0 where any fits. */
typedef struct tenon_value_type {
  size_t struct_size;
  uint32_t kind;  /* a tenon_kind */
  uint32_t dtype; /* of a map: of its values */
  uint32_t held;  /* the tenon_kind of what a sequence or an optional holds */
  uint32_t key;   /* dtype of the keys of a map, or of the maps that are held */
} tenon_value_type;

/* What a model declares of an input or output: kind, dtype, held and key as in tenon_value_type. Rank and shape of a
 * sequence or an optional are those of the tensors that it holds. */
typedef struct tenon_port {
  size_t struct_size;
  const char* name;
  const char* type; /* as ONNX writes it: "tensor(float)", "seq(tensor(int64))", "map(string,tensor(float))" */
  uint32_t kind;
  uint32_t dtype;
  uint32_t held;
  uint32_t key;
  uint32_t is_optional;         /* 1: a run may leave it out */
  int32_t rank;                 /* -1: unknown */
  const int64_t* shape;         /* -1: free */
  const char* const* dim_names; /* of free dimensions, "" of others */
  const char* text;             /* with its dimensions, for people: "float[batch,1,8,8]", "sequence(float)" */
  uint32_t position;            /* among all inputs, those included that may be left out; or among the outputs */
} tenon_port;

/* The message of the last failure on this thread; "" if there was none. Valid until the next call of this API here. */
TENON_API const char* tenon_last_error(void);
/* "0.1.0" */
TENON_API const char* tenon_version(void);

/* --- options: NULL wherever options are taken means the defaults --- */
TENON_API tenon_options* tenon_options_create(void);
TENON_API void tenon_options_destroy(tenon_options*);
/* docs/options.md lists the names with their values, and so does tenon_option_at. What is not set follows the
 * environment. Unknown names and bad values are TENON_INVALID_ARGUMENT, and the message says what is known. */
TENON_API int tenon_options_set(tenon_options*, const char* name, const char* value);
/* What tenon_options_set would take for it: "" when nothing was set, so that environment or default decide. To be freed
 * with tenon_string_free. */
TENON_API int tenon_options_get(const tenon_options*, const char* name, char** value);

/* Data for an initializer of the model, in the place of its own, which are not read: a file of external data may be
 * missing. Type and shape have to be the model's, which sessions tell when they open. A name that was given before gets
 * the new memory. Not copied, unless it lies unaligned for its type or holds bools other than 0 and 1: borrowed until
 * all sessions that were opened with the options are closed. Such sessions neither use nor make packs. */
TENON_API int tenon_options_add_initializer(tenon_options*, const tenon_tensor* tensor);

typedef enum tenon_option_kind {
  TENON_OPTION_SWITCH = 0, /* 0 or 1 */
  TENON_OPTION_NUMBER = 1, /* whole */
  TENON_OPTION_CHOICE = 2, /* one of a few words */
  TENON_OPTION_TEXT = 3,
  TENON_OPTION_PATH = 4,
  TENON_OPTION_PROVIDERS = 5,  /* a list of providers */
  TENON_OPTION_DIMENSIONS = 6, /* "batch=1,height=224" */
  TENON_OPTION_CPUS = 7        /* "0;1;4-7" */
} tenon_option_kind;

/* An option that there is. Set struct_size to sizeof(tenon_option) before it is filled; the strings live as long as the
 * process. */
typedef struct tenon_option {
  size_t struct_size;
  const char* name;
  const char* values;        /* in words: "0 or 1", "whole number from 0 to 65535", "auto, readonly or off" ... */
  const char* default_value; /* one of the values, or words where none stands for it */
  const char* environment;   /* "NAME": the variable counts where nothing was set; "NAME=value": that value holds for
                              * every session; "": there is none */
  const char* help;          /* a sentence */
  const char* flag;          /* of the command `tenon`: "--threads"; "": it has none */
  uint32_t kind;             /* a tenon_option_kind */
} tenon_option;
TENON_API size_t tenon_option_count(void);
/* TENON_INVALID_ARGUMENT from tenon_option_count() on. */
TENON_API int tenon_option_at(size_t index, tenon_option*);

/* --- sessions --- */
/* path: an .onnx or .ort file, a self-contained pack, or "shm:NAME" for a published model. */
TENON_API int tenon_session_open(const char* path, const tenon_options*, tenon_session**);
/* The bytes are borrowed until the session is closed. */
TENON_API int tenon_session_open_bytes(const void* data, size_t size, const tenon_options*, tenon_session**);
/* Waits for the runs of <tenon/async.h>; others must have ended. */
TENON_API void tenon_session_close(tenon_session*);
TENON_API size_t tenon_session_input_count(const tenon_session*);
TENON_API size_t tenon_session_output_count(const tenon_session*);
TENON_API int tenon_session_input(const tenon_session*, size_t index, tenon_port*);
TENON_API int tenon_session_output(const tenon_session*, size_t index, tenon_port*);
/* Inputs that a run may leave out, by a count of their own: initializers that the model also lists as inputs. A run
 * that does not give one takes the initializer. */
TENON_API size_t tenon_session_optional_input_count(const tenon_session*);
TENON_API int tenon_session_optional_input(const tenon_session*, size_t index, tenon_port*);

/* --- runs --- */
/* What runs are given beside their inputs. Several runs may take one at once, as long as nobody sets anything. */
TENON_API tenon_run_options* tenon_run_options_create(void);
TENON_API void tenon_run_options_destroy(tenon_run_options*);
/* Of each run, from its start; negative, as at first, for none. TENON_DEADLINE_EXCEEDED when it is over. */
TENON_API int tenon_run_options_set_timeout(tenon_run_options*, int64_t milliseconds);
/* Borrowed until the options are destroyed or get another; NULL for none. */
TENON_API int tenon_run_options_set_cancel(tenon_run_options*, tenon_cancel*);
/* A Chrome trace of each run, written anew to this file; NULL or "" for none. */
TENON_API int tenon_run_options_set_profile(tenon_run_options*, const char* path);
/* 0: when a run has ended, arenas and scratch that no run of the session has go back to the system; 1: they wait for
 * the next run; -1, as at first: as the session's option keep_run_memory says. Results keep their memory. */
TENON_API int tenon_run_options_set_keep_memory(tenon_run_options*, int keep);

/* Lets the output that the tensor names go to the tensor's memory, which has to have the type and shape that the output
 * will have, and room for it. Its result is that memory. Memory that is an input, too, is a state: where the kernel can
 * it grows in place, else it is replaced in the end. The memory is borrowed as long as the options, and written by
 * every run, so such options are for one run at a time; after a failed run it may hold anything. The output must be
 * wanted. Binding a name again replaces its memory; data NULL ends it. Strings cannot be bound. */
TENON_API int tenon_run_options_bind_output(tenon_run_options*, const tenon_tensor*);

/* Runs the model; safe from several threads at once. `outputs`: names of the wanted ones, or NULL for all. Options may
 * be NULL. The results are the caller's, to be freed with tenon_results_destroy; they may outlive the session. */
TENON_API int tenon_session_run(tenon_session*, const tenon_tensor* inputs, size_t input_count,
                                const char* const* outputs, size_t output_count, const tenon_run_options*,
                                tenon_results**);
TENON_API size_t tenon_results_count(const tenon_results*);
/* Of a tensor; <tenon/value.h> is about inputs and results of other kinds. */
TENON_API int tenon_results_get(const tenon_results*, size_t index, tenon_tensor*);
TENON_API void tenon_results_destroy(tenon_results*);

/* Where every node runs and every byte lives; free the string with tenon_string_free. format: "text", "details" or
 * "json". */
TENON_API int tenon_session_report(const tenon_session*, const char* format, char** report);
TENON_API void tenon_string_free(char*);
/* Makes the file of the option `profile` whole; runs that end later are not in it. `path` gets its path, to be freed
 * with tenon_string_free. tenon_session_close does the same, but cannot say what failed. TENON_INVALID_ARGUMENT: the
 * session was opened without a profile; TENON_NOT_FOUND: something could not be written. */
TENON_API int tenon_session_end_profile(tenon_session*, char** path);

/* --- cancelling: tenon_cancel_now may be called from any thread --- */
TENON_API tenon_cancel* tenon_cancel_create(void);
TENON_API void tenon_cancel_now(tenon_cancel*);
TENON_API void tenon_cancel_destroy(tenon_cancel*);

#ifdef __cplusplus
}
#endif
#endif /* TENON_TENON_H */
