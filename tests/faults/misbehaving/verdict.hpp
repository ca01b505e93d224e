#ifndef PQSCOPE_TESTS_FAULTS_MISBEHAVING_VERDICT_HPP
#define PQSCOPE_TESTS_FAULTS_MISBEHAVING_VERDICT_HPP

#include <chrono>
#include <pqscope/pqscope.hpp>
#include <string>

#include "support/scripted_server.hpp"

namespace support {

/// What came of an action: `done`, or the class of the exception, the SQLSTATE where it has one,
/// and `usable` where it says that the connection is.
template <class Action>
std::string verdict(Action const& action) {
  auto const told = [](std::string name, std::string_view sqlstate, bool usable) {
    if (!sqlstate.empty()) {
      name.append(" ").append(sqlstate);
    }
    return name + (usable ? " usable" : "");
  };
  try {
    action();
    return "done";
  } catch (pqscope::usage_error const& failure) {
    return told("usage_error", "", failure.connection_usable());
  } catch (pqscope::deadline_exceeded const& failure) {
    return told("deadline_exceeded", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::operation_cancelled const& failure) {
    return told("operation_cancelled", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::connection_lost const& failure) {
    return told("connection_lost", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::connection_busy const& failure) {
    return told("connection_busy", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::connection_error const& failure) {
    return told("connection_error", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::commit_in_doubt const& failure) {
    return told("commit_in_doubt", "", failure.connection_usable());
  } catch (pqscope::transaction_rolled_back const& failure) {
    return told("transaction_rolled_back", "", failure.connection_usable());
  } catch (pqscope::server_error const& failure) {
    return told("server_error", failure.sqlstate(), failure.connection_usable());
  } catch (pqscope::error const& failure) {
    return told("error", "", failure.connection_usable());
  }
}

/// A connection with no deadline whose patience beyond all limits is short.
inline pqscope::connection impatient(scripted_server const& server,
                                     pqscope::connection_options const& options = {}) {
  pqscope::connection conn{pqscope::config::from_url(server.url()), options};
  conn.core_for({}).patience = {.drain = std::chrono::milliseconds{60},
                                .recovery = std::chrono::milliseconds{120}};
  return conn;
}

}  // namespace support

#endif
