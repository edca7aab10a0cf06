#include <optional>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "host/plugins/loading/table_check.h"

namespace tenon::conform {
namespace {

using host::concat;

struct Answer {
  uint32_t code = TN_OK;
  std::string message;
};

Answer create_with(const tn_provider& table, const Subject& subject, const std::string& name,
                   const std::string& value) {
  std::map<std::string, std::string> options = subject.options;
  options[name] = value;
  const InstanceRequest request(options);
  tn_provider_instance* instance = nullptr;
  Answer answer;
  answer.message = take_message(table.create(&request.get(), &instance), &answer.code);
  if (answer.code == TN_OK) table.destroy(instance);
  return answer;
}

std::optional<Outcome> check_unknown(const tn_provider& table, const Subject& subject, const std::string& name) {
  const std::string shown = name.size() > 40 ? concat(name.size(), " characters") : "'" + name + "'";
  const Answer answer = create_with(table, subject, name, "1");
  if (answer.code == TN_OK)
    return Outcome::fail("takes-unknown-option", concat("create takes the option ", shown, ", which it does not list"));
  if (answer.code != TN_INVALID_ARGUMENT)
    return Outcome::fail("option-code", concat("create refuses the unknown option ", shown, " with code ", answer.code,
                                               ", expected ", uint32_t{TN_INVALID_ARGUMENT}, ": ", answer.message));
  return std::nullopt;
}

}  // namespace

Outcome check_abi_options(const Subject& subject) {
  const RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  for (const std::string& name :
       {std::string("no_such_option_of_any_provider"), std::string(), std::string(1 << 20, 'x')})
    if (auto outcome = check_unknown(table, subject, name)) return *std::move(outcome);
  const uint32_t count = TN_HAS(&table, option_count) ? table.option_count : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const tn_option& option = host::option_at(table, i);
    if (option.default_value != nullptr) {
      const Answer answer = create_with(table, subject, option.name, option.default_value);
      if (answer.code != TN_OK)
        return Outcome::fail("option-default", concat("create refuses '", option.name, "=", option.default_value,
                                                      "', which is its stated default: ", answer.message));
    }
    // Whatever it makes of these, it must come back.
    for (const std::string& value :
         {std::string(), std::string("no such value"), std::string(1 << 20, '9'), std::string("-1")}) {
      const Answer answer = create_with(table, subject, option.name, value);
      if (answer.code != TN_OK && answer.code != TN_INVALID_ARGUMENT && answer.code != TN_UNSUPPORTED)
        return Outcome::fail("option-code",
                             concat("create refuses a value of '", option.name, "' with code ", answer.code,
                                    ", expected ", uint32_t{TN_INVALID_ARGUMENT}, ": ", answer.message.substr(0, 200)));
    }
  }
  return Outcome::pass(concat(count, " options"));
}

}  // namespace tenon::conform
