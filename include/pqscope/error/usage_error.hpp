#ifndef PQSCOPE_ERROR_USAGE_ERROR_HPP
#define PQSCOPE_ERROR_USAGE_ERROR_HPP

#include <pqscope/error/error.hpp>

namespace pqscope {

/// The library was used in a way that cannot work: a finished transaction, a parent scope while
/// its child lives, options that contradict each other.
///
/// Thrown in release builds too, before anything is sent: the connection is as it was before.
class usage_error : public error {
 public:
  using error::error;
};

}  // namespace pqscope

#endif
