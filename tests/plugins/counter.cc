// A provider of COUNTER_NAME:Count, the number of elements of x as the SDK counts them. Its library is built once with
// the SDK and once with another version of it.
#include <tenon/sdk/sdk.hpp>

using namespace tenon::sdk;

namespace {

class Count final : public Kernel {
 public:
  explicit Count(const Instance& instance) : instance_(instance) {}
  Status run(RunContext& run) const override {
    const int64_t shape[] = {1};
    TN_ASSIGN_OR_RETURN(const MutableTensorView y, run.output(0, TN_FLOAT, shape));
    *y.data<float>() = static_cast<float>(run.input(0).count() * *static_cast<const int*>(instance_.state.get()));
    return {};
  }

 private:
  const Instance& instance_;
};

Status check_options(Instance& instance) {
  instance.state = std::make_shared<const int>(2);
  return no_options(instance.options);
}

Result<KernelPtr> make_count(const KernelInfo& node) {
  return std::make_unique<Count>(node.instance());
}

constexpr tn_kernel_def kKernels[] = {kernel_def<make_count>(COUNTER_NAME, "Count", 1, 0)};
constexpr tn_provider kProvider = provider_table<check_options>(COUNTER_NAME, "1.0", kKernels);

}  // namespace

TENON_EXPORT_PROVIDER(COUNTER_NAME, "1.0", 0, kProvider)
