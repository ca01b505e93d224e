// A commit whose answer is lost, and how to find out what became of it. A proxy between program and
// server cuts the connection once before and once after COMMIT has reached the server.

#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string_view>

namespace {

using namespace std::chrono_literals;

std::int64_t rows(pqscope::config const& server) {
  return pqscope::connection{server}
      .query<std::int64_t>("SELECT count(*) FROM payments_of_a_tour")
      .one();
}

void pay(pqscope::config const& through, pqscope::config const& server, std::string_view title) {
  std::cout << title << '\n';
  // [in_doubt]
  try {
    pqscope::with_session(through, [](pqscope::session& s) {
      s.execute("INSERT INTO payments_of_a_tour VALUES ($1)", "a payment");
    });
  } catch (pqscope::commit_in_doubt const& doubt) {
    auto const fate = pqscope::resolve(server, doubt, 5s);
    std::cout << "  in doubt; the server says: " << to_string(fate) << '\n';
  }
  // [in_doubt]
  std::cout << "  rows in the table: " << rows(server) << '\n';
}

}  // namespace

int main() {
  auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  pqscope::connection admin{server};
  admin.execute("CREATE TABLE payments_of_a_tour (what text)");
  {
    pqscope::faulty_proxy proxy{server};
    proxy.cut_before("COMMIT");
    pay(proxy.config(), server, "cut before COMMIT reached the server");
    proxy.cut_after("COMMIT");
    pay(proxy.config(), server, "cut after COMMIT, before its answer arrived");

    std::cout << "the same, with the session asking by itself\n";
    proxy.cut_after("COMMIT");
    // [resolve]
    pqscope::with_session(proxy.config(), {.on_in_doubt = pqscope::on_in_doubt::resolve},
                          [](pqscope::session& s) {
                            s.execute("INSERT INTO payments_of_a_tour VALUES ($1)", "a payment");
                            s.after_commit([] { std::cout << "  known to be committed\n"; });
                          });
    // [resolve]
    std::cout << "  rows in the table: " << rows(server) << '\n';
  }
  admin.execute("DROP TABLE payments_of_a_tour");
}
