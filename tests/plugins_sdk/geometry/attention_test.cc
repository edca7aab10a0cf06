#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/attention.hpp>

using namespace tenon::sdk;

namespace {

const Shape kQ{2, 6, 5, 4}, kK{2, 3, 7, 4}, kV{2, 3, 7, 8};

AttentionShapes shapes_with(const Shape& q, const Shape& k, const Shape& v) {
  AttentionShapes shapes{q, k, v, {}, {}, {}, 6, 3};
  shapes.version = 24;
  return shapes;
}

bool takes_mask(const Shape& mask) {
  AttentionShapes shapes = shapes_with(kQ, kK, kV);
  shapes.mask = mask;
  return attention_geometry(shapes).is_ok();
}

}  // namespace

TEST_CASE("attention takes heads as a dimension or in the last one", "[sdk]") {
  const auto deep = attention_geometry(shapes_with(kQ, kK, kV)).value();
  CHECK(deep.result() == Shape{2, 6, 5, 8});
  CHECK(deep.kv_head_of(5) == 2);
  CHECK(deep.offset(1, 2, 3, 6, 5, 4) == ((1 * 6 + 2) * 5 + 3) * 4);
  const Shape q{2, 5, 24}, k{2, 7, 12}, v{2, 7, 24};
  const auto flat = attention_geometry(shapes_with(q, k, v)).value();
  CHECK(flat.result() == Shape{2, 5, 48});
  CHECK(flat.size == 4);
  CHECK(flat.value_size == 8);
  CHECK(flat.offset(1, 2, 3, 6, 5, 4) == ((1 * 5 + 3) * 6 + 2) * 4);
  CHECK(flat.row_stride(6, 4) == 24);
}

TEST_CASE("attributes of heads do not contradict dimensions, and since opset 25 are not there beside them", "[sdk]") {
  AttentionShapes shapes = shapes_with(kQ, kK, kV);
  CHECK(attention_geometry(shapes).is_ok());
  shapes.kv_heads = 6;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
  shapes.kv_heads = 3, shapes.version = 25;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
  shapes.heads = shapes.kv_heads = 0;
  CHECK(attention_geometry(shapes).is_ok());
}

TEST_CASE("attention has its cache in one place, and since opset 25 hands out all of it or nothing", "[sdk]") {
  CHECK(check_attention_cache(24, true, false, true, false).is_ok());
  CHECK(check_attention_cache(24, false, true, true, false).is_ok());
  CHECK_FALSE(check_attention_cache(24, true, true, false, false).is_ok());
  CHECK(check_attention_cache(25, true, false, true, true).is_ok());
  CHECK(check_attention_cache(25, false, true, false, false).is_ok());
  CHECK_FALSE(check_attention_cache(25, false, false, true, false).is_ok());
  CHECK_FALSE(check_attention_cache(25, true, true, false, false).is_ok());
  CHECK_FALSE(check_attention_cache(25, false, true, true, true).is_ok());
}

TEST_CASE("attention refuses operands that do not go together", "[sdk]") {
  const Shape other_batch{1, 3, 7, 4}, other_size{2, 3, 7, 5}, four_heads{2, 4, 7, 4}, no_heads{2, 0, 7, 4};
  const Shape other_rows{2, 3, 6, 8}, flat{2, 7, 12}, vector{4}, uneven{2, 5, 25};
  CHECK_FALSE(attention_geometry(shapes_with(kQ, other_batch, kV)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(kQ, other_size, kV)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(kQ, four_heads, kV)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(kQ, no_heads, kV)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(kQ, kK, other_rows)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(kQ, flat, kV)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(vector, vector, vector)).is_ok());
  CHECK_FALSE(attention_geometry(shapes_with(uneven, flat, flat)).is_ok());
}

TEST_CASE("a mask of attention broadcasts to the scores, and may end before the last key", "[sdk]") {
  for (const Shape& mask : {Shape{7}, Shape{5, 7}, Shape{6, 1, 7}, Shape{2, 6, 5, 7}, Shape{1, 1, 1, 7}, Shape{5, 3}})
    CHECK(takes_mask(mask));
  for (const Shape& mask : {Shape{}, Shape{8}, Shape{4, 7}, Shape{3, 5, 7}, Shape{3, 1, 5, 7}, Shape{1, 2, 6, 5, 7}})
    CHECK_FALSE(takes_mask(mask));
  AttentionShapes shapes = shapes_with(kQ, kK, kV);
  const Shape early{5, 3};
  shapes.mask = early, shapes.version = 23;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
  const Shape mask{2, 1, 5, 7};
  shapes.mask = mask;
  CHECK(attention_geometry(shapes).value().mask_offset(1, 4, 2) == (1 * 5 + 2) * 7);
}

TEST_CASE("a mask of one number for all keys is that, or the first of them from opset 24 on", "[sdk]") {
  AttentionShapes shapes = shapes_with(kQ, kK, kV);
  const Shape mask{5, 1};
  shapes.mask = mask, shapes.version = 23;
  CHECK(attention_geometry(shapes).value().mask_step == 0);
  CHECK(attention_geometry(shapes).value().mask_keys == 7);
  shapes.version = 24;
  CHECK(attention_geometry(shapes).value().mask_step == 1);
  CHECK(attention_geometry(shapes).value().mask_keys == 1);
}

TEST_CASE("attention takes the types of floats alone as the precision of its softmax", "[sdk]") {
  for (const int64_t type : {0, 1, 10, 11, 16}) CHECK(check_softmax_precision(type).is_ok());
  for (const int64_t type : {-1, 2, 7, 17}) CHECK_FALSE(check_softmax_precision(type).is_ok());
}

TEST_CASE("past keys and values come together and fit the new ones", "[sdk]") {
  AttentionShapes shapes = shapes_with(kQ, kK, kV);
  const Shape keys{2, 3, 9, 4}, values{2, 3, 9, 8}, shorter{2, 3, 8, 8}, huge{2, 3, INT64_MAX, 4},
      vast{2, 3, INT64_MAX, 8};
  shapes.past_key = keys;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
  shapes.past_value = values;
  CHECK(attention_geometry(shapes).value().total == 16);
  shapes.past_value = shorter;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
  shapes.past_key = huge;
  shapes.past_value = vast;
  CHECK_FALSE(attention_geometry(shapes).is_ok());
}
