// The library cpu_ref/re2.so: the table of what cpu_ref calls of RE2; see re2.h.
#include <re2/re2.h>

#include <exception>
#include <memory>
#include <new>

#include "text/re2/re2.h"

namespace {

void* compile(const char* pattern, size_t size, bool longest, int64_t max_memory,
              tenon::cpu_ref::Re2::Report report, void* arg) {
  try {
    RE2::Options options;
    options.set_max_mem(max_memory);
    options.set_longest_match(longest);
    options.set_log_errors(false);
    auto regex = std::make_unique<RE2>(re2::StringPiece(pattern, size), options);
    if (regex->ok()) return regex.release();
    report(arg, regex->error().data(), regex->error().size());
  } catch (const std::exception& e) {
    report(arg, e.what(), std::char_traits<char>::length(e.what()));
  }
  return nullptr;
}

int matches(const void* regex, const char* text, size_t size) {
  try {
    return RE2::FullMatch(re2::StringPiece(text, size), *static_cast<const RE2*>(regex)) ? 1 : 0;
  } catch (const std::exception&) {
    return -1;
  }
}

int find(const void* regex, const char* text, size_t size, size_t from, size_t* begin, size_t* end) {
  try {
    re2::StringPiece found;
    if (!static_cast<const RE2*>(regex)->Match(re2::StringPiece(text, size), from, size, RE2::UNANCHORED, &found, 1))
      return 0;
    *begin = static_cast<size_t>(found.data() - text);
    *end = *begin + found.size();
    return 1;
  } catch (const std::exception&) {
    return -1;
  }
}

void destroy(void* regex) {
  delete static_cast<RE2*>(regex);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tenon::cpu_ref::Re2 TENON_RE2_SYMBOL;
const tenon::cpu_ref::Re2 TENON_RE2_SYMBOL = {compile, matches, find, destroy};
