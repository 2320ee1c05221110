// Runs a model on request, for compare_ort.py:  bench_runner MODEL INPUTS.npz BACKEND THREADS
//
// MODEL is .onnx, .dsq or .dsir (the text form). Commands come on standard input, one a line, and each is answered by one
// line: `run N` (the seconds of N runs), `save FILE.npz` (the outputs), `profile N` (a table by operator, an empty line).
#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <sstream>

#include "formats/npy/npy.h"
#include "src/runner/runner.h"
#include "src/toolchain/load.h"

namespace {

using namespace dsq;
using Clock = std::chrono::steady_clock;

[[noreturn]] void stop(const Error& error) {
  std::cerr << error.what << " (" << error.where << ")\n";
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    stop(result.error());
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

Graph load(const std::string& path) {
  Diagnostics diagnostics;
  Model model = must(load_model(path, {}, diagnostics));
  must(make_fast(model.graph, diagnostics));
  return std::move(model.graph);
}

void print_profile(Runner& runner, const std::vector<Tensor>& inputs, int rounds) {
  std::vector<NodeProfile> nodes;
  Executable* executable = must(runner.executable_for(inputs));
  double total = 0;
  for (int i = 0; i < rounds; ++i) {
    must(executable->run(inputs, {}, &nodes));
  }
  std::map<std::string, std::pair<double, int>> by_op;
  for (const NodeProfile& node : nodes) {
    auto& [seconds, count] = by_op[std::string(name_of(node.op))];
    seconds += node.seconds / rounds;
    ++count;
    total += node.seconds / rounds;
  }
  std::vector<std::pair<double, std::string>> rows;
  for (const auto& [op, cost] : by_op) {
    rows.emplace_back(cost.first, fmt::format("{:<20} {:>4} x {:>9.3f} ms {:>5.1f} %", op, cost.second,
                                              cost.first * 1e3, 100 * cost.first / total));
  }
  std::sort(rows.rbegin(), rows.rend());
  for (const auto& [seconds, row] : rows) {
    std::cout << row << "\n";
  }
  std::ranges::sort(nodes, {}, [](const NodeProfile& n) { return -n.seconds; });
  for (size_t i = 0; i < std::min<size_t>(12, nodes.size()); ++i) {
    std::cout << fmt::format("  {:<16} {:<40} {:>9.3f} ms\n", name_of(nodes[i].op), nodes[i].name,
                             nodes[i].seconds / rounds * 1e3);
  }
  std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "bench_runner MODEL INPUTS.npz BACKEND THREADS\n";
    return 2;
  }
  Runner runner(load(argv[1]), {argv[3], std::stoi(argv[4]), {}});
  const npy::NamedTensors arrays = must(npy::read(argv[2]));
  std::vector<Tensor> inputs;
  for (const ValueId id : runner.graph().inputs()) {
    const auto found = std::ranges::find(arrays, runner.graph().value(id).name, &std::pair<std::string, Tensor>::first);
    if (found == arrays.end()) {
      stop(fail(Code::data_mismatch, "no array '{}'", runner.graph().value(id).name));
    }
    inputs.push_back(found->second);
  }
  std::vector<Tensor> outputs = must(runner.run(inputs));
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    std::string argument;
    words >> command >> argument;
    if (command == "run") {
      for (int i = 0; i < std::stoi(argument); ++i) {
        const Clock::time_point start = Clock::now();
        outputs = must(runner.run(inputs));
        std::cout << std::chrono::duration<double>(Clock::now() - start).count() << ' ';
      }
      std::cout << std::endl;
    } else if (command == "save") {
      npy::NamedTensors named;
      for (size_t i = 0; i < outputs.size(); ++i) {
        named.emplace_back(runner.graph().value(runner.graph().outputs()[i]).name, outputs[i]);
      }
      must(npy::write_npz(argument, named));
      std::cout << "saved" << std::endl;
    } else if (command == "profile") {
      print_profile(runner, inputs, std::stoi(argument));
    }
  }
  return 0;
}
