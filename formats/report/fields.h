// The report's JSON fields, each named once; json.cc walks the same lists to write and to read.
// A visitor has three calls:
//   v.field(key, member)              a number, text, boolean, or a list of what fields() knows
//   v.optional(key, member)           the key is left out when the optional is empty
//   v.object(key, [&](auto& inner))   a nested object of the same struct's members
#pragma once

#include "src/report/report.h"

namespace dsq::report_json {

template <class V>
void fields(V& v, SizePart& part) {
  v.field("part", part.part);
  v.field("float_bytes", part.float_bytes);
  v.field("stored_bytes", part.stored_bytes);
}

template <class V>
void fields(V& v, InputReport& input) {
  v.field("low", input.low);
  v.field("high", input.high);
  v.optional("clip_low", input.clip_low);
  v.optional("clip_high", input.clip_high);
  v.field("shared", input.shared);
  v.field("channels", input.channels);
  v.field("dead", input.dead);
  v.field("spread", input.spread);
  v.field("tail", input.tail);
  v.field("bins", input.bins);
}

template <class V>
void fields(V& v, LayerReport& layer) {
  v.field("name", layer.name);
  v.field("op", layer.op);
  v.field("output_shape", layer.output_shape);
  v.field("macs", layer.macs);
  v.field("weights", layer.weights);
  v.field("weight_type", layer.weight_type);
  v.field("act_type", layer.act_type);
  v.field("range", layer.range);
  v.field("granularity", layer.granularity);
  v.field("weight_error", layer.weight_error);
  v.field("plain_weight_error", layer.plain_weight_error);
  v.field("float_bytes", layer.float_bytes);
  v.field("stored_bytes", layer.stored_bytes);
  v.optional("input_sqnr_db", layer.input_sqnr_db);
  v.optional("output_sqnr_db", layer.output_sqnr_db);
  v.field("integer", layer.integer);
  v.optional("depthwise", layer.depthwise);
  v.optional("input", layer.input);
  v.field("cause", layer.cause);
  v.field("mend", layer.mend);
}

template <class V>
void fields(V& v, OutputReport& output) {
  v.field("name", output.name);
  v.field("sqnr_db", output.sqnr_db);
  v.field("max_abs_error", output.max_abs_error);
  v.field("cosine", output.cosine);
  v.optional("top1_agreement", output.top1_agreement);
  v.field("points", output.points);
}

template <class V>
void fields(V& v, ClassReport& row) {
  v.field("label", row.label);
  v.field("name", row.name);
  v.field("samples", row.samples);
  v.field("float_precision", row.float_precision);
  v.field("float_recall", row.float_recall);
  v.field("float_f1", row.float_f1);
  v.field("quantized_precision", row.quantized_precision);
  v.field("quantized_recall", row.quantized_recall);
  v.field("quantized_f1", row.quantized_f1);
}

template <class V>
void fields(V& v, AccuracyReport& accuracy) {
  v.field("samples", accuracy.samples);
  v.field("float_top1", accuracy.float_top1);
  v.field("quantized_top1", accuracy.quantized_top1);
  v.optional("float_top5", accuracy.float_top5);
  v.optional("quantized_top5", accuracy.quantized_top5);
  v.optional("float_macro_f1", accuracy.float_macro_f1);
  v.optional("quantized_macro_f1", accuracy.quantized_macro_f1);
  v.optional("classes", accuracy.classes);
}

template <class V>
void fields(V& v, SamplePoints& sample) {
  v.field("sample", sample.sample);
  v.field("place", sample.place);
  v.field("points", sample.points);
}

template <class V>
void fields(V& v, PlanReport& plan) {
  v.field("share", plan.share);
  v.field("noise", plan.noise);
  v.optional("points", plan.points);
  v.field("chosen", plan.chosen);
  v.field("flag", plan.flag);
}

template <class V>
void fields(V& v, LossReport& loss) {
  v.field("output", loss.output);
  v.field("kind", loss.kind);
  v.field("measure", loss.measure);
  v.field("samples", loss.samples);
  v.field("points", loss.points);
  v.optional("low", loss.low);
  v.optional("high", loss.high);
  v.optional("reference", loss.reference);
  v.optional("quantized", loss.quantized);
  v.optional("agreement", loss.agreement);
  v.field("limit", loss.limit);
  v.optional("needed", loss.needed);
  v.field("worst", loss.worst);
}

template <class V>
void fields(V& v, FloatPart& part) {
  v.field("op", part.op);
  v.field("reason", part.reason);
  v.field("nodes", part.nodes);
}

template <class V>
void fields(V& v, MemoryReport::Block& block) {
  v.field("name", block.name);
  v.field("offset", block.offset);
  v.field("bytes", block.bytes);
  v.field("first", block.first);
  v.field("last", block.last);
}

template <class V>
void fields(V& v, MemoryReport& memory) {
  v.field("float_peak", memory.float_peak);
  v.field("quantized_peak", memory.quantized_peak);
  v.field("quantized_total", memory.quantized_total);
  v.field("shapes", memory.shapes);
  v.field("blocks", memory.blocks);
}

template <class V>
void fields(V& v, Gate& gate) {
  v.field("name", gate.name);
  v.field("limit", gate.limit);
  v.field("found", gate.found);
  v.field("passed", gate.passed);
}

template <class V>
void fields(V& v, std::pair<std::string, double>& phase) {
  v.field("phase", phase.first);
  v.field("seconds", phase.second);
}

template <class V>
void fields(V& v, Diagnostic& diagnostic) {
  v.field("severity", diagnostic.severity);
  v.field("code", diagnostic.code);
  v.field("where", diagnostic.where);
  v.field("text", diagnostic.text);
  v.field("pass", diagnostic.pass);
}

template <class V>
void fields(V& v, Report& report) {
  v.object("verdict", [&](V& inner) {
    inner.field("headline", report.headline);
    inner.field("passed", report.passed);
    inner.field("gates", report.gates);
  });
  v.object("tool", [&](V& inner) {
    inner.field("version", report.tool_version);
    inner.field("command", report.command);
    inner.optional("libraries", report.libraries);
    inner.optional("instructions", report.instructions);
  });
  v.object("model", [&](V& inner) {
    inner.field("name", report.model_name);
    inner.field("sha256", report.model_sha256);
    inner.field("producer", report.producer);
    inner.field("opset", report.opset);
    inner.field("bytes", report.float_file_bytes);
  });
  v.object("artefact", [&](V& inner) {
    inner.field("sha256", report.artefact_sha256);
    inner.field("bytes", report.artefact_bytes);
  });
  v.object("data", [&](V& inner) {
    inner.field("kind", report.data_kind);
    inner.field("sha256", report.data_sha256);
    inner.field("samples", report.data_samples);
    inner.optional("calibrated_samples", report.calibrated_samples);
    inner.optional("measured_samples", report.measured_samples);
    inner.optional("measured_on", report.measured_on);
    inner.optional("preprocess", report.preprocess);
  });
  v.field("size", report.size);
  v.field("layers", report.layers);
  v.field("outputs", report.outputs);
  v.optional("accuracy", report.accuracy);
  v.optional("losses", report.losses);
  v.optional("plans", report.plans);
  v.field("floats", report.floats);
  v.optional("memory", report.memory);
  v.field("max_weight_error", report.max_weight_error);
  v.field("integer_mac_share", report.integer_mac_share);
  v.optional("conversions", report.conversions);
  v.optional("float_islands", report.float_islands);
  v.field("seconds", report.seconds);
  v.field("diagnostics", report.diagnostics);
}

}  // namespace dsq::report_json
