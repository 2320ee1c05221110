// ONNX's own operator tests: every case that the list names must pass on the backend; every other one must be refused
// with an error code. A case that starts to pass must be listed. Lines "!CASE reason" list cases whose stored outputs
// differ from ours knowingly. Each case runs in a process of its own.
//
//   node_test DATA_FOLDER ENABLED_LIST [--backend NAME] [--quantize ACT] [--verbose] [--write] [CASE...]
//
// --quantize int8|int4: each model is quantized, written, read again and run; results need only be there. A listed case
// must come through; lines "?CASE reason" list those that are refused knowingly. --write replaces the list by the cases
// that pass.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "formats/dsq/read.h"
#include "formats/onnx/import.h"
#include "src/runner/runner.h"
#include "src/toolchain/quantize.h"
#include "tests/onnx/onnx_case.h"

namespace {

using namespace dsq;  // NOLINT: a test program

struct Options {
  std::filesystem::path data;
  std::filesystem::path list;
  std::string backend = "portable";
  std::string quantize;  // the activations' type
  bool verbose = false;
  bool write = false;
  std::vector<std::string> cases;
};

// "pass", "refuse E105 ...", "fail ..." or "crash ...".
using Outcome = std::string;

Outcome refused(const Error& error) {
  return "refuse " + code_name(error.code) + " " + error.what + (error.where.empty() ? "" : " at " + error.where);
}

// The data files hold bf16 as u16.
Tensor as_type(const Tensor& tensor, DType wanted) {
  if (tensor.dtype() != DType::u16 || wanted != DType::bf16) {
    return tensor;
  }
  Tensor bits(DType::bf16, tensor.shape());
  std::ranges::copy(tensor.bytes(), bits.mutable_bytes().begin());
  return bits;
}

std::vector<Tensor> as_declared(std::vector<Tensor> inputs, const Graph& graph) {
  for (size_t i = 0; i < inputs.size() && i < graph.inputs().size(); ++i) {
    inputs[i] = as_type(inputs[i], graph.value(graph.inputs()[i]).type.dtype);
  }
  return inputs;
}

Outcome run_case(const std::filesystem::path& folder, const std::string& backend) {
  Diagnostics diagnostics;
  Result<onnx_format::Imported> imported = onnx_format::import_onnx(folder / "model.onnx", {}, diagnostics);
  if (!imported) {
    return refused(imported.error());
  }
  const Result<std::vector<test::DataSet>> sets = test::read_data_sets(folder);
  if (!sets) {
    return "fail the data cannot be read: " + sets.error().what;
  }
  Runner runner(std::move(imported->graph), {backend, 1, {}});
  for (const test::DataSet& set : *sets) {
    const Result<std::vector<Tensor>> outputs = runner.run(as_declared(set.inputs, runner.graph()));
    if (!outputs) {
      return refused(outputs.error());
    }
    if (outputs->size() != set.outputs.size()) {
      return fmt::format("fail {} outputs instead of {}", outputs->size(), set.outputs.size());
    }
    for (size_t i = 0; i < outputs->size(); ++i) {
      const Tensor expected = as_type(set.outputs[i], (*outputs)[i].dtype());
      const std::string differs = test::difference((*outputs)[i], expected, 1e-3, 1e-7);
      if (!differs.empty()) {
        return fmt::format("fail output {}: {}", i, differs);
      }
    }
  }
  return sets->empty() ? "fail no data" : "pass";
}

// The way of `dsquant MODEL`, into a folder that goes when this process ends.
Outcome quantize_case(const std::filesystem::path& folder, const Options& options) {
  std::string name = (std::filesystem::temp_directory_path() / "node_testXXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return "fail no folder to write into";
  }
  const std::shared_ptr<void> removed(nullptr, [&](void*) { std::filesystem::remove_all(name); });
  QuantizeOptions how;
  how.model = folder / "model.onnx";
  how.output = std::filesystem::path(name) / "model.dsq";
  how.recipe.act = options.quantize == "int4" ? Precision::int4 : Precision::int8;
  how.threads = 1;
  how.backend = options.backend;
  Diagnostics diagnostics;
  Progress silent;
  const Result<Quantized> quantized = quantize(how, diagnostics, silent);
  if (!quantized) {
    return refused(quantized.error());
  }
  Result<DsqModel> read = read_dsq(how.output);
  const Result<std::vector<test::DataSet>> sets = test::read_data_sets(folder);
  if (!read || !sets) {
    return "fail " + (read ? sets.error().what : "what was written cannot be read: " + read.error().what);
  }
  Runner runner(std::move(read->graph), {options.backend, 1, {}});
  for (const test::DataSet& set : *sets) {
    const Result<std::vector<Tensor>> outputs = runner.run(as_declared(set.inputs, runner.graph()));
    if (!outputs) {
      // The case's own data do not fit its model, or are scales that mean two things.
      const bool other_data =
          outputs.error().code == Code::data_mismatch || outputs.error().code == Code::ops_unsupported;
      return (other_data ? "" : "fail it was written and does not run: ") + refused(outputs.error());
    }
    for (size_t i = 0; i < outputs->size() && i < set.outputs.size(); ++i) {
      const Tensor expected = as_type(set.outputs[i], (*outputs)[i].dtype());
      if ((*outputs)[i].type() != expected.type()) {
        return fmt::format("fail output {} is {} instead of {}", i, text_of((*outputs)[i].type()),
                           text_of(expected.type()));
      }
    }
  }
  return sets->empty() ? "fail no data" : "pass";
}

Outcome run_apart(const std::filesystem::path& folder, const Options& options) {
  int ends[2];
  if (pipe(ends) != 0) {
    return "crash no pipe";
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(60);
    const Outcome outcome =
        options.quantize.empty() ? run_case(folder, options.backend) : quantize_case(folder, options);
    const ssize_t written = write(ends[1], outcome.data(), outcome.size());
    _exit(written == static_cast<ssize_t>(outcome.size()) ? 0 : 1);
  }
  close(ends[1]);
  Outcome outcome;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? outcome : fmt::format("crash status {}", status);
}

struct List {
  std::set<std::string> passing;
  std::map<std::string, std::string> differing;    // name -> reason
  std::map<std::string, std::string> unquantized;  // name -> reason
};

List read_list(const std::filesystem::path& path) {
  std::ifstream file(path);
  List list;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && (line.front() == '!' || line.front() == '?')) {
      const size_t space = line.find(' ');
      (line.front() == '!' ? list.differing : list.unquantized)[line.substr(1, space - 1)] =
          line.substr(std::min(space, line.size()));
    } else if (!line.empty()) {
      list.passing.insert(line);
    }
  }
  return list;
}

