#include <cstdint>
#include <pqscope/pqscope.hpp>

std::int64_t sum_of(pqscope::session& session) {
  return session.query<std::int64_t>("SELECT sum(n)::bigint FROM numbers").one();
}
