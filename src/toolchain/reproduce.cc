#include "src/toolchain/reproduce.h"

#include <algorithm>

#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "src/ir/compare.h"
#include "src/runner/backend.h"
#include "src/support/file.h"
#include "src/support/hash.h"
#include "src/support/strings.h"
#include "src/toolchain/options_text.h"
#include "src/toolchain/quantize.h"
#include "src/toolchain/samples.h"
#include "src/toolchain/verdict.h"

namespace dsq {
namespace {

Result<std::string> hash_of(const std::filesystem::path& path) {
  return hex(sha256(DSQ_TRY(MappedFile::open(path))->bytes()));
}

void note_change(std::vector<Change>& changed, std::string what, const std::string& recorded, const std::string& here) {
  if (recorded != here) {
    changed.push_back({std::move(what), recorded.empty() ? "not recorded" : recorded, here});
  }
}

QuantizeOptions with_paths(QuantizeOptions options, const Recorded& recorded, const ReproduceOptions& given) {
  options.model = given.model.value_or(recorded.path.parent_path() / recorded.provenance.source_name);
  options.model_name = recorded.provenance.source_name;
  options.data = given.data;
  if (options.eval_data && !given.eval_data) {
    options.eval_fraction = 0;  // nothing of `data` was kept apart
  }
  options.eval_data = given.eval_data;
  options.calibration = given.calibration;
  options.output = recorded.path;  // not written
  options.threads = given.threads;
  options.write = false;
  options.compare = false;
  return options;
}

}  // namespace

Result<Recorded> read_record(const std::filesystem::path& artefact) {
  Recorded recorded;
  recorded.path = artefact;
  Result<DsqModel> read = read_dsq(artefact);
  if (!read && read.error().code == Code::not_a_model) {
    return std::move(read).error().hint("give a .dsq file: only those say how they were made");
  }
  recorded.provenance = DSQ_TRY(std::move(read)).provenance;
  const Provenance& from = recorded.provenance;
  if (from.options.empty() || from.source_sha256.empty()) {
    return fail(Code::dsq_invalid, "it does not say how it was made").at(artefact.string());
  }
  recorded.command = fmt::format("dsquant {} {}", from.options, shell_quoted(from.source_name));
  recorded.command += from.data_sha256.empty() ? "" : " --data DATA";
  recorded.command += " -o " + shell_quoted(artefact.filename().string());
  return recorded;
}

Result<Reproduction> reproduce(const Recorded& recorded, const ReproduceOptions& options, Diagnostics& diagnostics,
                               Progress& progress) {
  const Provenance& from = recorded.provenance;
  if (!from.data_sha256.empty() && !options.data) {
    return fail(Code::data_mismatch, "it was made with {}, whose file has the sha256 {}",
                plural(from.data_samples, "sample"), from.data_sha256)
        .at(recorded.path.string())
        .hint("give that file with --data");
  }
  if (from.data_sha256.empty() && options.data) {
    return fail(Code::option_conflict, "it was made without data").at("--data").hint("leave --data out");
  }
  const QuantizeOptions made_with = DSQ_TRY(options_from(from.options));
  if (options.eval_data && !made_with.eval_data) {
    return fail(Code::option_conflict, "it was made without --eval-data").at("--eval-data").hint("leave it out");
  }
  if (made_with.calibration && !options.calibration) {
    return fail(Code::calibration_mismatch, "its ranges come from a table with the sha256 {}",
                made_with.calibration->string())
        .at(recorded.path.string())
        .hint("give that table with --calibration");
  }
  if (options.calibration && !made_with.calibration) {
    return fail(Code::option_conflict, "it was made without --calibration").at("--calibration").hint("leave it out");
  }
  const QuantizeOptions how = with_paths(made_with, recorded, options);
  Reproduction result;
  note_change(result.changed, "model", from.source_sha256, DSQ_TRY(hash_of(how.model)));
  if (options.data) {
    note_change(result.changed, "data", from.data_sha256,
                DSQ_TRY(hash_of(DSQ_TRY(list_samples(*options.data)), how.samples.skip_bad > 0)));
  }
  if (options.calibration) {
    note_change(result.changed, "calibration", made_with.calibration->string(), DSQ_TRY(hash_of(*options.calibration)));
  }
  result.remade = result.changed.empty();
  if (!result.remade) {
    return result;
  }
  const Quantized done = DSQ_TRY(quantize(how, diagnostics, progress));
  QuantizeOptions meant = how;
  meant.eval_data = made_with.eval_data;
  meant.eval_fraction = made_with.eval_fraction;
  Provenance here = provenance_of(done.report);
  here.options = text_of(meant) + (made_with.calibration ? " --calibration " + made_with.calibration->string() : "");
  note_change(result.changed, "dsquant", from.tool, here.tool);
  note_change(result.changed, "libraries", from.libraries, here.libraries);
  note_change(result.changed, "options", from.options, here.options);
  const std::vector<std::byte> made = DSQ_TRY(encode_dsq(done.graph, here));
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(recorded.path));
  result.bytes = static_cast<int64_t>(file->bytes().size());
  result.made_bytes = static_cast<int64_t>(made.size());
  result.same = std::ranges::equal(file->bytes(), made);
  if (!result.same) {
    result.needs_eval_data = made_with.eval_data && !options.eval_data;
    result.difference = first_difference(DSQ_TRY(read_dsq(recorded.path)).graph, done.graph);
  }
  return result;
}

}  // namespace dsq
