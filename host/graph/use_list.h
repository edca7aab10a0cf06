// Who reads a value: a list that runs through records of the reading nodes, one for each of their inputs, so that a use
// comes and goes in constant time however many others there are. The records are the graph's (Graph::finish()). Not
// thread-safe while it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace tenon::host {

struct Node;
struct Value;

/// One reading of a value by a node of the value's own graph.
struct Use {
  static constexpr uint32_t kImplicit = UINT32_MAX;  // in the place of an input: the node's subgraphs read the value

  Node* node = nullptr;
  uint32_t input = kImplicit;  // which of node->inputs
  Value* value = nullptr;      // nullptr: in no list
  Use* next = nullptr;
  Use* previous = nullptr;  // of the first: the last
};

class UseList {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = const Use;
    using difference_type = ptrdiff_t;
    using pointer = const Use*;
    using reference = const Use&;

    explicit Iterator(const Use* use = nullptr) : use_(use) {}
    reference operator*() const { return *use_; }
    pointer operator->() const { return use_; }
    Iterator& operator++() {
      use_ = use_->next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Use* use_;
  };

  /// After Graph::finish() in the order of the nodes, all of a node together.
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(); }
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Use* first() const { return first_; }

  /// Appends a use that is in no list.
  void add(Use& use) {
    use.next = nullptr;
    if (first_ == nullptr) {
      first_ = use.previous = &use;
    } else {
      use.previous = first_->previous;
      use.previous->next = &use;
      first_->previous = &use;
    }
    ++count_;
  }
  /// Takes out a use of this list.
  void remove(Use& use) {
    if (use.next != nullptr) {
      use.next->previous = use.previous;
    } else {
      first_->previous = use.previous;
    }
    if (&use == first_) {
      first_ = use.next;
    } else {
      use.previous->next = use.next;
    }
    use.next = use.previous = nullptr;
    --count_;
  }
  /// Forgets all, records that may be gone already included.
  void clear() { *this = {}; }

 private:
  Use* first_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace tenon::host
