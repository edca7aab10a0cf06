// What a process does while its memory runs out: it opens a model, runs it twice, asks for a report and closes it,
// through the C API. Then, with memory again, it must be able to do all of it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/faults/failing_calls.h"

namespace tenon::faults {

struct Plan {
  std::string model;
  Calls calls = Calls::kMemory;
  std::string pack = "off";  // as the option
  std::string cache;         // a folder
};

/// What the processes tell each other through shared memory; plain data.
struct Shared {
  uint64_t calls;           // that the scenario makes when none fails
  uint64_t answer;          // digest of the outputs of an undisturbed run
  uint32_t failed_cleanly;  // 1: a call of the API said that memory is out
  char complaint[400];      // what is wrong; empty: nothing
};

/// Without a failure: fills calls and answer.
void rehearse(const Plan& plan, Shared& shared);
/// With the nth call failing: fills failed_cleanly and complaint. Dies or hangs where Tenon does.
void perform(const Plan& plan, uint64_t nth, Mode mode, Shared& shared);

}  // namespace tenon::faults
