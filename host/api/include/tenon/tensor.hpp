// Tensors of the C++17 API, and the error that it throws; part of <tenon/tenon.hpp>.
#pragma once

#include <tenon/tenon.h>
#include <tenon/types.h>

#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {

/// What every function here throws when it fails.
class Error : public std::runtime_error {
 public:
  Error(tenon_code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  tenon_code code() const { return code_; }

 private:
  tenon_code code_;
};

namespace detail {

inline void check(int code) {
  if (code != TENON_OK) throw Error(static_cast<tenon_code>(code), tenon_last_error());
}

/// A struct of the C API to be filled.
template <typename T>
T sized() {
  T made{};
  made.struct_size = sizeof made;
  return made;
}

template <typename T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* handle) const { destroy(handle); }
};
template <typename T, void (*destroy)(T*)>
using Handle = std::unique_ptr<T, Destroy<T, destroy>>;

/// The number of ONNX TensorProto.DataType that stands for T.
template <typename T>
constexpr uint32_t dtype_of() {
  if constexpr (std::is_same_v<T, float>) {
    return 1;
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return 2;
  } else if constexpr (std::is_same_v<T, int8_t>) {
    return 3;
  } else if constexpr (std::is_same_v<T, uint16_t>) {
    return 4;
  } else if constexpr (std::is_same_v<T, int16_t>) {
    return 5;
  } else if constexpr (std::is_same_v<T, int32_t>) {
    return 6;
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return 7;
  } else if constexpr (std::is_same_v<T, tenon_string>) {
    return 8;
  } else if constexpr (std::is_same_v<T, bool>) {
    return 9;
  } else if constexpr (std::is_same_v<T, double>) {
    return 11;
  } else if constexpr (std::is_same_v<T, uint32_t>) {
    return 12;
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return 13;
  } else {
    static_assert(!sizeof(T), "no ONNX element type stands for this C++ type: use Tensor::raw");
  }
}

}  // namespace detail

class ResultView;

