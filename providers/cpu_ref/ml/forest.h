// Decision trees in the form that they are walked in. A node of a tree is a test of one feature that leads to one of
// two nodes, or a leaf; a leaf adds weights to targets. Nodes of all trees lie in one array, those of a tree together
// and mostly behind each other, first all tests, then all leaves. Whatever the model says, a walk ends: a graph of
// nodes with a circle is refused when a forest is made.
#pragma once

#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_ref {

/// What leads to the first of the two nodes. The numbers are those of TreeEnsemble.
enum class TreeTest : uint32_t { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual, kMember };
constexpr uint32_t kTreeTests = 7;

/// As attributes tell it, with ids resolved. Places of nodes are of RawForest::nodes, and ~i is leaf i.
struct RawTest {
  TreeTest test = TreeTest::kLessEqual;
  bool missing_is_true = false;
  int64_t feature = 0;
  double value = 0;
  size_t set = 0;            // of kMember
  int64_t next[2] = {0, 0};  // where the test holds, and where not
};
struct RawWeight {
  int64_t leaf, target;
  double value;
};
struct RawForest {
  std::vector<RawTest> tests;
  std::vector<int64_t> roots;
  std::vector<RawWeight> weights;  // in the order that they are added in
  int64_t leaf_count = 0;
  int64_t target_count = 0;
  std::vector<std::vector<double>> sets;
};

template <typename T>
struct TreeNode {
  T value = 0;           // of a member test the bits of its set's number; of a leaf its weight if it has one
  uint32_t feature = 0;  // with the test and what counts for a missing value in the upper bits
  uint32_t next[2] = {0, 0};
};
static_assert(sizeof(TreeNode<float>) == 16);

constexpr uint32_t kFeatureBits = 28, kMostFeatures = 1u << kFeatureBits;
constexpr uint32_t kFeatureMask = kMostFeatures - 1, kMissingBit = 1u << 31;

/// Rows, or trees, that are walked at a time: the processor waits for all their nodes at once.
constexpr int64_t kLanes = 8;

template <typename T>
class Forest {
 public:
  struct Weight {
    T value;
    uint32_t target;
  };

  /// TN_INVALID_MODEL: places out of range, a circle, no tree.
  static sdk::Result<Forest> create(const RawForest& raw);

  size_t tree_count() const { return roots_.size(); }
  uint32_t root(size_t tree) const { return roots_[tree]; }
  int64_t target_count() const { return target_count_; }
  /// One more than the last that a test asks for.
  int64_t feature_count() const { return feature_count_; }
  /// Whether there is one target and each leaf has one weight, which lies in its node.
  bool is_plain() const { return is_plain_; }
  /// Takes each of kLanes places on to a leaf, by its row of at least feature_count() elements.
  void walk(const T* const* rows, uint32_t* at) const {
    if (test_count_ > 0) walk_(*this, rows, at);
  }
  T weight_of(uint32_t leaf) const { return nodes_[leaf].value; }
  sdk::Span<const Weight> weights_of(uint32_t leaf) const {
    const size_t i = leaf - test_count_;
    return sdk::Span<const Weight>(weights_).subspan(begins_[i], begins_[i + 1] - begins_[i]);
  }

 private:
  using Walk = void (*)(const Forest&, const T* const*, uint32_t*);
  template <TreeTest test, bool has_missing>
  static void walk_alike(const Forest& forest, const T* const* rows, uint32_t* at);
  static void walk_mixed(const Forest& forest, const T* const* rows, uint32_t* at);
  template <typename Holds>
  static void walk_by(const Forest& forest, const T* const* rows, uint32_t* at, const Holds& holds);
  template <bool has_missing>
  static Walk walk_of(TreeTest test);
  bool is_member(const TreeNode<T>& node, T value) const;

  void place_tests(const RawForest& raw, const std::vector<int64_t>& order, const std::vector<uint32_t>& places);
  void place_leaves(const RawForest& raw, const std::vector<int64_t>& leaves);
  void place_sets(const RawForest& raw);
  void choose_walk();

  std::vector<TreeNode<T>> nodes_;
  std::vector<uint32_t> roots_;
  uint32_t test_count_ = 0;
  std::vector<Weight> weights_;
  std::vector<size_t> begins_;  // in weights_, of each leaf and the end
  std::vector<T> members_;      // of each set in ascending order
  std::vector<size_t> sets_;    // the begin of each, and the end
  int64_t target_count_ = 0, feature_count_ = 0;
  bool is_plain_ = false;
  Walk walk_ = nullptr;
};

}  // namespace tenon::cpu_ref
