// <tenon/tenon.h>: options by name.
#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/api/c_api_value.h"
#include "host/session/option_table.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

static_assert(static_cast<uint32_t>(OptionKind::kFlag) == TENON_OPTION_SWITCH);
static_assert(static_cast<uint32_t>(OptionKind::kNumber) == TENON_OPTION_NUMBER);
static_assert(static_cast<uint32_t>(OptionKind::kChoice) == TENON_OPTION_CHOICE);
static_assert(static_cast<uint32_t>(OptionKind::kText) == TENON_OPTION_TEXT);
static_assert(static_cast<uint32_t>(OptionKind::kPath) == TENON_OPTION_PATH);
static_assert(static_cast<uint32_t>(OptionKind::kProviders) == TENON_OPTION_PROVIDERS);
static_assert(static_cast<uint32_t>(OptionKind::kDimensions) == TENON_OPTION_DIMENSIONS);
static_assert(static_cast<uint32_t>(OptionKind::kCpus) == TENON_OPTION_CPUS);

/// The texts of a row that are put together, for as long as the process lives.
struct OptionTexts {
  std::string values, environment;
};

const OptionTexts& texts_of(size_t index) {
  static const std::vector<OptionTexts> texts = [] {
    std::vector<OptionTexts> made;
    for (const OptionRow& row : option_rows()) made.push_back({row.values(), row.environment_text()});
    return made;
  }();
  return texts[index];
}

}  // namespace

const SessionOptions& c_api::options_of(const tenon_options* options) {
  static const SessionOptions defaults;
  return options != nullptr ? options->options : defaults;
}

tenon_options* tenon_options_create(void) {
  tenon_options* options = new (std::nothrow) tenon_options;
  if (options == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return options;
}

void tenon_options_destroy(tenon_options* options) {
  delete options;
}

int tenon_options_set(tenon_options* options, const char* name, const char* value) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (name == nullptr) return null_argument("name");
    if (value == nullptr) return null_argument("value");
    return set_option(options->options, name, value);
  });
}

int tenon_options_get(const tenon_options* options, const char* name, char** value) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    *value = nullptr;
    if (name == nullptr) return null_argument("name");
    TENON_ASSIGN_OR_RETURN(const OptionRow* row, find_option(name));
    return give_string(row->get(options_of(options)), value);
  });
}

int tenon_options_add_initializer(tenon_options* options, const tenon_tensor* tensor) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (tensor == nullptr) return null_argument("tensor");
    TENON_ASSIGN_OR_RETURN(const tenon_tensor whole, taken(tensor, "the tensor"));
    if (whole.name == nullptr) return error(TN_INVALID_ARGUMENT, "the tensor has no name: set it to the initializer's");
    TENON_ASSIGN_OR_RETURN(Tensor memory, borrowed(whole, "initializer"));
    if (whole.data == nullptr && whole.byte_length > 0)
      return error(TN_INVALID_ARGUMENT, "initializer '", whole.name, "' has no data");
    std::vector<NamedTensor>& given = options->options.initializers;
    std::erase_if(given, [&](const NamedTensor& other) { return other.name == whole.name; });
    given.push_back({whole.name, std::move(memory)});
    return {};
  });
}

size_t tenon_option_count(void) {
  return option_rows().size();
}

int tenon_option_at(size_t index, tenon_option* option) {
  return code_of([&]() -> Status {
    if (index >= option_rows().size())
      return error(TN_INVALID_ARGUMENT, "there is no option ", index, ": there are ", option_rows().size());
    const OptionRow& row = option_rows()[index];
    const OptionTexts& texts = texts_of(index);
    return give(tenon_option{sizeof(tenon_option), row.name, texts.values.c_str(), row.default_text,
                             texts.environment.c_str(), row.help, row.flag, static_cast<uint32_t>(row.kind())},
                option, "option");
  });
}
