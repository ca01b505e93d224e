#ifndef PQSCOPE_CONNECTION_FITNESS_HPP
#define PQSCOPE_CONNECTION_FITNESS_HPP

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/status.hpp>

#include <string_view>

namespace pqscope::detail {

/// Whether a pool is to keep a connection, as the errors on it tell. Later ones are worse.
enum class fitness : unsigned char {
  fit,       ///< nothing speaks against it
  unfit,     ///< it is to be replaced
  outdated,  ///< it is to be replaced, and so are those made as long ago: the server has changed
};

/// What an error says of the connection that it came on.
///
/// 25006 is what is left of a primary that has become a standby, or that is to be replaced by one:
/// whether it is, the server reports since version 14. It says nothing of the server where the
/// transaction was asked to be read-only. 57P02 and 57P03 speak of the whole server,
/// 57P01, 57P05 and 25P03 of one session. Source: PostgreSQL, "Error Codes", "PQparameterStatus".
inline fitness judge(std::string_view sqlstate, libpq::connection_handle const& connection,
                     bool asked_read_only) noexcept {
  if (sqlstate == "25006") {
    bool const changed =
        !asked_read_only &&
        (libpq::parameter_status(connection, "in_hot_standby") == "on" ||
         libpq::parameter_status(connection, "default_transaction_read_only") == "on");
    return changed ? fitness::outdated : fitness::unfit;
  }
  if (sqlstate == "57P02" || sqlstate == "57P03") {
    return fitness::outdated;
  }
  bool const ended = sqlstate == "57P01" || sqlstate == "57P05" || sqlstate == "25P03";
  return ended ? fitness::unfit : fitness::fit;
}

}  // namespace pqscope::detail

#endif
