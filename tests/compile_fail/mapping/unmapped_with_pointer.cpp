// expect: a field of the struct has no type that a column can have
#include <pqscope/mapping/select.hpp>

struct numbers {
  int a{};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  void* p{};
#else
  int p{};
#endif
};

int main() {
  return static_cast<int>(pqscope::select<numbers>().text().size());
}
