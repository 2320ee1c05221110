// Which inputs count samples, and which go with every sample.
#include "src/data/dataset.h"

#include <gtest/gtest.h>

namespace dsq {
namespace {

Graph graph_of(const std::vector<std::pair<std::string, Shape>>& inputs) {
  Graph graph;
  for (const auto& [name, shape] : inputs) {
    graph.add_input(name, {DType::f32, shape});
  }
  return graph;
}

Result<Dataset> make(const Graph& graph, const std::vector<std::pair<std::string, Shape>>& arrays) {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const auto& [name, shape] : arrays) {
    tensors.emplace_back(name, Tensor(DType::f32, shape));
  }
  Diagnostics diagnostics;
  return Dataset::make(graph, std::move(tensors), diagnostics);
}

TEST(Dataset, AnOpenBatchIsCutAndAFixedStateIsShared) {
  const Graph graph = graph_of({{"x", {kUnknown, 4}}, {"state", {2, 3}}});
  const Result<Dataset> data = make(graph, {{"x", {5, 4}}, {"state", {2, 3}}});
  ASSERT_TRUE(data);
  EXPECT_EQ(data->size(), 5);
  const std::vector<Tensor> batch = *data->batch(3, 2);
  EXPECT_EQ(batch[0].shape(), (Shape{2, 4}));
  EXPECT_EQ(batch[1].shape(), (Shape{2, 3}));
}

TEST(Dataset, WhereAllIsFixedTheFirstInputCountsTheSamples) {
  const Graph graph = graph_of({{"x", {1, 4}}, {"state", {2, 1, 3}}, {"mask", {1, 4}}});
  const Result<Dataset> data = make(graph, {{"x", {6, 4}}, {"state", {2, 1, 3}}, {"mask", {6, 4}}});
  ASSERT_TRUE(data) << data.error().what;
  EXPECT_EQ(data->size(), 6);
  EXPECT_EQ(data->fixed_batch(), 1);
  EXPECT_EQ((*data->batch(5, 1))[1].shape(), (Shape{2, 1, 3}));
  EXPECT_EQ((*data->batch(5, 1))[2].shape(), (Shape{1, 4}));
}

TEST(Dataset, AStateThatCountsTheSamplesOnAnotherAxisKeepsThemTogether) {
  const Graph graph = graph_of({{"tokens", {kUnknown, 7}}, {"state", {1, kUnknown, 24}}});
  const Result<Dataset> data = make(graph, {{"tokens", {4, 7}}, {"state", {1, 4, 24}}});
  ASSERT_TRUE(data) << data.error().what;
  EXPECT_EQ(data->step(1), 4);
  EXPECT_EQ((*data->batch(0, 4))[1].shape(), (Shape{1, 4, 24}));
}

TEST(Dataset, AnInputThatCountsSomethingElseIsGivenWhole) {
  const Graph graph = graph_of({{"picture", {kUnknown, 3, kUnknown}}, {"regions", {kUnknown, 4}}});
  const Result<Dataset> data = make(graph, {{"picture", {2, 3, 8}}, {"regions", {7, 4}}});
  ASSERT_TRUE(data) << data.error().what;
  EXPECT_EQ(data->size(), 2);
  EXPECT_EQ(data->step(1), 2);
  EXPECT_EQ((*data->batch(0, 2))[1].shape(), (Shape{7, 4}));
}

TEST(Dataset, DoublesBeyondF32AreRefused) {
  Graph graph;
  graph.add_input("x", {DType::f64, Shape{kUnknown}});
  Diagnostics diagnostics;
  const Result<Dataset> data = Dataset::make(graph, {{"x", Tensor::of<double>({2}, {1.0, -1e300})}}, diagnostics);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Code::data_mismatch);
}

TEST(Dataset, AStateOfAnotherShapeIsRefused) {
  const Graph graph = graph_of({{"x", {1, 4}}, {"state", {2, 1, 3}}});
  const Result<Dataset> data = make(graph, {{"x", {6, 4}}, {"state", {12, 1, 3}}});
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Code::data_mismatch);
}

}  // namespace
}  // namespace dsq