/// Typed, row-major data to give to a run. Borrows or owns its bytes; copies share them.
class Tensor {
 public:
  /// Borrows `data`, which must outlive the runs that it is given to.
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, const T* data, size_t count) {
    return raw(detail::dtype_of<T>(), std::move(shape), data, count * sizeof(T));
  }
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, const std::vector<T>& data) {
    return of<T>(std::move(shape), data.data(), data.size());
  }
  /// Keeps `data`.
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, std::vector<T>&& data) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(data));
    Tensor tensor = of<T>(std::move(shape), kept->data(), kept->size());
    tensor.owner_ = std::move(kept);
    return tensor;
  }
  /// Keeps the texts.
  static Tensor strings(std::vector<int64_t> shape, std::vector<std::string> texts) {
    struct Kept {
      std::vector<std::string> texts;
      std::vector<tenon_string> views;
    };
    auto kept = std::make_shared<Kept>(Kept{std::move(texts), {}});
    for (const std::string& text : kept->texts) kept->views.push_back({text.data(), text.size()});
    Tensor tensor = of<tenon_string>(std::move(shape), kept->views.data(), kept->views.size());
    tensor.owner_ = std::move(kept);
    return tensor;
  }
  /// Zeros in memory of its own, aligned to 64 bytes, to be filled by mutable_raw(). TENON_INVALID_ARGUMENT for a shape
  /// whose bytes do not count in 64 bits, and for what is no type of numbers; TENON_OUT_OF_MEMORY.
  static Tensor zeros(uint32_t dtype, std::vector<int64_t> shape) {
    const size_t bytes = byte_length_of(dtype, shape);
    constexpr std::align_val_t kAligned{64};
    void* made = ::operator new(bytes, kAligned, std::nothrow);
    if (made == nullptr)
      throw Error(TENON_OUT_OF_MEMORY, "no memory for a tensor of " + std::to_string(bytes) + " bytes");
    std::shared_ptr<void> memory(made, [=](void* p) { ::operator delete(p, kAligned); });
    std::memset(made, 0, bytes);
    Tensor tensor = raw(dtype, std::move(shape), memory.get(), bytes);
    tensor.owner_ = std::move(memory);
    return tensor;
  }
  /// Borrows bytes of any element type, by its number in ONNX TensorProto.DataType.
  static Tensor raw(uint32_t dtype, std::vector<int64_t> shape, const void* data, size_t byte_length) {
    Tensor tensor;
    tensor.dtype_ = dtype;
    tensor.shape_ = std::move(shape);
    tensor.data_ = data;
    tensor.byte_length_ = byte_length;
    return tensor;
  }

  /// Of a tensor made by zeros(): all copies see what is written.
  void* mutable_raw() { return const_cast<void*>(data_); }
  /// What it holds, as of a result; lives as long as this tensor.
  ResultView view() const;

  /// As the C API takes it; borrows `name` and this tensor.
  tenon_tensor c(const char* name) const {
    auto tensor = detail::sized<tenon_tensor>();
    tensor.name = name;
    tensor.dtype = dtype_;
    tensor.rank = static_cast<uint32_t>(shape_.size());
    tensor.shape = shape_.data();
    tensor.data = data_;
    tensor.byte_length = byte_length_;
    return tensor;
  }

 private:
  Tensor() = default;
  static size_t byte_length_of(uint32_t dtype, const std::vector<int64_t>& shape) {
    const size_t most = std::numeric_limits<size_t>::max();
    const size_t bits = dtype != TENON_DTYPE_STRING ? tenon_dtype_bits(dtype) : 0;
    size_t count = 1;
    bool is_empty = false, fits = true;
    for (const int64_t dim : shape) {
      is_empty = is_empty || dim == 0;
      fits = fits && dim >= 0 && (dim == 0 || count <= most / static_cast<size_t>(dim));
      if (fits && dim > 0) count *= static_cast<size_t>(dim);
    }
    if (bits == 0)
      throw Error(TENON_INVALID_ARGUMENT,
                  "no zeros of element type " + std::to_string(dtype) + ": it is none of numbers");
    if (!fits || (!is_empty && count > (most - 7) / bits)) {
      std::string dims;
      for (const int64_t dim : shape) dims += (dims.empty() ? "" : "x") + std::to_string(dim);
      throw Error(TENON_INVALID_ARGUMENT, "no tensor of type " + std::string(tenon_dtype_name(dtype)) + " and shape " +
                                              dims + ": a dimension is negative or the size does not fit in 64 bits");
    }
    return is_empty ? 0 : (count * bits + 7) / 8;
  }
  uint32_t dtype_ = 0;
  std::vector<int64_t> shape_;
  const void* data_ = nullptr;
  size_t byte_length_ = 0;
  std::shared_ptr<const void> owner_;
};

/// A tensor that a run made, lives as long as its Results; or what a Tensor or a Value holds.
class ResultView {
 public:
  explicit ResultView(const tenon_tensor& tensor) : tensor_(tensor) {}
  std::string name() const { return tensor_.name; }
  uint32_t dtype() const { return tensor_.dtype; }
  std::vector<int64_t> shape() const { return {tensor_.shape, tensor_.shape + tensor_.rank}; }
  int64_t element_count() const {
    int64_t count = 1;
    for (uint32_t i = 0; i < tensor_.rank; ++i) count *= tensor_.shape[i];
    return count;
  }
  size_t byte_length() const { return tensor_.byte_length; }
  const void* raw() const { return tensor_.data; }
  /// Number of elements of type T that the tensor holds.
  template <typename T>
  size_t count() const {
    return tensor_.byte_length / sizeof(T);
  }
  /// The elements; T must be the C++ type of dtype().
  template <typename T>
  const T* data() const {
    if (detail::dtype_of<T>() != tensor_.dtype)
      throw Error(TENON_INVALID_ARGUMENT, "result '" + name() + "' has elements of type " +
                                              std::to_string(tensor_.dtype) + ", asked for as type " +
                                              std::to_string(detail::dtype_of<T>()));
    return static_cast<const T*>(tensor_.data);
  }
  template <typename T>
  std::vector<T> to_vector() const {
    return {data<T>(), data<T>() + count<T>()};
  }
  std::vector<std::string> to_strings() const {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count<tenon_string>(); ++i) {
      const tenon_string& text = data<tenon_string>()[i];
      texts.emplace_back(text.data, text.size);
    }
    return texts;
  }

 private:
  tenon_tensor tensor_;
};

inline ResultView Tensor::view() const {
  return ResultView(c(""));
}

}  // namespace tenon
