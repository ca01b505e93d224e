#ifndef PQSCOPE_TESTS_SUPPORT_RAW_CONNECTION_HPP
#define PQSCOPE_TESTS_SUPPORT_RAW_CONNECTION_HPP

#include <libpq-fe.h>

#include <memory>
#include <string>

namespace support {

/// A connection of plain, blocking libpq for tests of the test tools themselves; nothing throws.
class raw_connection {
 public:
  /// Connects, or does not: see ok().
  explicit raw_connection(std::string const& conninfo) : conn_(PQconnectdb(conninfo.c_str())) {
    PQsetNoticeProcessor(conn_.get(), [](void*, char const*) {}, nullptr);
  }

  /// Whether libpq takes the connection for a good one.
  bool ok() const { return PQstatus(conn_.get()) == CONNECTION_OK; }
  /// libpq's last error message.
  std::string error() const { return PQerrorMessage(conn_.get()); }
  /// libpq's handle.
  PGconn* get() const { return conn_.get(); }

  /// Runs a statement by the simple protocol: its first value, else its command tag, else "error".
  std::string exec(std::string const& sql) { return told(PQexec(conn_.get(), sql.c_str())); }
  /// The same by the extended protocol.
  std::string exec_params(std::string const& sql) {
    return told(PQexecParams(conn_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
  }
  /// Prepares a statement.
  std::string prepare(std::string const& name, std::string const& sql) {
    return told(PQprepare(conn_.get(), name.c_str(), sql.c_str(), 0, nullptr));
  }
  /// Executes a prepared statement.
  std::string exec_prepared(std::string const& name) {
    return told(PQexecPrepared(conn_.get(), name.c_str(), 0, nullptr, nullptr, nullptr, 0));
  }

 private:
  struct deleter {
    void operator()(PGconn* conn) const noexcept { PQfinish(conn); }
  };

  static std::string told(PGresult* result) {
    ExecStatusType const status = PQresultStatus(result);
    std::string what = "error";
    if (status == PGRES_TUPLES_OK) {
      what = PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0)
                                                            : PQcmdStatus(result);
    } else if (status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
      what = PQcmdStatus(result);
    }
    PQclear(result);
    return what;
  }

  std::unique_ptr<PGconn, deleter> conn_;
};

}  // namespace support

#endif
