// dsquant explain: an error code in full.
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/table.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

// E105, e105, 105 and error[E105], as it may have been copied from a log.
Result<const CodeInfo*> find_code(const std::string& given) {
  std::string word = given.substr(given.find('[') + 1);
  word.resize(std::min(word.find(']'), word.size()));
  word = (word.empty() || word.front() < '0' || word.front() > '9' ? "" : "e") + lower(word);
  std::vector<std::string> names;
  for (const CodeInfo& info : all_codes()) {
    if (lower(code_name(info.code)) == word) {
      return &info;
    }
    names.push_back(code_name(info.code));
  }
  return fail(Code::usage, "there is no code '{}'; nearest is '{}'", given, nearest(word, names))
      .hint("see `dsquant list codes`");
}

}  // namespace

Action define_explain(CLI::App& app) {
  const auto common = std::make_shared<Common>();
  const auto code = std::make_shared<std::string>();
  app.add_option("CODE", *code, "an error code, such as E105")->required()->type_name("CODE");
  add_json(app, *common);
  return [common, code](Console& console) -> Result<Exit> {
    const CodeInfo* info = DSQ_TRY(find_code(*code));
    common->json ? console.print_json(explanation_json(*info))
                 : console.print(fitted(explanation_text(*info, help_width())));
    return Exit::ok;
  };
}

}  // namespace dsq::cli
