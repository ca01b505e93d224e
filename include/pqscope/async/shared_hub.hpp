#ifndef PQSCOPE_ASYNC_SHARED_HUB_HPP
#define PQSCOPE_ASYNC_SHARED_HUB_HPP

#include <pqscope/async/asio.hpp>
#include <pqscope/async/completion.hpp>
#include <pqscope/async/shared_line.hpp>
#include <pqscope/async/shared_statement.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/pool/pool.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace pqscope::async::detail {

/// Gives statements of many callers to few lines: each to the one that has the fewest, and another
/// line as long as there may be more of them.
class shared_hub final : public shared_ground {
 public:
  shared_hub(asio::any_io_executor on, pqscope::pool& from, std::size_t most_lines,
             std::size_t most_under_way, std::optional<libpq::clock::duration> each)
      : shared_ground{std::move(on), from, most_under_way}, most_lines_{most_lines}, each_{each} {}

  /// Completes when the statement has been answered, or has failed; it stays until then. A
  /// cancellation, of any type, ends it sooner.
  template <class Token>
  auto async_carry_out(shared_statement& which, Token&& token) {
    return asio::async_initiate<Token, void()>(
        [self = shared_from_this(), asked = &which](auto handler) {
          auto& hub = static_cast<shared_hub&>(*self);
          std::uint64_t const number = ++hub.numbers_;
          asked->number = number;
          auto slot = asio::get_associated_cancellation_slot(handler);
          if (slot.is_connected()) {
            slot.assign([of = std::weak_ptr<shared_ground>{self}, number](asio::cancellation_type) {
              if (auto const still = of.lock(); still != nullptr) {
                static_cast<shared_hub&>(*still).cancel(number);
              }
            });
          }
          hub.submit(*asked, make_completion(hub.executor, std::move(handler)));
        },
        token);
  }

 private:
  void submit(shared_statement& which, completion_ptr waiting) {
    which.waiting = std::move(waiting);
    if (each_) {
      auto const now = libpq::clock::now();
      which.until = *each_ > libpq::never - now ? libpq::never : now + *each_;
    }
    shared_line* line = nullptr;
    bool tells = false;
    {
      std::lock_guard const held{mutex};
      line = &choose();
      tells = line->add(which);
    }
    if (tells) {
      line->tell();
    }
  }

  /// The line for the next statement; with the mutex held.
  shared_line& choose() {
    shared_line* best = nullptr;
    for (auto const& each : lines) {
      bool const is_better =
          best == nullptr ||
          (each->lacks_connection() == best->lacks_connection() ? each->load() < best->load()
                                                                : best->lacks_connection());
      best = is_better ? each.get() : best;
    }
    if (best == nullptr || (best->load() > 0 && lines.size() < most_lines_)) {
      lines.push_back(std::make_unique<shared_line>(*this));
      best = lines.back().get();
    }
    return *best;
  }

  void cancel(std::uint64_t number) {
    shared_statement* found = nullptr;
    shared_line* line = nullptr;
    bool tells = false;
    completion* waiting = nullptr;
    {
      std::lock_guard const held{mutex};
      for (std::size_t i = 0; i < lines.size() && found == nullptr && !tells; ++i) {
        line = lines[i].get();
        found = line->cancel(number, tells);
      }
      if (found != nullptr) {
        waiting = found->waiting.release();
      }
    }
    if (found != nullptr) {
      char const* const message =
          found->answer ? "the operation was cancelled; the statement has been carried out"
                        : "the operation was cancelled; nothing was sent";
      found->failure =
          std::make_exception_ptr(operation_cancelled(message, true, found->text.where));
      waiting->complete();
    } else if (tells) {
      line->tell();
    }
  }

  std::size_t const most_lines_;
  std::optional<libpq::clock::duration> const each_;
  std::atomic<std::uint64_t> numbers_{0};
};

}  // namespace pqscope::async::detail

#endif
