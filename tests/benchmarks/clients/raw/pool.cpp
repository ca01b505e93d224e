// W7: the least a pool can be.

#include <memory>
#include <mutex>

#include "../threads.hpp"
#include "raw.hpp"

namespace {

class pool {
 public:
  explicit pool(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      idle_.push_back(std::make_unique<raw::connection>());
    }
  }
  std::unique_ptr<raw::connection> take() {
    std::lock_guard const held(mutex_);
    auto taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  void give_back(std::unique_ptr<raw::connection> taken) {
    std::lock_guard const held(mutex_);
    idle_.push_back(std::move(taken));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<raw::connection>> idle_;
};

void mutex_and_vector(bench::task& todo) {
  pool of(todo.threads);
  bench::by_threads(todo, [&] {
    auto taken = of.take();
    bench::keep(taken);
    bool const had = taken != nullptr;
    of.give_back(std::move(taken));
    return had;
  });
}

bench::variant const variants[] = {
    {"w7", mutex_and_vector},
};

}  // namespace
