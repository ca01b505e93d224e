#ifndef PQSCOPE_ASYNC_LEFTOVERS_HPP
#define PQSCOPE_ASYNC_LEFTOVERS_HPP

#include <memory>
#include <utility>
#include <vector>

namespace pqscope::async::detail {

/// Streams and cursors whose handles went before their end. They speak to the server when they
/// are left, so that has to happen on the fiber.
class leftovers {
 public:
  void add(std::shared_ptr<void> what) noexcept {
    try {
      left_.push_back(std::move(what));
    } catch (...) {  // no memory: left here and now, which blocks
    }
  }
  /// On the fiber: leaves them.
  void leave() noexcept {
    while (!left_.empty()) {
      std::shared_ptr<void> const last = std::move(left_.back());
      left_.pop_back();
    }
  }

 private:
  std::vector<std::shared_ptr<void>> left_;
};

}  // namespace pqscope::async::detail

#endif
