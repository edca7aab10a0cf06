// Tile: repeats the input along each axis as often as `repeats` says. Opset 1 repeats along one axis, with the count
// and the axis as scalars of the data's type.
#include <tenon/sdk/geometry/pad.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"
#include "parameters.h"

namespace tenon::cpu_ref {
namespace {

class Tile final : public sdk::Kernel {
 public:
  explicit Tile(const sdk::KernelInfo& info) : one_axis_(info.since_version() < 6) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape repeats,
                        one_axis_ ? one_axis_repeats(run) : read_ints(run.input(1), "repeats"));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::tiled_shape(x.shape(), repeats));
    const sdk::Shape strides = row_major_strides(x.shape());
    sdk::Shape box;
    BoxLayout from;
    for (size_t a = 0; a < repeats.size(); ++a) {
      box.insert(box.end(), {repeats[a], x.shape()[a]});
      from.strides.insert(from.strides.end(), {0, strides[a]});
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, box, {0, row_major_strides(box)}, from);
  }

 private:
  static sdk::Result<sdk::Shape> one_axis_repeats(sdk::RunContext& run) {
    TN_ASSIGN_OR_RETURN(const std::vector<double> tiles, read_doubles(run.input(1), 1, "tiles"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> axis, read_doubles(run.input(2), 1, "axis"));
    const int64_t rank = run.input(0).rank();
    if (!(axis[0] >= 0 && axis[0] < double(rank)))
      return sdk::invalid_argument("axis is ", axis[0], ", expected 0 to ", rank - 1);
    if (!(tiles[0] >= 0 && tiles[0] < 9e15))
      return sdk::invalid_argument("tiles is ", tiles[0], ", expected 0 or more");
    sdk::Shape repeats(size_t(rank), 1);
    repeats[size_t(axis[0])] = int64_t(tiles[0]);
    return repeats;
  }

  bool one_axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_tile(const sdk::KernelInfo& info) {
  return std::make_unique<Tile>(info);
}

}  // namespace tenon::cpu_ref
