// Fills the report: where things come from, what was measured, and the verdict.
#pragma once

#include <span>

#include "formats/dsq/model.h"
#include "formats/onnx/import.h"
#include "src/toolchain/facts.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/quantize.h"

namespace dsq {

// The types of one sample; empty when there is no data and no usual shape.
std::vector<TensorType> sample_types(const Graph& graph, const Inputs& inputs);

void fill_provenance(Report& report, const QuantizeOptions& options, const onnx_format::Source& source,
                     const Inputs& inputs);
Provenance provenance_of(const Report& report);

// Runs the twins on the data, or on a probe. A probe that cannot run is a note; a result far from float is a warning
// that names what helps. Errors: labels_mismatch and what running on data says.
Result<void> measure(Quantized& done, std::vector<LayerInput> layer_inputs, const Inputs& inputs,
                     const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress);

void fill_sizes(Report& report, const DsqParts& parts, std::span<const std::byte> artefact);

// Causes and remedies of the worst layers, gates, and the headline. `baseline`: an older report, or null.
void judge(Report& report, const QuantizeOptions& options, const Report* baseline, Diagnostics& diagnostics);

}  // namespace dsq
