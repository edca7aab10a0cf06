#include "host/report/json_text.h"

#include <nlohmann/json.hpp>

namespace tenon::host {
namespace {

using Json = nlohmann::json;

// Of one text or number, which holds no tree. Names come from models: bytes that are no UTF-8 must not throw.
std::string dump(const Json& scalar) {
  return scalar.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

JsonText& JsonText::item() {
  if (std::exchange(has_items_, true)) text_ += ',';
  new_line();
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  item().value(name);
  text_ += ": ";
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  text_ += dump(Json(text));
  return *this;
}

JsonText& JsonText::value(double number) {
  text_ += dump(Json(number));
  return *this;
}

JsonText& JsonText::value(bool truth) {
  text_ += truth ? "true" : "false";
  return *this;
}

void JsonText::new_line() {
  text_ += '\n';
  text_.append(2 * depth_, ' ');
}

}  // namespace tenon::host
