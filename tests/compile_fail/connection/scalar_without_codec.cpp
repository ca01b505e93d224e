// expect: pqscope
#include <pqscope/pqscope.hpp>

class opaque {
 public:
  explicit opaque(int given) : value_{given} {}
  int value() const { return value_; }

 private:
  int value_;
};

void snippet(pqscope::connection& conn) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto const rows = conn.query<opaque>("SELECT 1");
#else
  auto const rows = conn.query<int>("SELECT 1");
#endif
  static_cast<void>(rows.size());
}
