// MRotaryEmbedding: heads turned by angles (rotary.h) of three positions of a token, its time, row and column, each of
// which counts for a section of the pairs. mrope_section says how many pairs are whose: with mrope_layout 0 one section
// lies behind the other, with 1 rows take pairs 1, 4, 7 ... and columns 2, 5, 8 ..., as many as are theirs, and time
// the rest. What is turned is multiplied by `scale` too. Input and result are as RotaryEmbedding's, position_ids is 3 x
// batch x sequence. Computed in double; Y may be X.
#include <algorithm>

#include "attention/rotary.h"

namespace tenon::cpu_ref {
namespace {

class MRotaryEmbedding final : public sdk::Kernel {
 public:
  MRotaryEmbedding(const sdk::KernelInfo& info, sdk::Shape sections)
      : sections_(std::move(sections)),
        heads_(info.attr_int("num_heads")),
        rotary_size_(info.attr_int("rotary_embedding_dim")),
        scale_(info.attr_float("scale")),
        alternates_(info.attr_int("mrope_layout") == 1),
        interleaved_(info.attr_int("interleaved") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), ids = run.input(1), cosines = run.input(2);
    TN_ASSIGN_OR_RETURN(const int64_t head_size, find_head_size(x));
    TN_RETURN_IF_ERROR(check_rotary_caches(cosines, run.input(3), head_size));
    const int64_t turned = rotary_size_ > 0 ? rotary_size_ : head_size, half = cosines.dim(1);
    if (half != turned / 2)
      return sdk::invalid_argument("input cos_cache has ", half, " columns, expected ", turned / 2,
                                   ", half of what is turned of a head");
    if (sections_[0] + sections_[1] + sections_[2] != half)
      return sdk::invalid_argument("attribute mrope_section is ", sdk::shape_text(sections_), ", expected a sum of ",
                                   half, ", half of what is turned of a head");
    const bool by_head = x.rank() == 4;
    const int64_t batch = x.dim(0), sequence = x.dim(by_head ? 2 : 1);
    const int64_t wanted[] = {3, batch, sequence};
    TN_RETURN_IF_ERROR(check_shape(ids, "position_ids", to_shape(wanted), "three positions of each token"));
    for (const int64_t position : ids.span<int64_t>())
      if (position < 0 || position >= cosines.dim(0))
        return sdk::invalid_argument("input position_ids has ", position, ", but cos_cache has ", cosines.dim(0),
                                     " rows");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    const sdk::Shape owners = owners_of(half);
    TN_ASSIGN_OR_RETURN(double* const room, run.scratch<double>(static_cast<size_t>(2 * half)));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      turn(run, head_size, owners, room, y.data<T>());
      return {};
    });
  }

 private:
  sdk::Result<int64_t> find_head_size(const sdk::TensorView& x) const {
    if (x.rank() == 4) return x.dim(3);
    if (x.rank() != 3)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()),
                                   ", expected batch x sequence x hidden size or batch x heads x sequence x head size");
    if (heads_ < 1 || x.dim(2) % heads_ != 0 || x.dim(2) == 0)
      return sdk::invalid_argument("num_heads is ", heads_, ", expected a divisor of the hidden size ", x.dim(2));
    return x.dim(2) / heads_;
  }

  /// Of each pair whose position counts: 0, 1 or 2.
  sdk::Shape owners_of(int64_t half) const {
    sdk::Shape owners(static_cast<size_t>(half), 0);
    for (int64_t i = 0; i < half; ++i) {
      const int64_t turn = i % 3;
      if (alternates_) {
        owners[size_t(i)] = turn != 0 && i / 3 < sections_[size_t(turn)] ? turn : 0;
      } else {
        owners[size_t(i)] = i < sections_[0] ? 0 : i < sections_[0] + sections_[1] ? 1 : 2;
      }
    }
    return owners;
  }

  /// `room` holds the cosines and sines of a token.
  template <typename T>
  void turn(const sdk::RunContext& run, int64_t head_size, const sdk::Shape& owners, double* room, T* y) const {
    const sdk::TensorView x = run.input(0);
    const bool by_head = x.rank() == 4;
    const int64_t half = static_cast<int64_t>(owners.size()), sequence = x.dim(by_head ? 2 : 1);
    const int64_t heads = by_head ? x.dim(1) : x.dim(2) / head_size, tokens = x.dim(0) * sequence;
    const RotaryTables<double> table{room, room + half, 1, half, interleaved_};
    for (int64_t token = 0; token < tokens; ++token) {
      for (int64_t i = 0; i < half; ++i) {
        const int64_t position = run.input(1).data<int64_t>()[owners[size_t(i)] * tokens + token];
        room[i] = scale_ * double(run.input(2).data<T>()[position * half + i]);
        room[half + i] = scale_ * double(run.input(3).data<T>()[position * half + i]);
      }
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t row =
            by_head ? (token / sequence * heads + head) * sequence + token % sequence : token * heads + head;
        table.rotate(x.data<T>() + row * head_size, head_size, 0, y + row * head_size);
      }
    }
  }

  const sdk::Shape sections_;
  const int64_t heads_, rotary_size_;
  const double scale_;
  const bool alternates_, interleaved_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_m_rotary_embedding(const sdk::KernelInfo& info) {
  sdk::Shape sections = info.attr_ints("mrope_section");
  const bool fits = sections.size() == 3 &&
                    std::all_of(sections.begin(), sections.end(), [](int64_t s) { return s >= 0 && s <= INT32_MAX; });
  if (!fits)
    return sdk::invalid_model("attribute mrope_section is ", sdk::shape_text(sections),
                              ", expected how many pairs go by time, row and column");
  const int64_t layout = info.attr_int("mrope_layout"), turned = info.attr_int("rotary_embedding_dim");
  if (layout != 0 && layout != 1) return sdk::invalid_model("attribute mrope_layout is ", layout, ", expected 0 or 1");
  if (turned < 0 || (turned > 0 && info.attr_int("num_heads") < 1))
    return sdk::invalid_model("attributes rotary_embedding_dim and num_heads are ", turned, " and ",
                              info.attr_int("num_heads"), ", expected 0 for the first, or positive numbers");
  return std::make_unique<MRotaryEmbedding>(info, std::move(sections));
}

}  // namespace tenon::cpu_ref
