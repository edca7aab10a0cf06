#include "conform/checks/outcome.h"

namespace tenon::conform {

const char* kind_name(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kPass: return "PASS";
    case Outcome::Kind::kFail: return "FAIL";
    case Outcome::Kind::kUnsupported: return "UNSUPPORTED";
    case Outcome::Kind::kExcluded: break;
  }
  return "EXCLUDED";
}

}  // namespace tenon::conform
