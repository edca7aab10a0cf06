// The inputs of a case, of the shapes and the meanings that are drawn for them.
#include <algorithm>

#include "conform/cases/case_parts.h"
#include "host/base/dtype.h"

namespace tenon::cases {
namespace {

// Whether providers add in an order of their own, or take a factor out of a sum: there large terms cancel differently.
bool adds(const Case& c, Family family) {
  for (const char* op : {"Einsum", "GRU", "GridSample", "LSTM", "RNN", "Resize", "Upsample"})
    if (c.schema->op_type == op) return true;
  switch (family) {
    case Family::kWhole: return c.schema->op_type == "MatMulNBits";
    case Family::kWindow:
    case Family::kChannels:
    case Family::kMatMul:
    case Family::kGemm:
    case Family::kNormalize:
    case Family::kSkip: return true;
    default: return false;
  }
}

// Some draws of pads make the sum of a convolution enormous.
Shape bounded(Shape shape) {
  constexpr int64_t kMostElements = 1 << 15;
  int64_t count = 1;
  for (int64_t& d : shape) {
    if (d > kMostElements / count) d = 1;
    if (d != 0) count *= d;
  }
  return shape;
}

void break_one_shape(std::vector<Shape>* shapes, Draw& draw) {
  Shape& s = (*shapes)[static_cast<size_t>(draw.between(0, static_cast<int64_t>(shapes->size()) - 1))];
  const int64_t way = draw.between(0, 2);
  if (way == 0 || s.empty())
    s.insert(s.begin() + draw.between(0, static_cast<int64_t>(s.size())), draw.size());
  else if (way == 1)
    s.erase(s.begin() + draw.between(0, static_cast<int64_t>(s.size()) - 1));
  else
    s[static_cast<size_t>(draw.between(0, static_cast<int64_t>(s.size()) - 1))] = draw.size();
}

}  // namespace

void draw_inputs(Case* c, Family family, const TypeChoice& types, Shape x, Draw& draw) {
  const Edges edges = !draw.chance(25) ? Edges::kNone : adds(*c, family) ? Edges::kEndless : Edges::kAll;
  // All of it large or tiny: sums are as exact as of small numbers.
  const double unit = edges == Edges::kEndless && draw.chance(50) ? draw.pick({0x1p40, 0x1p-40}) : 0.5;
  std::vector<Shape> shapes = shapes_of(*c, family, x, draw);
  if (draw.chance(10)) break_one_shape(&shapes, draw);
  const auto least = static_cast<int64_t>(c->schema->min_inputs);
  const auto most = std::min<int64_t>(
      c->schema->max_inputs, c->schema->max_inputs > 8 && family != Family::kWhole ? 4 : c->schema->max_inputs);
  int64_t count = draw.chance(50) ? most : draw.between(least, std::max(least, most));
  if (const auto* equation = c->schema->op_type == "Einsum" ? c->find("equation") : nullptr) {
    const auto& text = std::get<std::string>(equation->payload);
    count = 1 + std::count(text.begin(), text.end(), ',');
  }
  if (family == Family::kWhole) count = std::min<int64_t>(count, static_cast<int64_t>(shapes.size()));
  for (int64_t i = 0; i < count; ++i) {
    const host::FormalParameter* formal = host::formal_parameter(c->schema->inputs, static_cast<size_t>(i));
    const bool left_out = formal->arity == host::Arity::kOptional && draw.chance(15);
    c->constant.push_back(draw.chance(40));
    if (left_out) {
      c->inputs.emplace_back();
      continue;
    }
    const tn_dtype dtype = type_of(*formal, types);
    Shape shape = shapes[std::min(static_cast<size_t>(i), shapes.size() - 1)];
    if (family == Family::kBroadcast && i > 0) shape = broadcast_shape(shapes[0], draw);
    if (family == Family::kConcat && i > 0) {
      shape = shapes[0];
      if (!shape.empty() && draw.chance(90)) shape[axis_of(*c, 1, shape)] = draw.size();
    }
    shape = bounded(std::move(shape));
    if (auto meaning = meaning_of(*c, formal->name, dtype, shape, shapes[0], draw)) {
      c->inputs.push_back(*std::move(meaning));
    } else {
      // NaN times the zeros of padding may be left out or not, and a factor that is infinite be taken out of a
      // difference. Scores that overflow a float, but not the double of cpu_ref, decide all of a softmax.
      const bool is_plain =
          family == Family::kAttention || (i > 0 && (family == Family::kWindow || family == Family::kChannels));
      c->inputs.push_back(draw_tensor(dtype, shape, is_plain ? Edges::kNone : edges, draw, i == 0 ? unit : 0.5));
    }
  }
  while (!c->inputs.empty() && c->inputs.back().dtype() == TN_UNDEFINED) c->inputs.pop_back();
}

}  // namespace tenon::cases
