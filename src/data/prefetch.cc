#include "src/data/prefetch.h"

#include "src/support/exceptions.h"
#include "src/support/parallel.h"

namespace dsq {

Prefetch::Prefetch(const Dataset& data, int64_t step) : data_(data), step_(step) {}

Prefetch::Batch Prefetch::read(int64_t first) const {
  return data_.batch(first, std::min(step_, data_.size() - first));
}

Prefetch::Batch Prefetch::next() {
  Batch batch = ahead_ ? ahead_->get() : read(at_);
  ahead_.reset();
  at_ += step_;
  if (data_.streams() && at_ < data_.size()) {
    ahead_ = std::async(std::launch::async, [this, first = at_, threads = thread_count()]() -> Batch {
      try {
        const ThreadScope scope(threads);
        return read(first);
      } catch (const std::exception& exception) {
        return error_of(exception);
      }
    });
  }
  return batch;
}

}  // namespace dsq
