#include "host/runtime/validation/made_output.h"

namespace tenon::host {

tn_tensor MadeOutput::hand_out(void* data, uint64_t bytes) {
  if (dtype == TN_STRING) {
    strings.resize(bytes / sizeof(tn_str));
    views.resize(strings.size());
    data = views.data();
  }
  tn_tensor out{};
  out.struct_size = sizeof out;
  out.dtype = dtype;
  out.data = data;
  out.byte_length = bytes;
  out.shape = shape.data();
  out.rank = static_cast<uint32_t>(shape.size());
  return out;
}

bool MadeOutput::set_string(int64_t element, std::string_view value) {
  if (static_cast<size_t>(element) >= strings.size()) return false;
  std::string& kept = strings[static_cast<size_t>(element)] = value;
  views[static_cast<size_t>(element)] = {kept.data(), kept.size()};
  return true;
}

Status no_such_string(uint32_t index, int64_t element) {
  return error(TN_INTERNAL, "the kernel sets string ", element, " of output ", index,
               ", which it has not asked for or which has fewer");
}

}  // namespace tenon::host
