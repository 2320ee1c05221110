// Fuzz target: the text form of graphs. What parses is printed and parsed again, whatever types and stage say of it.
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/ops/verify.h"
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dsq::Result<dsq::ParsedGraph> parsed = dsq::parse_text({reinterpret_cast<const char*>(data), size});
  if (!parsed) {
    dsq::fuzz::expect_refusal(parsed.error());
    return 0;
  }
  if (!dsq::verify_structure(parsed->graph)) {
    return 0;  // cycles have no text
  }
  int64_t elements = 0;
  for (const dsq::ValueId id : parsed->graph.values()) {
    elements += parsed->graph.is_constant(id) ? parsed->graph.constant(id)->count() : 0;
  }
  if (elements > 1 << 18) {
    return 0;  // legal, and merely long to print
  }
  parsed->graph.compact();
  const std::string printed = dsq::print(parsed->graph);
  const dsq::Result<dsq::Graph> again = dsq::parse(printed);
  if (!again) {
    dsq::fuzz::find("what was printed cannot be parsed: " + again.error().what);
  }
  if (dsq::print(*again) != printed) {
    dsq::fuzz::find("a graph that was parsed is printed differently");
  }
  dsq::fuzz::exercise(dsq::fuzz::write("model.dsir", {data, size}));
  return 0;
}
