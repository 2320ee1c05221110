#include "src/toolchain/stages.h"

#include "src/toolchain/nested.h"

namespace dsq {

Result<PassLog> run_own(const QuantizeOptions& options, std::string_view list, Graph& graph, PassContext& context) {
  PassLog log;
  for (const OwnPass& own : options.passes) {
    if (own.before == list) {
      const PassGroup group{std::span(&own.pass.name, 1)};
      append(log, DSQ_TRY(run_passes(graph, std::span(&group, 1), context, {}, std::span(&own.pass, 1))));
    }
  }
  return log;
}

Result<PassLog> run_stage(const QuantizeOptions& options, std::string_view list, Graph& graph, PassContext& context,
                          const PipelineOptions& pipeline) {
  PassLog log = DSQ_TRY(run_own(options, list, graph, context));
  append(log, DSQ_TRY(run_list(list, graph, context, pipeline)));
  return log;
}

}  // namespace dsq