std::string expected_kind(const List& list, const std::string& name, bool quantized) {
  if (quantized && list.unquantized.contains(name)) {
    return "refuse";
  }
  if (quantized && list.differing.contains(name)) {
    return "pass";
  }
  return list.passing.contains(name) ? "pass" : list.differing.contains(name) ? "fail" : "refuse";
}

std::string word(const Outcome& outcome, size_t index) {
  std::istringstream words(outcome);
  std::string found;
  for (size_t i = 0; i <= index; ++i) {
    words >> found;
  }
  return found;
}

int run_all(const Options& options) {
  const List list = read_list(options.list);
  std::vector<std::string> cases = options.cases;
  if (cases.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(options.data)) {
      cases.push_back(entry.path().filename().string());
    }
  }
  std::ranges::sort(cases);
  std::map<std::string, int> count;
  std::map<std::string, int> by_code;
  std::vector<std::string> passed;
  int wrong = 0;
  for (const std::string& name : cases) {
    const Outcome outcome = run_apart(options.data / name, options);
    const std::string kind = word(outcome, 0);
    ++count[kind];
    if (kind == "refuse") {
      ++by_code[word(outcome, 1)];
    }
    if (kind == "pass") {
      passed.push_back(name);
    }
    const bool right = kind == expected_kind(list, name, !options.quantize.empty());
    wrong += right ? 0 : 1;
    if (options.verbose || !right) {
      std::cout << name << ": " << outcome << (kind == "pass" && !right ? " (add it to the list)" : "") << '\n';
    }
  }
  for (const std::string& name : list.passing) {
    if (options.cases.empty() && std::ranges::find(cases, name) == cases.end()) {
      std::cout << name << ": listed, but there is no such case\n";
      ++wrong;
    }
  }
  std::cout << options.data.filename().string() << ", " << cases.size() << " cases: " << count["pass"] << " passed, "
            << count["refuse"] << " refused (";
  for (const auto& [code, times] : by_code) {
    std::cout << (code == by_code.begin()->first ? "" : ", ") << code << " " << times;
  }
  std::cout << "), " << count["fail"] << " failed, " << count["crash"] << " crashed\n";
  if (options.write) {
    std::ofstream file(options.list);
    for (const auto& [name, reason] : list.differing) {
      file << '!' << name << reason << '\n';
    }
    for (const auto& [name, reason] : list.unquantized) {
      file << '?' << name << reason << '\n';
    }
    for (const std::string& name : passed) {
      file << name << '\n';
    }
    return 0;
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<std::string> positional;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--backend" && i + 1 < argc) {
      options.backend = argv[++i];
    } else if (argument == "--quantize" && i + 1 < argc) {
      options.quantize = argv[++i];
    } else if (argument == "--verbose") {
      options.verbose = true;
    } else if (argument == "--write") {
      options.write = true;
    } else {
      positional.push_back(argument);
    }
  }
  if (positional.size() < 2 || !std::filesystem::is_directory(positional[0])) {
    std::cerr << "usage: node_test DATA_FOLDER ENABLED_LIST [--backend NAME] [--quantize ACT] [--verbose] [--write] "
                 "[CASE...]\n";
    return 2;
  }
  options.data = positional[0];
  options.list = positional[1];
  options.cases.assign(positional.begin() + 2, positional.end());
  return run_all(options);
}
