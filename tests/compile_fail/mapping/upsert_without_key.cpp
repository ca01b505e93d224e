// expect: the table has no primary key
#include <pqscope/mapping/insertion.hpp>

struct pair_of_numbers {
  int a{};
  int b{};
};

int main() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto const made = pqscope::upsert(pair_of_numbers{});
#else
  auto const made =
      pqscope::upsert(pair_of_numbers{}, pqscope::on_conflict<&pair_of_numbers::a>().do_update());
#endif
  return static_cast<int>(made.text().size());
}
