// Whether this build watches its memory and threads: bounds of memory and time hold without that.
#pragma once

namespace tenon::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;  // shadow memory grows with every allocation, and all takes several times as long
#else
constexpr bool kIsSanitized = false;
#endif

}  // namespace tenon::test
