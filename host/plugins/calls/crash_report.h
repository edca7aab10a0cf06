// Says which provider was being called when the process ends under it: by a signal, by exit(), by std::terminate. One
// line on standard error, written before whatever was there before (a debugger's core dump, a sanitizer's report, the
// application's handler) has its turn. Off unless asked for: the `tenon` command always asks, applications by
// SessionOptions::crash_report. Thread-safe.
#pragma once

namespace tenon::host {

/// Installs handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP, of std::terminate, and one that exit()
/// calls; for the rest of the process, once. Signals of threads that are in no call into a provider are handed on
/// without a word while another handler was there before.
void install_crash_report();

/// Gives the calling thread, which lives as long as the process, a stack for handlers of signals of its own, so that a
/// stack that overflows can be reported. Nothing unless install_crash_report() was called.
void prepare_thread_for_crash_report();

/// What the handler of exit() does, for other ways out: writes who is being called, as having ended the process by
/// `function`. False, and nothing written: this thread is in no call. async-signal-safe
bool report_ended_by(const char* function);

/// Remembers where the code of a loaded library lies, for faults outside of any call: in a thread that a provider
/// started, or while the process ends. `name` and `path` are copied. Forgets it when the library is closed.
void add_provider_code(const void* inside, const char* name, const char* path);
void remove_provider_code(const void* inside);

}  // namespace tenon::host
