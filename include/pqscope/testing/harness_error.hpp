#ifndef PQSCOPE_TESTING_HARNESS_ERROR_HPP
#define PQSCOPE_TESTING_HARNESS_ERROR_HPP

#include <pqscope/error/error.hpp>

namespace pqscope::testing {

/// Thrown when a tool of the testing wing cannot do its work: PostgreSQL's programs are missing,
/// a temporary server does not start, no socket can be opened.
///
/// `what()` holds what was tried and, for a server, the end of its log.
class harness_error : public error {
 public:
  using error::error;
};

}  // namespace pqscope::testing

#endif
