// The table of a session's options: what each row takes and refuses, generated from the rows, and the environment.
#include "host/session/option_table.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "tests/support/option_values.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

/// A variable of the environment for as long as this lives; "": none.
class Variable {
 public:
  Variable(const char* name, const std::string& text) : name_(name) {
    if (const char* value = std::getenv(name)) before_ = value;
    put(text);
  }
  ~Variable() { put(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void put(const std::string& text) const {
    if (text.empty()) {
      unsetenv(name_);
    } else {
      setenv(name_, text.c_str(), 1);
    }
  }

  const char* name_;
  std::string before_;
};

bool has_variable(const OptionRow& row) {
  return *row.environment.variable != '\0' && !row.environment.is_read_below;
}

bool holds_for_every_session(const OptionRow& row) {
  return *row.environment.value != '\0';
}

SessionOptions with_value(const OptionRow& row, const std::string& text) {
  SessionOptions options;
  const Status status = row.set(options, text);
  INFO(row.name << ": " << status.message());
  REQUIRE(status.is_ok());
  return options;
}

std::string settled(const OptionRow& row, const SessionOptions& options) {
  const auto made = with_environment(options);
  INFO(made.status().message());
  REQUIRE(made.is_ok());
  return row.get(*made);
}

}  // namespace

TEST_CASE("every option has a name of its own, values and a sentence of help", "[options]") {
  std::set<std::string> names, flags;
  for (const OptionRow& row : option_rows()) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    CHECK((*row.flag == '\0' || flags.insert(row.flag).second));
    CHECK_FALSE(row.values().empty());
    CHECK_FALSE(std::string(row.help).empty());
    CHECK_FALSE(std::string(row.help).ends_with('.'));
  }
}

TEST_CASE("the default of every option is what new options hold", "[options]") {
  for (const OptionRow& row : option_rows()) {
    INFO(row.name);
    const std::string held = row.get({});
    CHECK((held.empty() || held == row.default_text));
    CHECK_FALSE(std::string(row.default_text).empty());
  }
}

TEST_CASE("every option gives back what it was set to", "[options]") {
  for (const OptionRow& row : option_rows())
    for (const std::string& value : good_values(row)) {
      INFO(row.name << " = " << value);
      SessionOptions options;
      CHECK(set_option(options, row.name, value).message().empty());
      CHECK(row.get(options) == value);
      CHECK(row.set(options, row.get({})).is_ok());
      CHECK(row.get(options) == row.get({}));
    }
}

TEST_CASE("every bad value of every option is refused by name, and changes nothing", "[options]") {
  for (const OptionRow& row : option_rows())
    for (const std::string& value : bad_values(row)) {
      INFO(row.name << " = " << value);
      SessionOptions options = with_value(row, good_values(row).back());
      const Status status = set_option(options, row.name, value);
      CHECK(status.code() == TN_INVALID_ARGUMENT);
      CHECK_THAT(status.message(), Contains(std::string("option '") + row.name + "'"));
      if (row.kind() != OptionKind::kProviders) CHECK_THAT(status.message(), Contains(row.values()));
      CHECK(row.get(options) == good_values(row).back());
    }
}

TEST_CASE("an unknown option is refused with those that are known", "[options]") {
  SessionOptions options;
  const Status status = set_option(options, "thread", "2");
  CHECK(status.code() == TN_INVALID_ARGUMENT);
  for (const OptionRow& row : option_rows()) CHECK_THAT(status.message(), Contains(row.name));
}

TEST_CASE("a list of providers with options is given back in full", "[options]") {
  SessionOptions options;
  REQUIRE(set_option(options, "providers", " cpu_blas : b=2 ; a=1 , ./mine.so").is_ok());
  CHECK((*find_option("providers"))->get(options) == "cpu_blas:a=1;b=2,./mine.so");
}

TEST_CASE("a variable counts for options left at their default, and those set go first", "[options]") {
  for (const OptionRow& row : option_rows()) {
    if (!has_variable(row) || holds_for_every_session(row)) continue;
    INFO(row.name);
    const auto values = good_values(row);
    REQUIRE(values.size() > 1);
    const Variable variable(row.environment.variable, values.back());
    CHECK(settled(row, {}) == values.back());
    CHECK(settled(row, with_value(row, values.front())) == values.front());
  }
}

TEST_CASE("a variable that holds for every session does so whatever the option is", "[options]") {
  for (const OptionRow& row : option_rows()) {
    if (!has_variable(row) || !holds_for_every_session(row)) continue;
    INFO(row.name);
    const std::string by_default = row.get({});
    const SessionOptions asking = with_value(row, row.environment.value);
    {
      const Variable variable(row.environment.variable, row.environment.value);
      CHECK(settled(row, with_value(row, by_default)) == row.environment.value);
    }
    const Variable variable(row.environment.variable, by_default);
    CHECK(settled(row, {}) == by_default);
    CHECK(settled(row, asking) == row.environment.value);
  }
}

TEST_CASE("a bad value of a variable is refused by the variable's name", "[options]") {
  for (const OptionRow& row : option_rows())
    for (const std::string& value : bad_values(row)) {
      if (!has_variable(row) || value.empty()) continue;
      INFO(row.name << " = " << value);
      const Variable variable(row.environment.variable, value);
      const auto made = with_environment({});
      CHECK(made.status().code() == TN_INVALID_ARGUMENT);
      CHECK_THAT(made.status().message(), Contains(row.environment.variable));
    }
}

TEST_CASE("a variable that is read below the options is held to its values, too", "[options]") {
  for (const auto& [name, bad] : {std::pair{"TENON_FAULT_GUARD", "0"}, {"TENON_CACHE_MAX_BYTES", "10GB"}}) {
    const Variable variable(name, bad);
    const auto made = with_environment({});
    CHECK(made.status().code() == TN_INVALID_ARGUMENT);
    CHECK_THAT(made.status().message(), Contains(name) && Contains(bad));
  }
  for (const char* good : {"on", "off", ""}) {
    const Variable variable("TENON_FAULT_GUARD", good);
    CHECK(with_environment({}).is_ok());
  }
}

TEST_CASE("sessions on tables in this process do not take the variable's providers", "[options]") {
  const Variable variable("TENON_PROVIDERS", "cpu_ref");
  SessionOptions options;
  options.provider_tables = {&test_provider()};
  CHECK(with_environment(options)->providers.empty());
  CHECK(with_environment({})->providers.size() == 1);
}
