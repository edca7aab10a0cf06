/* The C API of Tenon: open a model, ask what it wants, run it, ask where everything went. C99, stable.
 *
 *   tenon_session* s;
 *   if (tenon_session_open("model.onnx", NULL, &s) != 0) { puts(tenon_last_error()); ... }
 *
 * Functions return 0 on success and a tenon_code otherwise; tenon_last_error() then has the message, per thread.
 * Handles are made by *_open and *_create and freed by *_close and *_destroy, which accept NULL. Strings handed out
 * live as long as the handle they came from. */
#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <stddef.h>
#include <stdint.h>

#define TENON_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers as in kernel_api/base.h. */
typedef enum tenon_code {
  TENON_OK = 0,
  TENON_INVALID_MODEL = 1,
  TENON_INVALID_ARGUMENT = 2,
  TENON_NOT_FOUND = 3,
  TENON_UNSUPPORTED = 4,
  TENON_OUT_OF_MEMORY = 5,
  TENON_CANCELLED = 6,
  TENON_DEADLINE_EXCEEDED = 7,
  TENON_DATA_LOST = 8,
  TENON_INTERNAL = 9
} tenon_code;

typedef struct tenon_options tenon_options;
typedef struct tenon_session tenon_session;
typedef struct tenon_cancel tenon_cancel;
typedef struct tenon_results tenon_results;

/* A tensor in the caller's memory (inputs) or in a tenon_results (outputs). dtype: the numbers of ONNX
 * TensorProto.DataType. data: row-major; for strings (dtype 8) an array of tenon_string. */
typedef struct tenon_string {
  const char* data;
  size_t size;
} tenon_string;

typedef struct tenon_tensor {
  const char* name;
  uint32_t dtype;
  uint32_t rank;
  const int64_t* shape;
  const void* data;
  size_t byte_length;
} tenon_tensor;

/* What a model declares of an input or output. rank -1: unknown; a dimension of -1 is free, its name in dim_names or
 * "". */
typedef struct tenon_port {
  const char* name;
  uint32_t dtype;
  int32_t rank;
  const int64_t* shape;
  const char* const* dim_names;
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
} tenon_option;
TENON_API size_t tenon_option_count(void);
/* TENON_INVALID_ARGUMENT from tenon_option_count() on. */
TENON_API int tenon_option_at(size_t index, tenon_option*);

/* --- sessions --- */
/* path: an .onnx or .ort file, a self-contained pack, or "shm:NAME" for a published model. */
TENON_API int tenon_session_open(const char* path, const tenon_options*, tenon_session**);
/* The bytes are borrowed until the session is closed. */
TENON_API int tenon_session_open_bytes(const void* data, size_t size, const tenon_options*, tenon_session**);
TENON_API void tenon_session_close(tenon_session*);
TENON_API size_t tenon_session_input_count(const tenon_session*);
TENON_API size_t tenon_session_output_count(const tenon_session*);
TENON_API int tenon_session_input(const tenon_session*, size_t index, tenon_port*);
TENON_API int tenon_session_output(const tenon_session*, size_t index, tenon_port*);
/* Inputs that a run may leave out, by a count of their own: initializers that the model also lists as inputs. A run that
 * does not give one takes the initializer. */
TENON_API size_t tenon_session_optional_input_count(const tenon_session*);
TENON_API int tenon_session_optional_input(const tenon_session*, size_t index, tenon_port*);

/* Runs the model; safe from several threads at once. `outputs`: names of the wanted ones, or NULL for all.
 * `timeout_ms`: negative for none. `cancel` may be NULL. The results are the caller's, to be freed with
 * tenon_results_destroy. */
TENON_API int tenon_session_run(tenon_session*, const tenon_tensor* inputs, size_t input_count,
                                const char* const* outputs, size_t output_count, int64_t timeout_ms,
                                tenon_cancel* cancel, tenon_results**);
TENON_API size_t tenon_results_count(const tenon_results*);
/* Of a tensor; <tenon/value.h> is about inputs and results of other kinds. */
TENON_API int tenon_results_get(const tenon_results*, size_t index, tenon_tensor*);
TENON_API void tenon_results_destroy(tenon_results*);

/* Where every node runs and every byte lives; free the string with tenon_string_free. format: "text", "details" or
 * "json". */
TENON_API int tenon_session_report(const tenon_session*, const char* format, char** report);
TENON_API void tenon_string_free(char*);

/* --- published models: in shared memory under a name, until they are unpublished or the machine restarts. Every process
 * of this user opens "shm:NAME" without a copy. A second model of a name replaces the first; sessions that have it open
 * keep it. Names: 1 to 128 letters, digits, '.', '_' or '-', and no '.' first; others are TENON_INVALID_ARGUMENT.
 * TENON_UNSUPPORTED: no room, or packs are only to be read. --- */
TENON_API int tenon_publish(const char* name, const char* path, const tenon_options*);
/* The image of an .onnx or .ort file with its weights inside; not needed afterwards. */
TENON_API int tenon_publish_bytes(const char* name, const void* data, size_t size, const tenon_options*);
/* TENON_NOT_FOUND: nothing has that name. */
TENON_API int tenon_unpublish(const char* name);

/* --- cancelling: tenon_cancel_now may be called from any thread --- */
TENON_API tenon_cancel* tenon_cancel_create(void);
TENON_API void tenon_cancel_now(tenon_cancel*);
TENON_API void tenon_cancel_destroy(tenon_cancel*);

#ifdef __cplusplus
}
#endif
#endif /* TENON_TENON_H */
