// Files that earlier versions wrote load for ever. data/golden_v1.dsq was written once by version 1 from
// data/golden_v1.dsir and is never written again.
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"

namespace dsq {
namespace {

const std::filesystem::path kData = "tests/formats/data";

TEST(DsqGolden, VersionOneLoads) {
  std::ifstream in(kData / "golden_v1.dsir");
  Result<Graph> expected = parse(std::string{std::istreambuf_iterator<char>(in), {}});
  ASSERT_TRUE(expected) << expected.error().what;
  const Result<DsqModel> model = read_dsq(kData / "golden_v1.dsq");
  ASSERT_TRUE(model) << model.error().what;
  expected->compact();
  EXPECT_TRUE(model->graph == *expected) << print(model->graph);
  EXPECT_EQ(model->provenance.tool, "dsquant 0.1.0");
  EXPECT_EQ(model->provenance.source_name, "golden.onnx");
  EXPECT_EQ(model->provenance.opset, 17);
  EXPECT_EQ(model->provenance.data_samples, 32);
  EXPECT_EQ(model->provenance.libraries, "");  // not known when it was written
  EXPECT_GT(model->parts.integers, 0);
}

}  // namespace
}  // namespace dsq
