// The edits of a graph keep names and uses consistent.
#include "src/ir/graph.h"

#include <gtest/gtest.h>

namespace dsq {
namespace {

struct Chain {  // x -> relu a -> neg y, y an output
  Graph graph;
  ValueId x = graph.add_input("x", {DType::f32, Shape{2}});
  NodeId relu = graph.add_node(OpKind::relu, "relu", NoAttrs{}, {x}, {"a"});
  ValueId a = graph.node(relu).outputs[0];
  NodeId neg = graph.add_node(OpKind::neg, "neg", NoAttrs{}, {a}, {"y"});
  ValueId y = graph.node(neg).outputs[0];
  Chain() { graph.set_outputs({y}); }
};

TEST(GraphEdits, AnOutputKeepsItsNameWhenItIsReplaced) {
  Chain c;
  const NodeId abs = c.graph.add_node(OpKind::abs, "abs", NoAttrs{}, {c.a}, {"b"});
  const ValueId b = c.graph.node(abs).outputs[0];
  c.graph.replace_uses(c.y, b);
  EXPECT_EQ(c.graph.outputs(), std::vector<ValueId>{b});
  EXPECT_EQ(c.graph.value(b).name, "y");
  EXPECT_EQ(c.graph.value(c.y).name, "b");
  c.graph.erase_node(c.neg);
  EXPECT_EQ(c.graph.nodes(), (std::vector<NodeId>{c.relu, abs}));
  EXPECT_EQ(c.graph.value(c.a).users, std::vector<NodeId>{abs});
}

TEST(GraphEdits, EveryUseOfANodeIsReplaced) {
  Chain c;
  const NodeId twice = c.graph.add_node(OpKind::add, "twice", ActAttrs{}, {c.a, c.a}, {"t"});
  c.graph.replace_uses(c.a, c.x);
  EXPECT_EQ(c.graph.node(twice).inputs, (std::vector<ValueId>{c.x, c.x}));
  EXPECT_TRUE(c.graph.value(c.a).users.empty());
  EXPECT_EQ(c.graph.value(c.x).users.size(), 4U);  // relu, neg, twice, twice
}

TEST(GraphEdits, NamesAreUnique) {
  Chain c;
  EXPECT_EQ(c.graph.unique_name("fresh"), "fresh");
  const ValueId first = c.graph.add_constant("a", Tensor::scalar(1.0F));
  const ValueId second = c.graph.add_constant("a", Tensor::scalar(1.0F));
  EXPECT_EQ(c.graph.value(first).name, "a_1");
  EXPECT_EQ(c.graph.value(second).name, "a_2");
  c.graph.erase_value(first);
  EXPECT_NE(c.graph.value(c.graph.add_constant("a", Tensor::scalar(1.0F))).name, "a_2");
  c.graph.rename(second, "y");
  EXPECT_EQ(c.graph.value(second).name, "y_1");
}

TEST(GraphEdits, CompactNumbersInOrderOfUse) {
  Graph g;
  const ValueId x = g.add_input("x", {DType::f32, Shape{2}});
  const NodeId late = g.add_node(OpKind::neg, "late", NoAttrs{}, {x}, {"late"});
  const NodeId early = g.add_node(OpKind::relu, "early", NoAttrs{}, {x}, {"early"});
  g.set_input(late, 0, g.node(early).outputs[0]);
  g.set_outputs({g.node(late).outputs[0]});
  g.compact();
  ASSERT_EQ(g.nodes().size(), 2U);
  EXPECT_EQ(g.node(NodeId{0}).name, "early");
  EXPECT_EQ(g.node(NodeId{1}).name, "late");
  EXPECT_EQ(g.value(g.outputs()[0]).producer, NodeId{1});
  EXPECT_EQ(g.value(g.node(NodeId{0}).outputs[0]).users, std::vector<NodeId>{NodeId{1}});
}

TEST(GraphEdits, ACycleShortensTheOrder) {
  Chain c;
  c.graph.set_input(c.relu, 0, c.y);
  EXPECT_TRUE(c.graph.topo_order().empty());
}

TEST(GraphCopies, AreEqualAndApart) {
  const Chain c;
  Graph copy = c.graph;
  EXPECT_TRUE(copy == c.graph);
  copy.set_type(c.a, {DType::f32, Shape{2}});
  EXPECT_FALSE(copy == c.graph);
  EXPECT_FALSE(c.graph.value(c.a).type.shape.has_value());
}

}  // namespace
}  // namespace dsq
