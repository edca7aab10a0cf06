// NonMaxSuppression: of each batch entry's boxes and each class, those of the highest scores that overlap none chosen
// before. boxes: batch x N x 4, scores: batch x classes x N. The result lists batch, class and box, best first; boxes
// of equal score in their order. A box whose score is not a number is never chosen, and one without area overlaps
// nothing.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_ref {
namespace {

struct Box {
  double top, left, bottom, right;
  double area() const { return (bottom - top) * (right - left); }
};

/// Intersection over union.
double overlap(const Box& a, const Box& b) {
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (!(height > 0 && width > 0 && a.area() > 0 && b.area() > 0)) return 0;
  return height * width / (a.area() + b.area() - height * width);
}

struct Limits {
  int64_t most = 0;  // boxes of a class
  double overlap = 0;
  bool has_score = false;
  double score = 0;
};

/// The only element of an optional input.
template <typename T>
sdk::Status read_scalar(const sdk::RunContext& run, uint32_t input, std::string_view name, T* value) {
  if (!run.has_input(input)) return {};
  const sdk::TensorView t = run.input(input);
  if (t.count() != 1)
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected one number");
  *value = *t.data<T>();
  return {};
}

sdk::Result<Limits> read_limits(const sdk::RunContext& run) {
  Limits limits;
  float iou = 0, score = 0;
  TN_RETURN_IF_ERROR(read_scalar(run, 2, "max_output_boxes_per_class", &limits.most));
  TN_RETURN_IF_ERROR(read_scalar(run, 3, "iou_threshold", &iou));
  TN_RETURN_IF_ERROR(read_scalar(run, 4, "score_threshold", &score));
  if (!(iou >= 0 && iou <= 1)) return sdk::invalid_argument("input iou_threshold is ", iou, ", expected 0 to 1");
  limits.overlap = iou;
  limits.has_score = run.has_input(4);
  limits.score = score;
  return limits;
}

class NonMaxSuppression final : public sdk::Kernel {
 public:
  explicit NonMaxSuppression(bool has_centers) : has_centers_(has_centers) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView boxes = run.input(0), scores = run.input(1);
    if (boxes.rank() != 3 || boxes.dim(2) != 4)
      return sdk::invalid_argument("input boxes has shape ", sdk::shape_text(boxes.shape()),
                                   ", expected batch x N x 4");
    if (scores.rank() != 3 || scores.dim(0) != boxes.dim(0) || scores.dim(2) != boxes.dim(1))
      return sdk::invalid_argument("input scores has shape ", sdk::shape_text(scores.shape()), ", expected ",
                                   boxes.dim(0), " x classes x ", boxes.dim(1));
    TN_ASSIGN_OR_RETURN(const Limits limits, read_limits(run));
    const int64_t classes = scores.dim(1), count = boxes.dim(1);
    std::vector<int64_t> found;
    for (int64_t i = 0; i < scores.dim(0) * classes && limits.most > 0 && !run.cancelled(); ++i) {
      const int64_t batch = i / classes;
      for (const int64_t box :
           choose(boxes.data<float>() + batch * count * 4, scores.data<float>() + i * count, count, limits))
        found.insert(found.end(), {batch, i % classes, box});
    }
    const int64_t dims[] = {static_cast<int64_t>(found.size()) / 3, 3};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, dims));
    std::copy(found.begin(), found.end(), y.data<int64_t>());
    return {};
  }

 private:
  std::vector<int64_t> choose(const float* boxes, const float* scores, int64_t count, const Limits& limits) const {
    std::vector<int64_t> candidates;
    for (int64_t i = 0; i < count; ++i)
      if (scores[i] == scores[i] && (!limits.has_score || scores[i] > limits.score)) candidates.push_back(i);
    std::stable_sort(candidates.begin(), candidates.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
    std::vector<int64_t> chosen;
    std::vector<Box> held;
    for (const int64_t candidate : candidates) {
      if (static_cast<int64_t>(chosen.size()) == limits.most) break;
      const Box box = box_at(boxes + candidate * 4);
      if (std::any_of(held.begin(), held.end(), [&](const Box& other) { return overlap(box, other) > limits.overlap; }))
        continue;
      chosen.push_back(candidate);
      held.push_back(box);
    }
    return chosen;
  }

  Box box_at(const float* b) const {
    if (!has_centers_) {
      const double y1 = b[0], x1 = b[1], y2 = b[2], x2 = b[3];

      return {std::min(y1, y2), std::min(x1, x2), std::max(y1, y2), std::max(x1, x2)};
    }
    const double x = b[0], y = b[1], width = b[2], height = b[3];
    return {y - height / 2, x - width / 2, y + height / 2, x + width / 2};
  }

  const bool has_centers_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_non_max_suppression(const sdk::KernelInfo& info) {
  const int64_t form = info.attr_int("center_point_box");
  if (form != 0 && form != 1) return sdk::invalid_model("attribute center_point_box is ", form, ", expected 0 or 1");
  return std::make_unique<NonMaxSuppression>(form == 1);
}

}  // namespace tenon::cpu_ref
