#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "host/graph/graph.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using tenon::test::graph_attr;
using Builder = tenon::test::GraphBuilder;

namespace {

// What finish() builds of links, as text: each value with who computes it, who reads it where, and how often it is
// handed out. Readers in the order of the text.
std::string links_of(Graph& root) {
  std::ostringstream text;
  for (Graph* graph : graph_tree(root)) {
    for (const auto& value : graph->values()) {
      if (value->graph == nullptr) continue;
      std::vector<std::string> readers;
      for (const Use& use : value->uses)
        readers.push_back(
            concat(use.node->outputs[0]->name, ".", static_cast<int64_t>(static_cast<int32_t>(use.input))));
      std::sort(readers.begin(), readers.end());
      text << value->name << " by " << (value->producer != nullptr ? describe(*value->producer) : "nobody") << ':'
           << value->producer_output << " out " << value->handed_out;
      for (const std::string& reader : readers) text << ' ' << reader;
      text << '\n';
    }
  }
  return text.str();
}

std::vector<std::string> op_order(const Graph& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes()) ops.push_back(node->op_type);
  return ops;
}

// x -> Relu a -> Neg b -> Abs c, an If that reads a and hands out b, and two outputs.
struct Sample {
  Builder b;
  Node *relu, *neg, *abs, *branch;

  Sample() {
    b.input("x", TN_FLOAT, {2});
    b.input("cond", TN_BOOL, {});
    relu = b.node("Relu", {"x"}, {"a"});
    neg = b.node("Neg", {"a"}, {"b"});
    abs = b.node("Add", {"b", "b"}, {"c"});
    Builder then(b), inner(then);
    inner.node("Exp", {"a"}, {"inner_out"});
    inner.output("inner_out");
    inner.output("b");
    then.node("If", {"cond"}, {"deep", "deep_b"}, {graph_attr("then_branch", inner.build_subgraph())});
    then.output("deep");
    then.output("b");
    branch = b.node("If", {"cond"}, {"d", "e"}, {graph_attr("then_branch", then.build_subgraph())});
    for (const char* name : {"c", "d", "e"}) b.output(name);
    REQUIRE(b.graph().finish().is_ok());
  }
};

}  // namespace

TEST_CASE("a node is inserted where it was asked for, and readers can be given its result", "[graph]") {
  Sample s;
  Value* b = s.b.value("b");
  Value* sign = s.b.value("sign");
  Node* made = s.b.graph().insert_node(*s.abs);
  made->op_type = "Sign";
  made->outputs = {sign};
  s.b.graph().replace_uses(*b, *sign);
  made->inputs = {b};
  s.b.graph().connect(*made);
  const std::string links = links_of(s.b.graph());
  REQUIRE(s.b.graph().finish().is_ok());
  CHECK(links_of(s.b.graph()) == links);
  CHECK(s.abs->inputs == std::vector<Value*>{sign, sign});
  CHECK(b->use_count() == 1);
  CHECK(op_order(s.b.graph()) == std::vector<std::string>{"Relu", "Neg", "Sign", "Add", "If"});
}

TEST_CASE("uses through subgraphs are replaced at every depth and counted as before", "[graph]") {
  Sample s;
  Value *a = s.b.value("a"), *b = s.b.value("b");
  s.b.graph().replace_uses(*b, *a);
  const std::string links = links_of(s.b.graph());
  CHECK(b->use_count() == 0);
  CHECK(s.branch->implicit_inputs == std::vector<Value*>{s.b.value("cond"), a});
  REQUIRE(s.b.graph().finish().is_ok());
  CHECK(links_of(s.b.graph()) == links);
  CHECK(subgraphs(*s.branch)[0]->outputs[1] == a);
}

