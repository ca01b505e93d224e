// expect: a value within a composite, or the like, travels as text
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <string>

struct log_position {
  std::uint64_t value;
#ifndef PQSCOPE_MUST_NOT_COMPILE
  std::string to_string() const { return "0/" + std::to_string(value); }
#endif
};

template <>
struct pqscope::codec<log_position> {
  static constexpr oid_t type = oid::pg_lsn;
  static constexpr oid_t array_type = oid::pg_lsn_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "pg_lsn";
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::pg_lsn; }
  static void encode(log_position position, encoder& out) {
    out.put_int64(static_cast<std::int64_t>(position.value));
  }
};

struct checkpoint {
  int id;
  log_position at;
};

void probe(pqscope::connection& db) {
  db.execute("SELECT $1", pqscope::composite{checkpoint{1, {2}}});
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
