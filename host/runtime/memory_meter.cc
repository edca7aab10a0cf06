#include "host/runtime/memory_meter.h"

#include <utility>

namespace tenon::host {

// The deleter of a charged owner: it tells such owners from others, and holds the one that it stands for.
class MemoryCharge {
 public:
  MemoryCharge(std::shared_ptr<MemoryMeter> meter, uint64_t bytes, std::shared_ptr<const void> owner)
      : meter_(std::move(meter)), bytes_(bytes), owner_(std::move(owner)) {
    if (meter_ != nullptr) meter_->bytes_.fetch_add(bytes_, std::memory_order_relaxed);
  }
  void operator()(const void*) {
    if (meter_ != nullptr) meter_->bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
    owner_.reset();
  }

 private:
  std::shared_ptr<MemoryMeter> meter_;
  uint64_t bytes_;
  std::shared_ptr<const void> owner_;
};

std::shared_ptr<const void> charge(std::shared_ptr<MemoryMeter> meter, uint64_t bytes) {
  const void* mark = meter.get();
  return std::shared_ptr<const void>(mark, MemoryCharge(std::move(meter), bytes, nullptr));
}

Tensor charged(const Tensor& tensor, std::shared_ptr<MemoryMeter> meter) {
  if (is_charged(tensor)) return tensor;
  // Who made the tensor may know what its owner points at.
  const void* owned = tensor.owner().get();
  std::shared_ptr<const void> owner(owned, MemoryCharge(std::move(meter), tensor.byte_length(), tensor.owner()));
  return Tensor(tensor.dtype(), tensor.shape(), tensor.data(), tensor.byte_length(), std::move(owner),
                tensor.residence(), tensor.residence_reason());
}

bool is_charged(const Tensor& tensor) {
  return std::get_deleter<MemoryCharge>(tensor.owner()) != nullptr;
}

}  // namespace tenon::host
