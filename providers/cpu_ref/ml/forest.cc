#include "ml/forest.h"

#include <algorithm>
#include <cstring>

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kNoPlace = UINT32_MAX;
// Steps between two looks at whether all lanes have arrived. Leaves lead to themselves.
constexpr int kSteps = 2;

constexpr TreeTest test_of(uint32_t feature) {
  return static_cast<TreeTest>(feature >> kFeatureBits & 7);
}

template <TreeTest test, typename T>
bool holds(T x, T value) {
  switch (test) {
    case TreeTest::kLessEqual: return x <= value;
    case TreeTest::kLess: return x < value;
    case TreeTest::kGreaterEqual: return x >= value;
    case TreeTest::kGreater: return x > value;
    case TreeTest::kEqual: return x == value;
    case TreeTest::kNotEqual: return x != value;
    case TreeTest::kMember: return false;
  }
  return false;
}

/// The order that nodes are placed in: a tree's tests with the branch where the test holds directly behind.
class Order {
 public:
  explicit Order(const RawForest& raw)
      : raw_(raw),
        state_(raw.tests.size(), kUnseen),
        has_leaf_(static_cast<size_t>(raw.leaf_count)),
        places_(raw.tests.size(), kNoPlace) {}

  sdk::Status add_tree(int64_t root) {
    TN_RETURN_IF_ERROR(enter(root));
    while (!path_.empty()) {
      Step& step = path_.back();
      const auto i = static_cast<size_t>(step.test);
      if (step.branch == 2) {
        state_[i] = kDone;
        path_.pop_back();
      } else {
        const int64_t next = raw_.tests[i].next[step.branch++];
        TN_RETURN_IF_ERROR(enter(next));
      }
    }
    return {};
  }

  const std::vector<int64_t>& tests() const { return tests_; }
  const std::vector<int64_t>& leaves() const { return leaves_; }
  /// Of the tests, kNoPlace for what no tree leads to.
  const std::vector<uint32_t>& places() const { return places_; }

 private:
  enum State : uint8_t { kUnseen, kOnPath, kDone };
  struct Step {
    int64_t test;
    int branch;
  };

  sdk::Status enter(int64_t node) {
    if (node < 0) return enter_leaf(~node);
    if (node >= static_cast<int64_t>(raw_.tests.size()))
      return sdk::invalid_model("a tree leads to node ", node, ", expected one of 0 to ",
                                static_cast<int64_t>(raw_.tests.size()) - 1);
    const auto i = static_cast<size_t>(node);
    if (state_[i] == kOnPath)
      return sdk::invalid_model("the trees have a circle: node ", node,
                                " of the list leads back to itself, expected "
                                "that each way from a root ends at a leaf");
    if (state_[i] == kDone) return {};
    state_[i] = kOnPath;
    places_[i] = static_cast<uint32_t>(tests_.size());
    tests_.push_back(node);
    path_.push_back({node, 0});
    return {};
  }

  sdk::Status enter_leaf(int64_t leaf) {
    if (leaf >= raw_.leaf_count)
      return sdk::invalid_model("a tree leads to leaf ", leaf, ", expected one of 0 to ", raw_.leaf_count - 1);
    if (has_leaf_[static_cast<size_t>(leaf)]) return {};
    has_leaf_[static_cast<size_t>(leaf)] = true;
    leaves_.push_back(leaf);
    return {};
  }

  const RawForest& raw_;
  std::vector<State> state_;
  std::vector<bool> has_leaf_;
  std::vector<uint32_t> places_;
  std::vector<int64_t> tests_, leaves_;
  std::vector<Step> path_;
};

