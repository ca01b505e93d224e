// expect: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

#include <string>

class money_of_mine {
 public:
  explicit money_of_mine(int given) : cents_{given} {}
  int cents() const { return cents_; }

 private:
  int cents_;
};

struct product {
  int id;
#ifdef PQSCOPE_MUST_NOT_COMPILE
  money_of_mine price;
#else
  std::string price;
#endif
};

void snippet(pqscope::connection& conn) {
  auto const rows = conn.query<product>("SELECT 1 AS id, 'a' AS price");
  static_cast<void>(rows.size());
}
