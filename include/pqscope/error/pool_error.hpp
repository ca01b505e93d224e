#ifndef PQSCOPE_ERROR_POOL_ERROR_HPP
#define PQSCOPE_ERROR_POOL_ERROR_HPP

#include <pqscope/error/error.hpp>

#include <chrono>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace pqscope {

/// A pool could not hand out a connection.
class pool_error : public error {
 public:
  using error::error;
};

/// Somebody who had a connection while another one waited for it in vain.
struct lease_holder {
  std::source_location where{};      ///< the call that took it
  std::chrono::nanoseconds held{0};  ///< how long ago that was
};

/// No connection became free within the time allowed for waiting, or too many were waiting already.
class pool_timeout : public pool_error {
 public:
  /// Makes an error without particulars.
  using pool_error::pool_error;
  /// Makes an error that knows why connecting failed, if it did, and who had the connections.
  explicit pool_timeout(std::string const& message, std::string cause,
                        std::vector<lease_holder> holders, std::source_location where = {})
      : pool_error(message, where),
        known_{std::make_shared<particulars const>(std::move(cause), std::move(holders))} {}

  /// Why there was no further connection: the last connect error since one succeeded; empty where
  /// connecting was not the problem.
  std::string const& cause() const noexcept { return known_->cause; }
  /// Who had a connection at that time, the longest first. Lives as long as this or a copy of it.
  std::vector<lease_holder> const& holders() const noexcept { return known_->holders; }

 private:
  struct particulars {
    particulars() = default;
    particulars(std::string why, std::vector<lease_holder> who)
        : cause(std::move(why)), holders(std::move(who)) {}

    std::string cause;
    std::vector<lease_holder> holders;
  };

  std::shared_ptr<particulars const> known_ = std::make_shared<particulars const>();
};

/// The pool was closed before or while a connection was waited for.
class pool_closed : public pool_error {
 public:
  using pool_error::pool_error;
};

}  // namespace pqscope

#endif
