#ifndef PQSCOPE_ASYNC_HEEDED_HPP
#define PQSCOPE_ASYNC_HEEDED_HPP

#include <stop_token>
#include <utility>

namespace pqscope::async::detail {

/// A stop token that nobody ever asks, in place of none: the waits that heed a stop token are those
/// that a cancellation ends. What commits, rolls back and tidies up has none.
class stop_to_heed {
 public:
  /// Sets `stop` unless it has one.
  void give(std::stop_token& stop) const {
    if (!stop.stop_possible()) {
      stop = never_.get_token();
    }
  }

 private:
  std::stop_source never_;
};

/// Options with such a stop token, which lasts as long as they do.
template <class Options>
class heeded {
 public:
  explicit heeded(Options options) : options_{std::move(options)} { stop_.give(options_.stop); }
  /// The options.
  Options const& options() const noexcept { return options_; }

 private:
  stop_to_heed stop_;
  Options options_;
};

}  // namespace pqscope::async::detail

#endif
