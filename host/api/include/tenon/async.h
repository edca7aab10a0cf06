/* The C API of runs that do not block their caller. C99, stable. Rules as in <tenon/tenon.h>.
 *
 *   void done(void* user, int code, const char* message, tenon_results* results) { ... tenon_results_destroy(results);
 * }
 *   ...
 *   if (tenon_session_run_async(s, inputs, 2, NULL, 0, NULL, done, user) != 0) { puts(tenon_last_error()); ... }
 */
#ifndef TENON_ASYNC_H
#define TENON_ASYNC_H

#include <tenon/tenon.h>
#include <tenon/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gets what became of a run: TENON_OK, "" and the results, which are the function's to destroy; else the code, its
 * message, and NULL. The message is gone when the function returns. It is called once for each run, on a thread of
 * Tenon's, for several runs at once. It must not throw. It may call this API, to start further runs, too, but must not
 * wait for other runs that were started so: there are as many threads as CPUs that the process may use, and the others
 * may stand in line for this one. */
typedef void (*tenon_run_function)(void* user, int code, const char* message, tenon_results* results);

/* tenon_session_run on a thread of Tenon's. An error is one of the call: nothing runs, and `done` is not called. All
 * that is wrong with names, types and shapes `done` is told.
 *
 * Names, shapes and options are read before the call returns. Borrowed until `done` is called are the bytes of inputs,
 * memory that outputs are bound to, and the cancel of the options, whose timeout counts from the call. As many runs as
 * there are CPUs go on at once, of all sessions; more wait in the order of their calls.
 *
 * tenon_session_close waits until `done` has returned for all runs of the session. Called by a tenon_run_function it
 * does not wait: the session is gone when the last one has returned. When the process ends, so do its runs, without a
 * call of `done`. */
TENON_API int tenon_session_run_async(tenon_session*, const tenon_tensor* inputs, size_t input_count,
                                      const char* const* outputs, size_t output_count, const tenon_run_options*,
                                      tenon_run_function done, void* user);
/* The same with values of any kind, which may be destroyed once the call returns; memory of the caller that a tensor in
 * them lies in is borrowed as above. */
TENON_API int tenon_session_run_values_async(tenon_session*, const tenon_named_value* inputs, size_t input_count,
                                             const char* const* outputs, size_t output_count, const tenon_run_options*,
                                             tenon_run_function done, void* user);

#ifdef __cplusplus
}
#endif
#endif /* TENON_ASYNC_H */