TEST_CASE("outputs of the graph keep their value when its readers get another", "[graph]") {
  Builder b;
  b.input("x", TN_FLOAT, {1});
  b.node("Relu", {"x"}, {"y"});
  b.node("Identity", {"y"}, {"z"});
  b.node("Neg", {"z"}, {"w"});
  b.output("z");
  b.output("w");
  REQUIRE(b.graph().finish().is_ok());
  b.graph().replace_uses(*b.value("z"), *b.value("y"));
  CHECK(b.graph().outputs[0]->name == "z");
  CHECK(b.value("z")->use_count() == 1);
  CHECK(b.value("y")->uses.size() == 2);
}

TEST_CASE("a node that is given another's outputs computes them from then on", "[graph]") {
  Sample s;
  Value* b = s.b.value("b");
  Node* made = s.b.graph().insert_node(*s.neg);
  made->op_type = "Exp";
  made->inputs = s.neg->inputs;
  made->outputs = {b};
  s.b.graph().connect(*made);
  CHECK(s.neg->outputs[0] == nullptr);
  s.b.graph().erase_node(*s.neg);
  REQUIRE(s.b.graph().finish().is_ok());
  CHECK(b->producer == made);
  CHECK(op_order(s.b.graph()) == std::vector<std::string>{"Relu", "Exp", "Add", "If"});
}

TEST_CASE("an erased node frees its name and readers at once, its memory when swept", "[graph]") {
  Sample s;
  s.b.graph().set_input(*s.abs, 0, s.b.value("a"));
  s.b.graph().set_input(*s.abs, 1, nullptr);
  s.b.graph().erase_node(*s.branch);
  const size_t before = s.b.graph().nodes().size();
  CHECK(s.branch->graph == nullptr);
  CHECK(s.b.graph().nodes().size() == before);
  s.b.graph().sweep();
  CHECK(s.b.graph().nodes().size() == before - 1);
  // What the branch handed out of this graph counts as such until finish().
  CHECK(s.b.value("b")->uses.empty());
}

TEST_CASE("a use of a value that a hundred thousand nodes read comes and goes in constant time", "[graph]") {
  constexpr int kReaders = 100000;
  Builder b;
  Value* x = b.input("x", TN_FLOAT, {1});
  b.input("y", TN_FLOAT, {1});
  std::vector<Node*> readers;
  for (int i = 0; i < kReaders; ++i) readers.push_back(b.node("Relu", {"x"}, {concat("r", i)}));
  REQUIRE(b.graph().finish().is_ok());
  for (int i = kReaders - 1; i > 0; i -= 2) b.graph().set_input(*readers[static_cast<size_t>(i)], 0, b.value("y"));
  for (int i = 0; i < kReaders; i += 2) b.graph().erase_node(*readers[static_cast<size_t>(i)]);
  CHECK(x->uses.empty());
  b.graph().sweep();
  CHECK(b.graph().nodes().size() == kReaders / 2);
}

TEST_CASE("after any edits the links are those that finish would build", "[graph]") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Builder b;
    b.input("v0", TN_FLOAT, {1});
    std::vector<Node*> nodes;
    for (int i = 1; i < 12; ++i) {
      const auto earlier = [&] { return concat("v", random() % static_cast<unsigned>(i)); };
      nodes.push_back(b.node("Op", {earlier(), earlier()}, {concat("v", i)}));
    }
    b.output("v11");
    REQUIRE(b.graph().finish().is_ok());
    for (int edit = 0; edit < 8; ++edit) {
      const size_t n = random() % nodes.size();
      if (nodes[n]->graph == nullptr) continue;
      Value* earlier = b.graph().find_value(concat("v", random() % (n + 1)));
      if (earlier == nullptr) continue;
      Value& own = *nodes[n]->outputs[0];
      switch (random() % 3) {
        case 0: b.graph().set_input(*nodes[n], random() % 2, earlier); break;
        case 1: b.graph().replace_uses(own, *earlier); break;
        default:
          if (own.use_count() == 0) b.graph().erase_node(*nodes[n]);
      }
    }
    const std::string links = links_of(b.graph());
    REQUIRE(b.graph().finish().is_ok());
    CHECK(links_of(b.graph()) == links);
  }
}
