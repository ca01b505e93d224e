#ifndef PQSCOPE_ERROR_POOL_ERROR_HPP
#define PQSCOPE_ERROR_POOL_ERROR_HPP

#include <pqscope/error/error.hpp>

namespace pqscope {

/// A pool could not hand out a connection.
class pool_error : public error {
 public:
  using error::error;
};

/// No connection became free within the time allowed for waiting, or too many were waiting already.
class pool_timeout : public pool_error {
 public:
  using pool_error::pool_error;
};

/// The pool was closed before or while a connection was waited for.
class pool_closed : public pool_error {
 public:
  using pool_error::pool_error;
};

}  // namespace pqscope

#endif
