// Attributes by name: each exactly once, of its own kind.
#include "formats/dsq/graph_reader.h"

#include <algorithm>
#include <set>

#include "formats/dsq/stored.h"
#include "src/ops/op_def.h"

namespace dsq {

template <class T>
Result<void> GraphReader::attribute(const fb::Attribute& stored, int depth, T& member) {
  const auto wrong = [&] { return invalid("attribute '{}' is of another kind", text_of(stored.name())); };
  constexpr bool kIsWord = std::is_same_v<T, DType> || std::is_same_v<T, std::string> || (std::is_enum_v<T>);
  constexpr bool kIsNumber = std::is_integral_v<T>;
  if constexpr (std::is_same_v<T, GraphRef>) {
    if (stored.graph() == nullptr) {
      return wrong();
    }
    member = std::make_shared<const Graph>(DSQ_TRY(graph(*stored.graph(), depth + 1)));
  } else if constexpr (kIsWord) {
    if (stored.words() == nullptr || stored.words()->size() != 1) {
      return wrong();
    }
    const flatbuffers::String* word = stored.words()->Get(0);
    if constexpr (std::is_same_v<T, DType>) {
      member = DSQ_TRY(dtype_of(word));
    } else if constexpr (std::is_same_v<T, std::string>) {
      member = DSQ_TRY(text(word));
    } else {
      constexpr auto kNames = names_of(T{});
      const auto found = std::ranges::find(kNames, text_of(word));
      if (found == kNames.end()) {
        return unknown("word", text_of(word));
      }
      member = static_cast<T>(found - kNames.begin());
    }
  } else if constexpr (kIsNumber) {
    if (stored.ints() == nullptr || stored.ints()->size() != 1 || !is_aligned(*stored.ints())) {
      return wrong();
    }
    const int64_t number = stored.ints()->Get(0);
    if (std::is_same_v<T, bool> && number != 0 && number != 1) {
      return wrong();
    }
    member = static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, float>) {
    if (stored.floats() == nullptr || stored.floats()->size() != 1) {
      return wrong();
    }
    member = stored.floats()->Get(0);
  } else if constexpr (std::is_same_v<T, Shape>) {
    if (stored.ints() == nullptr || !is_aligned(*stored.ints())) {
      return wrong();
    }
    DSQ_TRY(budget_.take(8 * uint64_t{stored.ints()->size()}));
    member.assign(stored.ints()->begin(), stored.ints()->end());
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    if (stored.floats() == nullptr) {
      return wrong();
    }
    DSQ_TRY(budget_.take(4 * uint64_t{stored.floats()->size()}));
    member.assign(stored.floats()->begin(), stored.floats()->end());
  } else {
    if (stored.words() == nullptr) {
      return wrong();
    }
    DSQ_TRY(budget_.take(stored.words()->size()));
    member.clear();
    constexpr auto kNames = names_of(typename T::value_type{});
    for (const flatbuffers::String* word : *stored.words()) {
      const auto found = std::ranges::find(kNames, text_of(word));
      if (found == kNames.end()) {
        return unknown("word", text_of(word));
      }
      member.push_back(static_cast<typename T::value_type>(found - kNames.begin()));
    }
  }
  return {};
}

Result<Attrs> GraphReader::attributes(OpKind op, const fb::Node& stored, int depth) {
  Attrs attrs = default_attrs(op);
  std::set<std::string_view> seen;
  if (stored.attributes() != nullptr) {
    for (const fb::Attribute* each : *stored.attributes()) {
      bool found = false;
      Result<void> status;
      visit_fields(attrs, [&](std::string_view name, auto& member) {
        if (name == text_of(each->name())) {
          found = true;
          status = attribute(*each, depth, member);
        }
      });
      DSQ_TRY(std::move(status));
      if (!found) {
        return unknown("attribute", text_of(each->name()));
      }
      const int kinds = (each->ints() != nullptr) + (each->floats() != nullptr) + (each->words() != nullptr) +
                        (each->graph() != nullptr);
      if (kinds != 1 || !seen.insert(text_of(each->name())).second) {
        return invalid("attribute '{}' is given twice", text_of(each->name()));
      }
    }
  }
  bool complete = true;
  visit_fields(attrs, [&](std::string_view, const auto& member) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, GraphRef>) {
      complete = complete && member != nullptr;
    }
  });
  if (!complete) {
    return invalid("{} lacks its nested graph", name_of(op));
  }
  return attrs;
}

}  // namespace dsq
