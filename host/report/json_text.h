// Writes JSON as text, value by value: unlike a tree of nlohmann's, whose destructor allocates, it may run out of
// memory. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon::host {

class JsonText {
 public:
  /// `body` writes the members or items.
  template <typename Body>
  JsonText& object(Body&& body) {
    return nested('{', '}', body);
  }
  template <typename Body>
  JsonText& list(Body&& body) {
    return nested('[', ']', body);
  }
  /// The next item of a list, which comes next.
  JsonText& item();
  /// The name of a member, whose value comes next.
  JsonText& key(std::string_view name);
  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(const std::string& text) { return value(std::string_view(text)); }
  JsonText& value(double number);
  JsonText& value(bool truth);
  template <typename Integer>
  requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>) JsonText& value(Integer number) {
    text_ += std::to_string(number);
    return *this;
  }
  template <typename Value>
  JsonText& member(std::string_view name, const Value& what) {
    return key(name).value(what);
  }
  /// A list member of what `write(JsonText&, entry)` makes of each entry.
  template <typename Entry, typename Write>
  JsonText& member(std::string_view name, const std::vector<Entry>& entries, Write&& write) {
    return key(name).list([&] {
      for (const Entry& entry : entries) write(item(), entry);
    });
  }

  const std::string& text() const { return text_; }

 private:
  template <typename Body>
  JsonText& nested(char begin, char end, Body&& body) {
    text_ += begin;
    const bool outer = std::exchange(has_items_, false);
    ++depth_;
    body();
    --depth_;
    if (has_items_) new_line();
    has_items_ = outer;
    text_ += end;
    return *this;
  }
  void new_line();

  std::string text_;
  size_t depth_ = 0;
  bool has_items_ = false;  // of the innermost object or list
};

}  // namespace tenon::host
