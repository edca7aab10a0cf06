#include "conform/checks/operators/trial.h"

#include <cstring>

#include "conform/kernel/breaches.h"
#include "host/base/dtype.h"

namespace tenon::conform {

namespace {

using host::concat;

// Of the last byte of an output those bits that belong to elements.
std::byte last_byte_mask(uint32_t dtype, const std::vector<int64_t>& shape) {
  uint64_t bits = static_cast<uint64_t>(host::dtype_bits(dtype));
  for (const int64_t d : shape) bits *= static_cast<uint64_t>(d);
  return bits % 8 == 0 ? std::byte{0xFF} : static_cast<std::byte>((1u << bits % 8) - 1);
}

}  // namespace

Trial try_run(const KernelCase& c, const RunSettings& settings) {
  return try_run(c, c.inputs, settings);
}

Trial try_run(const KernelCase& c, const std::vector<host::Tensor>& inputs, const RunSettings& settings) {
  Trial trial;
  trial.run = std::make_unique<GuardedRun>(GuardedRun::Inputs{inputs, c.constant, c.packs.is_packed_away},
                                           static_cast<uint32_t>(c.expected.size()), settings);
  trial.status = c.kernel.run(*trial.run);
  if (trial.status.code() == TN_INTERNAL && settings.failing_request < 0) {
    const Breach breach = breach_of("run", trial.status);
    throw Breach(breach.finding(), concat(breach.what(), "; ", c.text()));
  }
  if (const std::string what = trial.run->trespass(); !what.empty())
    throw Breach("writes-beyond", concat(what, "; ", c.text()));
  if (trial.run->has_left_mode())
    throw Breach("changes-floating-point-mode",
                 concat("a body of parallel_for left the floating-point mode of its thread changed; ", c.text()));
  return trial;
}

std::optional<std::string> byte_difference(const Trial& a, const Trial& b) {
  if (a.status.is_ok() != b.status.is_ok())
    return concat("one run succeeds, another fails: ", a.status.is_ok() ? b.status.message() : a.status.message());
  if (!a.status.is_ok()) return std::nullopt;
  for (const auto& [index, made] : a.run->outputs()) {
    const auto found = b.run->outputs().find(index);
    if (found == b.run->outputs().end()) return concat("output ", index, " is not asked for in each run");
    const auto& other = found->second;
    if (made.dtype != other.dtype || made.shape != other.shape)
      return concat("output ", index, " is ", host::dtype_name(made.dtype), " ", host::shape_text(made.shape),
                    ", then ", host::dtype_name(other.dtype), " ", host::shape_text(other.shape));
    if (made.strings != other.strings) return concat("strings of output ", index, " differ");
    if (made.dtype == TN_STRING) continue;
    const std::byte last_mask = last_byte_mask(made.dtype, made.shape);
    for (uint64_t i = 0; i < made.memory.bytes(); ++i) {
      const std::byte mask = i + 1 == made.memory.bytes() ? last_mask : std::byte{0xFF};
      if ((made.memory.data()[i] & mask) != (other.memory.data()[i] & mask))
        return concat("byte ", i, " of ", made.memory.bytes(), " of output ", index, " differs");
    }
  }
  return std::nullopt;
}

std::vector<host::Tensor> turned_inputs(const KernelCase& c) {
  std::vector<host::Tensor> inputs = c.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    host::Tensor& t = inputs[i];
    const int bits = host::dtype_bits(t.dtype());
    if (c.constant[i] || t.dtype() == TN_STRING || bits % 8 != 0 || t.byte_length() == 0) continue;
    auto made = host::Tensor::allocate(t.dtype(), t.shape(), host::Residence::kComputed);
    if (!made.is_ok()) continue;
    const size_t size = static_cast<size_t>(bits) / 8, count = t.byte_length() / size;
    for (size_t e = 0; e < count; ++e)
      std::memcpy(static_cast<std::byte*>(made->mutable_data()) + (count - 1 - e) * size,
                  static_cast<const std::byte*>(t.data()) + e * size, size);
    t = *std::move(made);
  }
  return inputs;
}

Outcome nothing_to_check(const OperatorBench& bench) {
  if (bench.offered() == 0) return Outcome::unsupported("the oracle computes none of the drawn cases");
  return Outcome::unsupported(
      concat("the provider leaves all of ", bench.offered(), " cases to others: ", bench.refusal()));
}

}  // namespace tenon::conform
