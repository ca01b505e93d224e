// W7: taking a connection from a pool and giving it back.

#include <pqscope/pqscope.hpp>

#include "../threads.hpp"

namespace {

void run(bench::task& todo, pqscope::health_check check) {
  pqscope::pool of{pqscope::config{},
                   {.min_size = todo.threads,
                    .max_size = todo.threads,
                    .health_check = check,
                    .open_at_construction = true}};
  bench::by_threads(todo, [&] {
    pqscope::lease const taken = of.acquire();
    bench::keep(taken);
    return static_cast<bool>(taken);
  });
}

void without_check(bench::task& todo) {
  run(todo, pqscope::health_check::none);
}

void by_default(bench::task& todo) {
  run(todo, pqscope::pool_options{}.health_check);
}

bench::variant const variants[] = {
    {"w7_unchecked", without_check},
    {"w7", by_default},
};

}  // namespace
