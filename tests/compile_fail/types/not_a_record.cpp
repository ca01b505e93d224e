// expect: record
#include <pqscope/types/record.hpp>

#include <string>

struct subject {
  int id;
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
using target = std::string;
#else
using target = subject;
#endif

int main() {
  target value{};
  pqscope::for_each_field(value, [](auto&) {});
}
