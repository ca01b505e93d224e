#ifndef PQSCOPE_TESTS_BENCHMARKS_THREADS_HPP
#define PQSCOPE_TESTS_BENCHMARKS_THREADS_HPP

// W7: threads that take connections from a pool and give them back.

#include <atomic>
#include <barrier>
#include <thread>

#include "bench.hpp"

namespace bench {

/// Calls `use()`, which answers whether it had a connection, `count` times in all, by `threads`
/// threads that begin together.
template <class Use>
void by_threads(task& todo, Use const& use) {
  std::size_t const each = todo.count / todo.threads;
  std::atomic<std::uint64_t> had = 0;
  std::barrier ready(static_cast<std::ptrdiff_t>(todo.threads) + 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < todo.threads; ++i) {
    threads.emplace_back([&] {
      for (std::size_t n = 0; n < todo.warm_up; ++n) {
        use();
      }
      ready.arrive_and_wait();
      ready.arrive_and_wait();
      std::uint64_t mine = 0;
      for (std::size_t n = 0; n < each; ++n) {
        mine += use() ? 1U : 0U;
      }
      had += mine;
    });
  }
  todo.count = each * todo.threads;
  ready.arrive_and_wait();  // all are warm
  todo.start();
  ready.arrive_and_wait();
  for (std::thread& thread : threads) {
    thread.join();
  }
  todo.stop();
  todo.checksum = had;
}

}  // namespace bench

#endif
