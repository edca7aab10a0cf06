// A provider library that breaks one rule of the ABI, chosen by a macro at build time (tests/plugins/CMakeLists.txt).
// With none of them it is a plain provider of one kernel, "Relu", that fills its output with zeros.
#include <tenon/kernel_api/kernel_api.h>

#include <cstring>
#include <stdexcept>

namespace {

const tn_host* the_host = nullptr;

tn_status* run_kernel(tn_kernel*, tn_run* run) {
#ifdef HOSTILE_THROWS
  throw std::runtime_error("thrown by run");
#endif
  const tn_tensor* x = the_host->run->input(run, 0);
  tn_tensor y{};
  y.struct_size = sizeof y;
#ifdef HOSTILE_OTHER_SHAPE
  const int64_t shape[] = {x->rank == 0 ? 1 : x->shape[0]};
  if (tn_status* failed = the_host->run->output(run, 0, TN_FLOAT, shape, 1, &y)) return failed;
#else
  if (tn_status* failed = the_host->run->output(run, 0, TN_FLOAT, x->shape, x->rank, &y)) return failed;
#endif
  if (y.byte_length > 0) std::memset(y.data, 0, y.byte_length);
  return nullptr;
}

void destroy_kernel(tn_kernel*) {}

constexpr tn_kernel_vtable kVtable = {
    sizeof(tn_kernel_vtable), 0, nullptr, nullptr, nullptr, nullptr, run_kernel, destroy_kernel};

tn_status* create_kernel(tn_provider_instance*, const tn_kernel_request*, tn_kernel_result* result) {
  static int stateless = 0;
  result->kernel = reinterpret_cast<tn_kernel*>(&stateless);
  return nullptr;
}

tn_status* create_instance(const tn_instance_request* request, tn_provider_instance**) {
  the_host = request->host;
  return nullptr;
}

void destroy_instance(tn_provider_instance*) {}

constexpr tn_kernel_def kKernels[] = {{sizeof(tn_kernel_def), 0, "", "Relu", 1, 0, nullptr, 0, sizeof(tn_type_rule),
                                       nullptr, 0, 0, &kVtable, create_kernel}};

#if defined(HOSTILE_OTHER_NAME)
constexpr char kName[] = "somebody_else";
#else
constexpr char kName[] = HOSTILE_NAME;
#endif
#if defined(HOSTILE_TABLE_NEWER)
constexpr uint32_t kTableVersion = 7;
#else
constexpr uint32_t kTableVersion = 1;
#endif

constexpr tn_provider kProvider = {sizeof(tn_provider),   kTableVersion,   kName,           "1.0", kKernels, 1,
                                   sizeof(tn_kernel_def), create_instance, destroy_instance};

#if defined(HOSTILE_ABI_NEWER)
constexpr uint32_t kMinAbi = 5, kMaxAbi = 7;
#else
constexpr uint32_t kMinAbi = 1, kMaxAbi = 1;
#endif
#if defined(HOSTILE_CPU)
constexpr uint32_t kFeatures = 1u << 31;
#else
constexpr uint32_t kFeatures = 0;
#endif
#if defined(HOSTILE_SANITIZER)
constexpr uint32_t kSanitizer = TN_SANITIZER_ADDRESS | TN_SANITIZER_THREAD;
#else
constexpr uint32_t kSanitizer = TN_THIS_SANITIZER;
#endif
#if defined(HOSTILE_MAGIC)
#define MAGIC "TNPROV0"
#else
#define MAGIC TN_DESCRIPTOR_MAGIC
#endif

#define NOTE(variable)                                                                                    \
  __attribute__((used, section(TN_DESCRIPTOR_SECTION), aligned(4))) const tn_descriptor_note variable = { \
      6,                                                                                                  \
      sizeof(tn_descriptor),                                                                              \
      1,                                                                                                  \
      "Tenon",                                                                                            \
      {MAGIC, sizeof(tn_descriptor), kMinAbi, kMaxAbi, kSanitizer, kFeatures, HOSTILE_NAME, "1.0"}}

#if !defined(HOSTILE_NO_DESCRIPTOR)
NOTE(kDescriptor);
#endif
#if defined(HOSTILE_TWO_DESCRIPTORS)
NOTE(kSecondDescriptor);
#endif

}  // namespace

// A variable of a template, as headers of an SDK may have: GNU_UNIQUE, unless its namespace or the compiler is told
// otherwise.
#if defined(HOSTILE_UNIQUE)
#define SHARED_NAMESPACE tenon::sdk
#elif defined(HOSTILE_OWN_UNIQUE)
#define SHARED_NAMESPACE tenon_strangers
#endif
#if defined(SHARED_NAMESPACE)
namespace SHARED_NAMESPACE {
template <typename T>
struct __attribute__((visibility("default"))) Shared {
  static inline T count = 0;
};
}  // namespace SHARED_NAMESPACE
extern "C" TN_EXPORT int* hostile_shared() {
  return &SHARED_NAMESPACE::Shared<int>::count;
}
#endif

#if defined(HOSTILE_UNRESOLVED)
extern "C" void tenon_test_symbol_that_nothing_defines();
#endif

#if !defined(HOSTILE_NO_ENTRY)
extern "C" TN_EXPORT const tn_provider* tenon_provider_entry(const tn_host* host, uint32_t) {
#if defined(HOSTILE_REFUSES)
  constexpr char kWhy[] = "hostile: not on a Sunday";
  host->log(TN_LOG_INFO, tn_str{kWhy, sizeof kWhy - 1});
  return nullptr;
#elif defined(HOSTILE_ENTRY_THROWS)
  throw std::runtime_error("thrown by the entry");
#else
#if defined(HOSTILE_UNRESOLVED)
  tenon_test_symbol_that_nothing_defines();
#endif
  return host != nullptr ? &kProvider : nullptr;
#endif
}
#endif