sdk::Status check_raw(const RawForest& raw) {
  if (raw.roots.empty()) return sdk::invalid_model("the lists of nodes are empty, expected at least one tree");
  if (raw.target_count < 1 || raw.target_count > INT32_MAX)
    return sdk::invalid_model("there are ", raw.target_count, " targets, expected 1 to ", INT32_MAX);
  if (raw.tests.size() + static_cast<size_t>(raw.leaf_count) >= INT32_MAX)
    return sdk::invalid_model("the trees have ", raw.tests.size(), " tests and ", raw.leaf_count, " leaves, expected ",
                              "fewer than ", INT32_MAX);
  for (const RawTest& test : raw.tests)
    if (test.feature < 0 || test.feature >= kMostFeatures)
      return sdk::invalid_model("a test asks for feature ", test.feature, ", expected 0 to ", kMostFeatures - 1);
  for (const RawWeight& weight : raw.weights)
    if (weight.target < 0 || weight.target >= raw.target_count)
      return sdk::invalid_model("a leaf adds to target ", weight.target, ", expected 0 to ", raw.target_count - 1);
  return {};
}

}  // namespace

template <typename T>
sdk::Result<Forest<T>> Forest<T>::create(const RawForest& raw) {
  TN_RETURN_IF_ERROR(check_raw(raw));
  Order order(raw);
  for (const int64_t root : raw.roots) TN_RETURN_IF_ERROR(order.add_tree(root));
  Forest forest;
  forest.target_count_ = raw.target_count;
  forest.test_count_ = static_cast<uint32_t>(order.tests().size());
  // Where each leaf comes to lie.
  std::vector<uint32_t> places = order.places();
  const size_t tests = places.size();
  places.resize(tests + static_cast<size_t>(raw.leaf_count), kNoPlace);
  for (size_t i = 0; i < order.leaves().size(); ++i)
    places[tests + static_cast<size_t>(order.leaves()[i])] = forest.test_count_ + static_cast<uint32_t>(i);
  const auto place = [&](int64_t node) {
    return places[node < 0 ? tests + static_cast<size_t>(~node) : static_cast<size_t>(node)];
  };
  for (const int64_t root : raw.roots) forest.roots_.push_back(place(root));
  forest.place_sets(raw);
  forest.place_tests(raw, order.tests(), places);
  forest.place_leaves(raw, order.leaves());
  forest.choose_walk();
  return forest;
}

template <typename T>
void Forest<T>::place_tests(const RawForest& raw, const std::vector<int64_t>& order,
                            const std::vector<uint32_t>& places) {
  nodes_.reserve(places.size());
  for (const int64_t i : order) {
    const RawTest& test = raw.tests[static_cast<size_t>(i)];
    TreeNode<T> node;
    node.value = static_cast<T>(test.value);
    if (test.test == TreeTest::kMember) {
      const auto set = static_cast<uint32_t>(test.set);
      std::memcpy(&node.value, &set, sizeof set);
    }
    node.feature = static_cast<uint32_t>(test.feature) | static_cast<uint32_t>(test.test) << kFeatureBits |
                   (test.missing_is_true ? kMissingBit : 0);
    for (int branch : {0, 1}) {
      const int64_t next = test.next[branch];
      node.next[branch] = places[next < 0 ? raw.tests.size() + static_cast<size_t>(~next) : static_cast<size_t>(next)];
    }
    feature_count_ = std::max(feature_count_, test.feature + 1);
    nodes_.push_back(node);
  }
}

template <typename T>
void Forest<T>::place_leaves(const RawForest& raw, const std::vector<int64_t>& leaves) {
  std::vector<std::vector<Weight>> by_leaf(static_cast<size_t>(raw.leaf_count));
  for (const RawWeight& w : raw.weights)
    by_leaf[static_cast<size_t>(w.leaf)].push_back({static_cast<T>(w.value), static_cast<uint32_t>(w.target)});
  is_plain_ = target_count_ == 1;
  begins_.push_back(0);
  for (const int64_t leaf : leaves) {
    const std::vector<Weight>& weights = by_leaf[static_cast<size_t>(leaf)];
    const auto at = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back({weights.empty() ? T(0) : weights[0].value, 0, {at, at}});
    weights_.insert(weights_.end(), weights.begin(), weights.end());
    begins_.push_back(weights_.size());
    is_plain_ = is_plain_ && weights.size() == 1;
  }
}

