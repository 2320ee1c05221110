#include "src/toolchain/calibrate_job.h"

#include <algorithm>
#include <set>

#include "calibration/observer.h"
#include "passes/marker.h"
#include "passes/passes.h"
#include "src/data/split.h"
#include "src/ir/compare.h"
#include "src/runner/backend.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/load.h"
#include "src/toolchain/nested.h"
#include "src/toolchain/options_text.h"

namespace dsq {
namespace {

using calibration_table::Table;

// The value of the canonical graph that passes through markers to this one.
const std::string& source_of(const Graph& planned, const std::string& name) {
  ValueId id = *planned.find_value(name);
  while (planned.value(id).producer != NodeId::none && is_marker(planned, planned.value(id).producer)) {
    id = planned.node(planned.value(id).producer).inputs[0];
  }
  return planned.value(id).name;
}

// Sample by sample, or batch by batch where the model's batch is fixed.
Result<Dataset> dealt(const Dataset& data, const Shard& shard) {
  const int64_t step = data.step(1);
  const int64_t steps = data.size() / step;
  if (shard.part > steps) {
    return fail(Code::option_conflict, "shard {} of {} has no samples: there {} {}", shard.part, shard.of,
                steps == 1 ? "is" : "are", plural(steps, step == 1 ? "sample" : "batch"))
        .at("--shard");
  }
  std::vector<int64_t> chosen;
  for (int64_t s = shard.part - 1; s < steps; s += shard.of) {
    for (int64_t i = 0; i < step; ++i) {
      chosen.push_back(s * step + i);
    }
  }
  return shard.of == 1 ? data : data.select(std::move(chosen));
}

Result<std::string> kernels_of(const QuantizeOptions& options) {
  const Backend& backend = *DSQ_TRY(find_backend(options.backend));
  const std::string library = backend.library();
  return fmt::format("{}{}{}", backend.name, library.empty() ? "" : ", " + library,
                     library.empty() ? "" : ", " + backend.instructions());
}

Result<Graph> planned(Graph graph, const QuantizeOptions& options, Diagnostics& diagnostics) {
  Recipe recipe = options.recipe;
  recipe.calibrated = true;
  PassContext context{recipe, nullptr, diagnostics};
  DSQ_TRY(run_list("plan", graph, context, {}));
  return graph;
}

Result<void> add(Table& all, Table part) {
  const auto differ = [](std::string_view what) {
    return fail(Code::calibration_mismatch, "its {} another than that of the first part", what);
  };
  if (part.graph != all.graph || part.shards != all.shards || part.data != all.data || part.draw != all.draw ||
      part.preprocess != all.preprocess) {
    return differ(part.graph != all.graph     ? "network is"
                  : part.shards != all.shards ? "number of shards is"
                  : part.data != all.data     ? "data are"
                  : part.draw != all.draw     ? "choice of samples is"
                                              : "preprocessing is");
  }
  std::vector<int64_t> twice;
  std::ranges::set_intersection(all.parts, part.parts, std::back_inserter(twice));
  if (!twice.empty()) {
    return fail(Code::calibration_mismatch, "shard {} of {} is in another part as well", twice[0], all.shards);
  }
  const auto join = [](auto& to, const auto& from) {
    const auto middle = static_cast<std::ptrdiff_t>(to.size());
    to.insert(to.end(), from.begin(), from.end());
    std::inplace_merge(to.begin(), to.begin() + middle, to.end());
  };
  join(all.parts, part.parts);
  join(all.samples, part.samples);
  join(all.kernels, part.kernels);
  all.kernels.erase(std::unique(all.kernels.begin(), all.kernels.end()), all.kernels.end());
  if (!std::ranges::equal(
          all.values, part.values, {}, [](const auto& v) { return v.first; }, [](const auto& v) { return v.first; })) {
    return differ("choice of values (--act, --keep) is");
  }
  for (auto& [key, stats] : part.values) {
    DSQ_TRY(merge(all.values.at(key), stats));
  }
  return {};
}

// A whole table no longer says how it was made.
void close(Table& table) {
  if (table.whole()) {
    table.shards = 1;
    table.parts = {1};
  }
}

}  // namespace

std::string table_hash(const Graph& canonical) { return fmt::format("{:016x}", structural_hash(canonical)); }

Result<Table> make_table(const QuantizeOptions& options, const Shard& shard, Diagnostics& diagnostics,
                         Progress& progress) {
  const ThreadScope threads(options.threads);
  DSQ_TRY(check_quantizable(options.model));
  Model model = DSQ_TRY(load_model(options.model, options.shapes, diagnostics));
  DSQ_TRY(check_quantizable(model.graph, options.model));
  const std::string name = options.model.string();
  DSQ_TRY(in_file(name, check_finite_weights(model.graph)));
  const Inputs inputs = DSQ_TRY(read_inputs(model.graph, options, diagnostics));
  DSQ_TRY(in_file(name, canonicalize(model.graph, diagnostics)));
  Table table;
  table.graph = table_hash(model.graph);
  const Graph graph = DSQ_TRY(in_file(name, planned(std::move(model.graph), options, diagnostics)));
  const Dataset data = DSQ_TRY(dealt(*inputs.data, shard));
  table.data = inputs.data_sha256;
  table.draw = draw_text(options);
  table.preprocess = inputs.preprocess;
  table.kernels = {DSQ_TRY(kernels_of(options))};
  table.shards = shard.of;
  table.parts = {shard.part};
  for (const Digest& digest : DSQ_TRY(digests_of(data))) {
    table.samples.push_back(short_digest(digest));
  }
  std::ranges::sort(table.samples);
  const std::vector<Observation> wanted = wanted_observations(graph);
  CalibrationTable seen = DSQ_TRY(
      in_model(name, calibrate(graph, wanted, data, {options.backend, options.threads, options.batch}, progress)));
  for (const Observation& each : wanted) {
    table.values.emplace(std::pair(source_of(graph, each.value), each.axis), std::move(seen.values.at(each.value)));
  }
  return table;
}

Result<Table> read_table(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  const std::span<const std::byte> bytes = file->bytes();
  Result<Table> table =
      in_file(path.string(), calibration_table::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  DSQ_TRY(file->check_unchanged());
  return table;
}

Result<Table> merge_tables(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics) {
  std::optional<Table> all;
  for (const std::filesystem::path& path : paths) {
    Table part = DSQ_TRY(read_table(path));
    if (all) {
      DSQ_TRY(in_file(path.string(), add(*all, std::move(part))));
    } else {
      all = std::move(part);
    }
  }
  if (all->kernels.size() > 1) {
    diagnostics.warn(Code::not_applicable, "",
                     fmt::format("the parts were computed in several ways ({}), so one run would give other last bits",
                                 fmt::join(all->kernels, "; ")));
  }
  close(*all);
  return std::move(*all);
}

Result<void> check_table(const Table& table, const Graph& canonical, const std::string& preprocess) {
  if (table.graph != table_hash(canonical)) {
    return fail(Code::calibration_mismatch, "its network is another one, or has other shapes");
  }
  if (!table.whole()) {
    return fail(Code::calibration_mismatch, "it holds {} of {} shards", table.parts.size(), table.shards)
        .hint("join them all with `dsquant calibrate --merge`");
  }
  if (!preprocess.empty() && preprocess != table.preprocess) {
    return fail(Code::calibration_mismatch, "pictures were prepared otherwise: {}; here: {}", table.preprocess,
                preprocess);
  }
  return {};
}

Result<CalibrationTable> ranges_of(const Table& table, const Graph& planned) {
  CalibrationTable ranges;
  for (const Observation& each : wanted_observations(planned)) {
    const std::string& source = source_of(planned, each.value);
    auto found = table.values.find({source, each.axis});
    ValueStats stats;
    if (found != table.values.end()) {
      stats = found->second;
    } else if (each.axis < 0) {  // the channels as one
      found = std::ranges::find(table.values, source, [](const auto& value) { return value.first.first; });
    }
    if (found == table.values.end()) {
      return fail(Code::calibration_mismatch, "it has no ranges of '{}'", source)
          .hint("calibrate with the same --act and --keep");
    }
    if (stats.channels.empty() && !found->second.channels.empty()) {
      std::vector<const ChannelStats*> parts;
      for (const ChannelStats& channel : found->second.channels) {
        parts.push_back(&channel);
      }
      stats = {-1, found->second.count * std::ssize(parts), {joined(parts)}};
    }
    ranges.values.emplace(each.value, std::move(stats));
  }
  return ranges;
}

}  // namespace dsq
