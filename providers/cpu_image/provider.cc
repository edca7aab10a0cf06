// cpu_image: images, on the libraries that decode them. A provider of its own, so that only models with images load
// these.
#include <tenon/sdk/sdk.hpp>

namespace tenon::cpu_image {

sdk::Result<sdk::KernelPtr> make_image_decoder(const sdk::KernelInfo& info);

namespace {

constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_image_decoder>("", "ImageDecoder", 20, 0)};

constexpr tn_provider kProvider = sdk::provider_table("cpu_image", TENON_VERSION, kKernels);

}  // namespace
}  // namespace tenon::cpu_image

TENON_EXPORT_PROVIDER("cpu_image", TENON_VERSION, 0, tenon::cpu_image::kProvider)