template <typename T>
void Forest<T>::place_sets(const RawForest& raw) {
  sets_.push_back(0);
  for (const std::vector<double>& set : raw.sets) {
    for (const double member : set) members_.push_back(static_cast<T>(member));
    std::sort(members_.begin() + static_cast<ptrdiff_t>(sets_.back()), members_.end());
    sets_.push_back(members_.size());
  }
}

template <typename T>
bool Forest<T>::is_member(const TreeNode<T>& node, T value) const {
  if (value != value) return false;  // which no search finds its place for
  uint32_t set;
  std::memcpy(&set, &node.value, sizeof set);
  return std::binary_search(members_.begin() + static_cast<ptrdiff_t>(sets_[set]),
                            members_.begin() + static_cast<ptrdiff_t>(sets_[set + 1]), value);
}

template <typename T>
template <typename Holds>
void Forest<T>::walk_by(const Forest& forest, const T* const* rows, uint32_t* at, const Holds& holds_at) {
  const TreeNode<T>* const nodes = forest.nodes_.data();
  const uint32_t tests = forest.test_count_;
  uint32_t places[kLanes];
  std::copy_n(at, kLanes, places);
  const auto is_on_the_way = [&] { return *std::min_element(places, places + kLanes) < tests; };
  while (is_on_the_way())
    for (int step = 0; step < kSteps; ++step)
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const TreeNode<T>& node = nodes[places[lane]];
        places[lane] = node.next[holds_at(node, rows[lane][node.feature & kFeatureMask]) ? 0 : 1];
      }
  std::copy_n(places, kLanes, at);
}

template <typename T>
template <TreeTest test, bool has_missing>
void Forest<T>::walk_alike(const Forest& forest, const T* const* rows, uint32_t* at) {
  walk_by(forest, rows, at, [](const TreeNode<T>& node, T x) {
    // Without branches, as no processor guesses them.
    const bool is_missing = has_missing && static_cast<bool>((node.feature >> 31) & static_cast<uint32_t>(x != x));
    return holds<test>(x, node.value) | is_missing;
  });
}

template <typename T>
void Forest<T>::walk_mixed(const Forest& forest, const T* const* rows, uint32_t* at) {
  walk_by(forest, rows, at, [&](const TreeNode<T>& node, T x) {
    if (x != x && (node.feature & kMissingBit) != 0) return true;
    switch (test_of(node.feature)) {
      case TreeTest::kLessEqual: return x <= node.value;
      case TreeTest::kLess: return x < node.value;
      case TreeTest::kGreaterEqual: return x >= node.value;
      case TreeTest::kGreater: return x > node.value;
      case TreeTest::kEqual: return x == node.value;
      case TreeTest::kNotEqual: return x != node.value;
      case TreeTest::kMember: return forest.is_member(node, x);
    }
    return false;
  });
}

template <typename T>
template <bool has_missing>
typename Forest<T>::Walk Forest<T>::walk_of(TreeTest test) {
  switch (test) {
    case TreeTest::kLessEqual: return walk_alike<TreeTest::kLessEqual, has_missing>;
    case TreeTest::kLess: return walk_alike<TreeTest::kLess, has_missing>;
    case TreeTest::kGreaterEqual: return walk_alike<TreeTest::kGreaterEqual, has_missing>;
    case TreeTest::kGreater: return walk_alike<TreeTest::kGreater, has_missing>;
    default: return walk_mixed;
  }
}

template <typename T>
void Forest<T>::choose_walk() {
  bool is_alike = true, has_missing = false;
  for (uint32_t i = 0; i < test_count_; ++i) {
    is_alike = is_alike && test_of(nodes_[i].feature) == test_of(nodes_[0].feature);
    has_missing = has_missing || (nodes_[i].feature & kMissingBit) != 0;
  }
  if (!is_alike || test_count_ == 0) {
    walk_ = walk_mixed;
  } else {
    const TreeTest test = test_of(nodes_[0].feature);
    walk_ = has_missing ? walk_of<true>(test) : walk_of<false>(test);
  }
}

template class Forest<float>;
template class Forest<double>;

}  // namespace tenon::cpu_ref
