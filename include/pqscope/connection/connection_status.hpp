#ifndef PQSCOPE_CONNECTION_CONNECTION_STATUS_HPP
#define PQSCOPE_CONNECTION_CONNECTION_STATUS_HPP

#include <string_view>

namespace pqscope {

/// Where a connection stands, as libpq and the server's last ReadyForQuery tell it.
enum class connection_status : unsigned char {
  idle,                   ///< ready, outside any transaction
  in_transaction,         ///< ready, inside a transaction
  in_failed_transaction,  ///< inside a transaction in which a statement failed: it can only end
  busy,                   ///< in the middle of an exchange
  broken,                 ///< lost, or in a state nobody can vouch for: only to be closed
  closed,                 ///< closed, released or moved from
};

/// The enumerator's name, such as `in_transaction`.
constexpr std::string_view to_string(connection_status status) noexcept {
  switch (status) {
    case connection_status::idle:
      return "idle";
    case connection_status::in_transaction:
      return "in_transaction";
    case connection_status::in_failed_transaction:
      return "in_failed_transaction";
    case connection_status::busy:
      return "busy";
    case connection_status::broken:
      return "broken";
    case connection_status::closed:
      break;
  }
  return "closed";
}

}  // namespace pqscope

#endif
