#ifndef PQSCOPE_TESTS_INTEGRATION_CONNECTION_SECURED_CLUSTER_HPP
#define PQSCOPE_TESTS_INTEGRATION_CONNECTION_SECURED_CLUSTER_HPP

#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/temporary_cluster.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/database.hpp"

namespace support {

/// Certificates of a throwaway authority, made with the openssl program.
class certificates {
 public:
  /// Whether openssl is there.
  static bool possible() { return std::system("openssl version >/dev/null 2>&1") == 0; }

  certificates() : folder_("/tmp", std::nullopt) {
    authority("ca");
    authority("other_ca");
    issue("server", "right.example");
    issue("cert_user", "cert_user");
    issue("somebody", "somebody");
  }

  /// A certificate, such as `server`.
  std::string certificate(std::string_view name) const { return file(name, ".crt"); }
  /// Its private key.
  std::string key(std::string_view name) const { return file(name, ".key"); }

 private:
  std::string file(std::string_view name, char const* ending) const {
    return (folder_.path() / std::string(name)).string() + ending;
  }
  static void openssl(std::string const& arguments) {
    if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0) {
      throw std::runtime_error("openssl " + arguments);
    }
  }
  std::string request(std::string const& name, std::string const& subject) const {
    return "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + subject +
           " -addext subjectAltName=DNS:" + subject + " -keyout " + key(name);
  }
  void authority(std::string const& name) const {
    openssl(request(name, name) + " -x509 -days 2 -out " + certificate(name));
  }
  void issue(std::string const& name, std::string const& subject) const {
    openssl(request(name, subject) + " -out " + file(name, ".csr"));
    openssl("x509 -req -days 2 -copy_extensions copy -CAcreateserial -CA " + certificate("ca") +
            " -CAkey " + key("ca") + " -in " + file(name, ".csr") + " -out " + certificate(name));
  }

  pqscope::testing::detail::temporary_folder folder_;
};

/// A server with TLS and one role for each way to authenticate, named after it.
class secured_cluster {
 public:
  /// The password of every role that has one.
  static constexpr char const* password = R"(p@ss/w:rd?#%'\)";

  /// The one of this process.
  static secured_cluster& instance() {
    static secured_cluster cluster;
    return cluster;
  }

  certificates const& files() const { return files_; }
  pqscope::testing::temporary_cluster& server() { return server_; }

  /// How to reach it by TCP as `user`: no password, no client certificate, nothing of the user's
  /// own folder.
  pqscope::config config_for(std::string const& user, std::string_view sslmode = "disable") const {
    pqscope::config to = server_.tcp_config();
    to.user = user;
    to.with("sslmode", sslmode)
        .with("sslrootcert", files_.certificate("ca"))
        .with("sslcert", "/nonexistent/client.crt")
        .with("sslkey", "/nonexistent/client.key")
        .with("passfile", "/nonexistent/passfile")
        .with("gssencmode", "disable");
    return to;
  }

 private:
  secured_cluster()
      : server_({.hba = {"host all trust_user all trust", "host all password_user all password",
                         "host all md5_user all md5", "host all scram_user all scram-sha-256",
                         "hostssl all cert_user all cert", "host all cert_user all reject",
                         "hostssl all tls_user all trust", "host all tls_user all reject"},
                 .tcp = true,
                 .ssl_certificate = files_.certificate("server"),
                 .ssl_key = files_.key("server"),
                 .ssl_authority = files_.certificate("ca")}) {
    std::string const secret = R"('p@ss/w:rd?#%''\')";
    witness(server_.url())
        .execute(
            "CREATE ROLE trust_user LOGIN; CREATE ROLE tls_user LOGIN;"
            " CREATE ROLE cert_user LOGIN; SET password_encryption = 'md5';"
            " CREATE ROLE md5_user LOGIN PASSWORD " +
            secret +
            "; SET password_encryption = 'scram-sha-256';"
            " CREATE ROLE scram_user LOGIN PASSWORD " +
            secret + "; CREATE ROLE password_user LOGIN PASSWORD " + secret);
  }

  certificates files_;
  pqscope::testing::temporary_cluster server_;
};

}  // namespace support

#endif
