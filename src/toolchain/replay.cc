#include "src/toolchain/replay.h"

#include <algorithm>
#include <charconv>

#include "passes/pass_text.h"
#include "passes/passes.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/nested.h"
#include "src/toolchain/options_text.h"
#include "src/toolchain/outputs.h"

namespace dsq {
namespace {

std::string stats_line(const std::string& name, const ValueStats& stats) {
  std::string line = fmt::format("// stats: {} {} {}", stats.axis, stats.count, stats.channels.size());
  for (const ChannelStats& channel : stats.channels) {
    line +=
        fmt::format(" {} {} {} {} {}", channel.low, channel.high, channel.exponent, channel.first, channel.bins.size());
    for (const uint64_t bin : channel.bins) {
      line += fmt::format(" {}", bin);
    }
  }
  return line + " %" + name + "\n";
}

// Numbers between blanks.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  template <class T>
  Result<T> next() {
    text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    T value{};
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) {
      return fail(Code::text_syntax, "a number is missing in the statistics");
    }
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return value;
  }
  // How many follow, each of which takes two characters at least.
  Result<int64_t> count() {
    const auto value = DSQ_TRY(next<int64_t>());
    if (value < 0 || value > static_cast<int64_t>(text_.size() / 2)) {
      return fail(Code::text_syntax, "the statistics end early");
    }
    return value;
  }

 private:
  std::string_view text_;
};

Result<void> read_stats(std::string_view line, CalibrationTable& table) {
  const size_t name = line.find('%');
  if (name == std::string_view::npos) {
    return fail(Code::text_syntax, "the statistics name no value");
  }
  Numbers numbers(line.substr(0, name));
  ValueStats stats;
  stats.axis = DSQ_TRY(numbers.next<int32_t>());
  stats.count = DSQ_TRY(numbers.next<int64_t>());
  const int64_t channels = DSQ_TRY(numbers.count());
  for (int64_t c = 0; c < channels; ++c) {
    ChannelStats& channel = stats.channels.emplace_back();
    channel.low = DSQ_TRY(numbers.next<float>());
    channel.high = DSQ_TRY(numbers.next<float>());
    channel.exponent = DSQ_TRY(numbers.next<int32_t>());
    channel.first = DSQ_TRY(numbers.next<int32_t>());
    const int64_t bins = DSQ_TRY(numbers.count());
    for (int64_t b = 0; b < bins; ++b) {
      channel.bins.push_back(DSQ_TRY(numbers.next<uint64_t>()));
    }
    if (!is_sound(channel)) {
      return fail(Code::text_syntax, "the statistics contradict themselves");
    }
  }
  table.values[std::string(line.substr(name + 1))] = std::move(stats);
  return {};
}

// What stands behind `// key: ` at the beginning of a line.
std::optional<std::string_view> setting(std::string_view line, std::string_view key) {
  const std::string start = fmt::format("// {}: ", key);
  return line.starts_with(start) ? std::optional(line.substr(start.size())) : std::nullopt;
}

Result<std::vector<PassRecord>> run_lists(Graph& graph, const OptOptions& options, PassContext& context,
                                          const PipelineOptions& pipeline) {
  std::vector<PassRecord> records;
  for (const std::string& name : options.lists) {
    DSQ_TRY(find_pass_list(name));
  }
  for (const std::string& name : options.lists) {
    const std::vector<PassRecord> more = DSQ_TRY(run_list(name, graph, context, pipeline));
    records.insert(records.end(), more.begin(), more.end());
  }
  return records;
}

}  // namespace

std::string print_replay(const Replay& replay) {
  std::string text = "// pipeline: " + replay.passes + "\n";
  if (replay.recipe) {
    text += "// recipe: " + text_of(*replay.recipe) + (replay.recipe->calibrated ? " --calibrated\n" : "\n");
  }
  if (replay.stats) {
    for (const auto& [name, stats] : replay.stats->values) {
      text += stats_line(name, stats);
    }
  }
  return text + print(replay.graph);
}

Result<Replay> parse_replay(std::string_view text) {
  Replay replay;
  for (std::string_view rest = text; rest.starts_with("//");) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (const std::optional<std::string_view> passes = setting(line, "pipeline")) {
      replay.passes = *passes;
    } else if (const std::optional<std::string_view> recipe = setting(line, "recipe")) {
      replay.recipe = DSQ_TRY(recipe_from(*recipe));
    } else if (const std::optional<std::string_view> stats = setting(line, "stats")) {
      DSQ_TRY(read_stats(*stats, replay.stats ? *replay.stats : replay.stats.emplace()));
    }
  }
  replay.graph = DSQ_TRY(parse(text));
  return replay;
}

PipelineOptions reproducing(std::filesystem::path path) {
  PipelineOptions options;
  options.on_failure = [path = std::move(path)](const PassFailure& failure, Error& error) {
    Replay replay{failure.passes, failure.context.recipe, std::nullopt, failure.before};
    if (failure.context.stats != nullptr) {
      replay.stats = *failure.context.stats;
    }
    const std::string text = print_replay(replay);
    const Result<void> written = write_file(path, text);
    error =
        written
            ? std::move(error).hint(fmt::format("please report it with {} ({}, all weights included), which "
                                                "`dsquant opt` replays",
                                                path.string(), human_bytes(static_cast<double>(text.size()))))
            : std::move(error).hint("please report it; what replays it could not be written: " + written.error().what);
  };
  return options;
}

Result<Optimized> optimize(const std::filesystem::path& model, const OptOptions& options, Diagnostics& diagnostics) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(model));
  const std::span<const std::byte> bytes = file->bytes();
  Result<Replay> parsed = parse_replay({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!parsed) {
    return std::move(parsed).error().at(model.string());
  }
  Optimized done;
  done.graph = std::move(parsed->graph);
  const Recipe recipe = options.recipe ? *options.recipe : parsed->recipe.value_or(Recipe{});
  PassContext context{recipe, parsed->stats ? &*parsed->stats : nullptr, diagnostics};
  PipelineOptions pipeline;
  if (!options.dump_folder.empty()) {
    pipeline.on_change = [&](std::string_view pass, const Graph& after) -> Result<void> {
      if (!options.dump_after.empty() && std::ranges::find(options.dump_after, pass) == options.dump_after.end()) {
        return {};
      }
      done.dumps.push_back(options.dump_folder / fmt::format("{:03}-{}.dsir", done.dumps.size() + 1, pass));
      DSQ_TRY(check_apart(std::span(&model, 1), std::span(&done.dumps.back(), 1)));
      return write_file(done.dumps.back(), print(after));
    };
  }
  for (const std::string& name : options.dump_after) {
    DSQ_TRY(find_pass(name));
  }
  if (!options.lists.empty()) {
    done.records = DSQ_TRY(in_file(model.string(), run_lists(done.graph, options, context, pipeline)));
  } else {
    const std::string& passes = options.passes.empty() ? parsed->passes : options.passes;
    if (passes.empty()) {
      return fail(Code::usage, "the file has no line `// pipeline: a,b` that names passes")
          .at(model.string())
          .hint("name them with --passes or --list; `dsquant list passes` shows them");
    }
    const PassText text = DSQ_TRY(PassText::parse(passes));
    done.records = DSQ_TRY(in_file(model.string(), run_passes(done.graph, text.groups(), context, pipeline)));
  }
  done.graph.compact();
  return done;
}

}  // namespace dsq
