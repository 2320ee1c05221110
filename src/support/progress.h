// Progress: libraries report, cli/ draws. The default does nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace dsq {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void begin(std::string_view /*phase*/, int64_t /*total*/) {}
  virtual void step(int64_t /*done*/) {}
  virtual void end() {}
};

}  // namespace dsq
