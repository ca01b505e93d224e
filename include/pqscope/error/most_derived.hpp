#ifndef PQSCOPE_ERROR_MOST_DERIVED_HPP
#define PQSCOPE_ERROR_MOST_DERIVED_HPP

#include <pqscope/error/raise.hpp>
#include <pqscope/error/server_error.hpp>

#include <exception>
#include <memory>

namespace pqscope::detail {

/// A copy of `from` as the class `throw_server_error()` throws for it, for keeping it as such.
///
/// It throws and catches it: for errors that end a transaction, not for a hot path.
inline std::shared_ptr<server_error const> most_derived(server_error const& from) {
  try {
    throw_server_error(from);
  } catch (server_error const& thrown) {
    return {std::make_shared<std::exception_ptr>(std::current_exception()), &thrown};
  }
}

}  // namespace pqscope::detail

#endif
