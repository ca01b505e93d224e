#ifndef PQSCOPE_ASYNC_SHARED_LINE_HPP
#define PQSCOPE_ASYNC_SHARED_LINE_HPP

#include <pqscope/async/asio.hpp>
#include <pqscope/async/completion.hpp>
#include <pqscope/async/fiber.hpp>
#include <pqscope/async/patient_watch.hpp>
#include <pqscope/async/shared_list.hpp>
#include <pqscope/async/shared_statement.hpp>
#include <pqscope/async/unwanted_watch.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/core_relay.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/libpq/coarse_clock.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/pool/lease.hpp>
#include <pqscope/pool/pool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stop_token>
#include <utility>
#include <vector>

namespace pqscope::async::detail {

class shared_line;

/// What the lines of a `shared_connections` have in common; the mutex guards their lists, and what
/// they tell of themselves.
class shared_ground : public std::enable_shared_from_this<shared_ground> {
 public:
  shared_ground(asio::any_io_executor on, pqscope::pool& from, std::size_t most_under_way)
      : executor{std::move(on)}, pool{from}, depth{most_under_way} {}

  asio::any_io_executor const executor;  ///< where they run
  pqscope::pool& pool;                   ///< where their connections are from
  std::size_t const depth;               ///< statements under way on one of them, at most
  std::mutex mutex{};
  std::vector<std::unique_ptr<shared_line>> lines{};  ///< those that there have been so far
};

/// Carries out statements of many callers on one connection of the pool at a time.
///
/// While there are statements it has a fiber, and nothing of Asio's otherwise: it takes a
/// connection, posts what has come meanwhile, hands out what has been answered, and gives the
/// connection back when there is nothing left to do, or others wait for one.
class shared_line final : private fiber_chores {
 public:
  explicit shared_line(shared_ground& of) noexcept : ground_{of} {}
  shared_line(shared_line const&) = delete;
  shared_line& operator=(shared_line const&) = delete;
  ~shared_line() {
    if (fiber_ != nullptr) {
      fiber_->abandon();
    }
  }

  // What follows with the mutex held.

  /// How many statements it has.
  std::size_t load() const noexcept { return load_; }
  /// Whether it has a connection.
  bool serves() const noexcept { return serves_; }
  /// Whether it has to do without one for longer than it takes to ask.
  bool lacks_connection() const noexcept { return lacks_connection_; }
  /// Gives it a statement; `tell` comes next, with the mutex released, where this answers true.
  bool add(shared_statement& which, bool goes_alone = false) noexcept {
    (goes_alone ? alone_ : queue_).add_in_time(which);
    ++load_;
    return !std::exchange(told_, true);
  }
  /// Takes back the one of that number, if it has not been sent; else it ends with its line's next
  /// turn, if it is there. `tell` comes next where `needs_turn` is set.
  shared_statement* cancel(std::uint64_t number, bool& needs_turn) noexcept {
    for (shared_list* const list : {&queue_, &alone_}) {
      if (shared_statement* const found = list->find(number); found != nullptr) {
        list->remove(*found);
        --load_;
        if (load_ == 0 && acquiring_) {
          acquiring_->request_stop();
        }
        return found;
      }
    }
    if (shared_statement* const found = posted_.find(number); found != nullptr) {
      found->interrupted = true;
      any_interrupted_ = true;
      needs_turn = !std::exchange(told_, true);
    } else if (alone_now_ != nullptr && alone_now_->number == number) {
      alone_now_->stops->request_stop();
    }
    return nullptr;
  }

  // What follows with the mutex released.

  /// Has it look at what it was given.
  void tell() {
    bool starts = false;
    std::shared_ptr<fiber> running;
    {
      std::lock_guard const held{ground_.mutex};
      starts = !std::exchange(runs_, true);
      running = fiber_;
    }
    if (starts) {
      asio::post(ground_.executor, begin{ground_.shared_from_this(), this});
    } else if (running != nullptr) {  // else it has yet to begin
      running->unpark();
    }
  }

 private:
  using lock = std::lock_guard<std::mutex>;
  using core = pqscope::detail::connection_core;
  using relay = pqscope::detail::core_relay<>;
  using clock = libpq::clock;

  static constexpr std::chrono::milliseconds turn{10};    // before those who wait for a connection
  static constexpr std::chrono::seconds longest_turn{1};  // so that the pool can see to it

  /// Goes on with a line. Where Asio drops it instead its context has ended, and so has the line.
  class turn_of {
   public:
    turn_of(std::shared_ptr<shared_ground> of, shared_line* line) noexcept
        : of_{std::move(of)}, line_{line} {}
    turn_of(turn_of&&) noexcept = default;
    turn_of& operator=(turn_of&&) noexcept = default;
    ~turn_of() {
      if (of_ != nullptr) {
        line_->forget();
      }
    }

   protected:
    std::shared_ptr<shared_ground> of_;
    shared_line* line_;
  };
  struct begin : turn_of {
    using turn_of::turn_of;
    void operator()() { this->line_->start(std::move(this->of_)); }
  };
  struct end : turn_of {
    using turn_of::turn_of;
    void operator()() { this->line_->ended(std::move(this->of_)); }
  };

  void start(std::shared_ptr<shared_ground> of) {
    if (fiber_ == nullptr) {
      auto made = std::make_shared<fiber>(ground_.executor);
      made->set_chores(this);
      lock const held{ground_.mutex};
      fiber_ = std::move(made);
    }
    fiber_->reserve();
    fiber_->async_run({&shared_line::run, this}, end{std::move(of), this});
  }
  void ended(std::shared_ptr<shared_ground> of) {
    std::shared_ptr<fiber> idle;
    {
      lock const held{ground_.mutex};
      runs_ = has_work();
      if (!runs_) {
        told_ = false;
        idle = std::move(fiber_);
        return;
      }
    }
    start(std::move(of));
  }
  /// The context has ended: nobody will be told anything any more.
  void forget() noexcept {
    if (fiber_ != nullptr) {
      fiber_->abandon();
    }
    for (;;) {
      completion_ptr dropped;
      lock const held{ground_.mutex};
      for (shared_list* const list : {&queue_, &posted_, &alone_}) {
        if (shared_statement* const each = list->take_first(); each != nullptr) {
          dropped = std::move(each->waiting);
          break;
        }
      }
      if (dropped == nullptr) {
        break;
      }
    }
    std::shared_ptr<fiber> const ended = std::move(fiber_);
  }

  bool has_work() const noexcept { return !queue_.empty() || !alone_.empty(); }
  bool has_work_now() noexcept {
    lock const held{ground_.mutex};
    return has_work();
  }

  static void run(void* self) noexcept { static_cast<shared_line*>(self)->run(); }
  void run() noexcept {
    constexpr int most_lost = 3;
    for (int lost = 0; !fiber_->is_abandoned() && has_work_now();) {
      try {
        pqscope::lease const on = take_connection();
        if (on) {
          serve(on->core_for({}));
          lost = 0;
        }
      } catch (connection_lost const&) {  // before anything was sent on it
        if (++lost == most_lost) {
          fail_all(std::current_exception());
        }
      } catch (...) {
        fail_all(std::current_exception());
      }
      lock const held{ground_.mutex};
      serves_ = lacks_connection_ = false;
      acquiring_.reset();
    }
  }

  /// A connection. While there is none, statements go to a line that has one.
  pqscope::lease take_connection() {
    std::source_location where;
    {
      lock const held{ground_.mutex};
      shared_statement const* const first = queue_.empty() ? alone_.first() : queue_.first();
      if (first == nullptr) {
        return {};
      }
      where = first->text.where;
    }
    pqscope::lease idle = ground_.pool.try_acquire(where);
    if (!idle) {
      bool const handed = hand_over();
      if (handed) {
        pool_stats const all = ground_.pool.stats();
        if (all.size >= all.max_size) {
          return {};
        }
      }
      idle = wait_for_connection(handed, where);
      if (!idle) {
        return {};
      }
    }
    lock const held{ground_.mutex};
    acquiring_.reset();
    lacks_connection_ = false;
    serves_ = true;
    return idle;
  }

  /// A connection that others give back, or a new one. None once nobody waits for it any more, or
  /// somebody's time is over, who is told so.
  /// \param for_others those for whom it was wanted have gone to another line
  pqscope::lease wait_for_connection(bool for_others, std::source_location const& where) {
    acquire_options limits;
    std::uint64_t last = 0;
    clock::time_point const until = end_of_first({&queue_, &alone_});
    {
      lock const held{ground_.mutex};
      if (load_ == 0 && !for_others) {
        return {};
      }
      limits.stop = acquiring_.emplace().get_token();
      for (shared_list const* const list : {&queue_, &alone_}) {
        last = list->empty() ? last : pqscope::detail::greatest(last, list->last()->number);
      }
    }
    if (until != libpq::never) {
      limits.deadline = until;
    }
    try {
      return ground_.pool.acquire(limits, where);
    } catch (pool_timeout const&) {  // who came later waits on
      if (!for_others) {
        fail_all(std::current_exception(), last);
      }
    } catch (operation_cancelled const&) {
      if (!limits.stop.stop_requested()) {
        throw;
      }
    } catch (deadline_exceeded const&) {
      if (clock::now() < until) {
        throw;
      }
    } catch (connection_error const&) {
      if (!for_others) {
        throw;
      }
    }
    expire(queue_, nullptr);
    expire(alone_, nullptr);
    return {};
  }

  /// When the time of the first of some lists is over.
  clock::time_point end_of_first(std::initializer_list<shared_list const*> lists) {
    lock const held{ground_.mutex};
    clock::time_point until = libpq::never;
    for (shared_list const* const each : lists) {
      until = each->empty() ? until : pqscope::detail::least(until, each->first()->until);
    }
    return until;
  }

  /// Gives its statements to another line, if there is one with a connection.
  bool hand_over() {
    shared_line* best = nullptr;
    bool tells = false;
    {
      lock const held{ground_.mutex};
      lacks_connection_ = true;
      for (auto const& each : ground_.lines) {
        if (each->serves_ && (best == nullptr || each->load_ < best->load_)) {
          best = each.get();
        }
      }
      if (best == nullptr) {
        return false;
      }
      while (shared_statement* const each = queue_.take_first()) {
        --load_;
        tells = best->add(*each) || tells;
      }
      while (shared_statement* const each = alone_.take_first()) {
        --load_;
        tells = best->add(*each, true) || tells;
      }
    }
    if (tells) {
      best->tell();
    }
    return true;
  }

  static bool is_whole(core const& on) noexcept { return on.status() == connection_status::idle; }

  void serve(core& on) {
    since_ = libpq::coarse_now();
    look_at_ = since_ + turn;
    gives_back_ = false;
    do {
      share(on);
    } while (is_whole(on) && carry_out_alone(on) && !gives_back_);
  }

  /// Carries out statements among others, until there are none, or something else is to be done.
  void share(core& on) {
    std::source_location where;
    {
      lock const held{ground_.mutex};
      if (queue_.empty()) {
        return;
      }
      where = queue_.first()->text.where;
    }
    relay through{on, where};
    for (;;) {
      bool any = post(through, on);
      through.resume();
      while (pqscope::detail::relayed_statement* const answered = through.take()) {
        hand_out(static_cast<shared_statement&>(*answered), on);
        any = true;
      }
      if (through.is_lost() || fiber_->is_abandoned()) {
        return;
      }
      if (any) {
        watch_.found();
        yield();  // those who have been answered may ask for more
      } else if (!through.empty()) {
        watch_.goes_on(on.limits.spin) ? yield() : await(through);
      } else if (!may_share_more()) {
        return;
      }
    }
  }

  bool may_share_more() {
    lock const held{ground_.mutex};
    return !gives_back_ && alone_.empty() && !queue_.empty();
  }

  /// Looks now and then whether to give the connection back.
  void look_up(relay const& through) {
    gives_back_ = gives_back_ || through.is_severed();
    if (!gives_back_ && libpq::coarse_now() >= look_at_) {
      look_at_ = libpq::coarse_now() + turn;
      gives_back_ = look_at_ - since_ > longest_turn || ground_.pool.stats().waiting > 0;
    }
  }

  /// Posts what has come; whether anybody has been told something.
  bool post(relay& through, core& on) {
    look_up(through);
    bool any = expire_all(through);
    shared_statement* next = nullptr;
    bool forgets = false;
    {
      lock const held{ground_.mutex};
      told_ = false;
      forgets = std::exchange(any_interrupted_, false);
      bool const stops = gives_back_ || !alone_.empty();
      for (std::size_t i = through.size(); !stops && i < ground_.depth && !queue_.empty(); ++i) {
        shared_statement* const each = queue_.take_first();
        posted_.push_back(*each);
        next = next == nullptr ? each : next;
      }
    }
    while (next != nullptr) {
      shared_statement& each = *std::exchange(next, next->behind);
      if (on.limits.each) {
        each.until = pqscope::detail::least(each.until, on.limits.now().deadline);
      }
      if (!through.post(each)) {
        hand_out(each, on);
        any = true;
      }
    }
    if (forgets) {
      any = forget_interrupted(through) || any;
    }
    return any;
  }

  /// Hands out what has been answered; or keeps it, where it needs the connection for itself.
  void hand_out(shared_statement& which, core& on) {
    bool const alone = which.goes_alone || (which.failure == nullptr && !which.read(on));
    completion* waiting = nullptr;
    {
      lock const held{ground_.mutex};
      posted_.remove(which);
      if (alone) {
        alone_.add_in_time(which);
      } else {
        waiting = release(which);
      }
    }
    if (waiting != nullptr) {
      waiting->complete();
    }
  }

  /// Lets others go on first.
  void yield() noexcept {
    {
      lock const held{ground_.mutex};
      told_ = true;
    }
    fiber_->unpark();
    fiber_->park({}, false);
  }

  /// Waits until there is something to be done.
  void await(relay& through) {
    libpq::wait_for next = through.wait();
    next.until = pqscope::detail::least(next.until, end_of_first({&posted_, &queue_, &alone_}));
    next.until = pqscope::detail::least(next.until, unwanted_.due(through));
    fiber_->park(next, false);
    through_ = &through;
    unwanted_.look(through);
    through_ = nullptr;
  }

  clock::time_point see_to() noexcept override {
    {
      lock const held{ground_.mutex};
      told_ = false;
    }
    if (through_ != nullptr) {
      expire(posted_, through_);
      forget_interrupted(*through_);
    }
    expire(queue_, nullptr);
    expire(alone_, nullptr);
    return through_ != nullptr ? end_of_first({&posted_, &queue_, &alone_})
                               : end_of_first({&queue_, &alone_});
  }

  /// Ends those whose time is over; whether there were any.
  bool expire_all(relay& through) {
    clock::time_point const until = end_of_first({&posted_, &queue_, &alone_});
    if (until == libpq::never || clock::now() < until) {
      return false;
    }
    bool const any = expire(posted_, &through);
    expire(queue_, nullptr);
    expire(alone_, nullptr);
    return any;
  }
  /// Ends those in a list whose time is over; whether there were any.
  bool expire(shared_list& list, relay* through) {
    clock::time_point const now = clock::now();
    bool any = false;
    for (;;) {
      shared_statement* over = nullptr;
      {
        lock const held{ground_.mutex};
        if (list.empty() || list.first()->until > now || fiber_->is_abandoned()) {
          return any;
        }
        over = list.take_first();
      }
      if (through != nullptr) {
        through->forget(*over);
      }
      char const* const message =
          through != nullptr
              ? "the deadline has passed; the statement was sent, and may be carried out"
          : over->answer ? "the deadline has passed; the statement has been carried out"
                         : "the deadline has passed; nothing was sent";
      over->failure = std::make_exception_ptr(deadline_exceeded(message, true, over->text.where));
      complete(*over);
      any = true;
    }
  }

  /// Ends those who have been cancelled; whether there were any.
  bool forget_interrupted(relay& through) {
    bool any = false;
    for (;;) {
      shared_statement* found = nullptr;
      {
        lock const held{ground_.mutex};
        for (found = posted_.first(); found != nullptr && !found->interrupted;) {
          found = found->behind;
        }
        if (found == nullptr) {
          return any;
        }
        posted_.remove(*found);
      }
      through.forget(*found);
      found->failure = std::make_exception_ptr(operation_cancelled(
          "the operation was cancelled; the statement was sent, and may be carried out", true,
          found->text.where));
      complete(*found);
      any = true;
    }
  }

  /// Carries out what needs the connection for itself; whether there may be more to do with it.
  bool carry_out_alone(core& on) {
    for (;;) {
      shared_statement* next = nullptr;
      {
        lock const held{ground_.mutex};
        next = alone_.take_first();
        if (next != nullptr) {
          next->stops.emplace();
          if (next->interrupted && !next->answer) {  // while it was under way
            next->stops->request_stop();
          }
        }
        alone_now_ = next;
      }
      if (next == nullptr) {
        return has_work_now();
      }
      auto const limits = on.limits;
      on.limits.until = pqscope::detail::least(limits.until, next->until);
      on.limits.stop = next->stops->get_token();
      next->carry_out_alone(on);
      on.limits = limits;
      {
        lock const held{ground_.mutex};
        alone_now_ = nullptr;
      }
      complete(*next);
      if (fiber_->is_abandoned() || !is_whole(on)) {
        return false;
      }
    }
  }

  /// Tells who asked for it, who is not to go on on this stack.
  void complete(shared_statement& which) {
    completion* waiting = nullptr;
    {
      lock const held{ground_.mutex};
      waiting = release(which);
    }
    if (waiting != nullptr) {
      waiting->complete();
    }
  }
  /// Lets go of one that is in no list; who is to be told then. With the mutex held.
  completion* release(shared_statement& which) noexcept {
    if (fiber_->is_abandoned()) {
      alone_.push_back(which);  // `forget` comes
      return nullptr;
    }
    --load_;
    return which.waiting.release();
  }

  /// Fails those that there are, up to one of that number; not those that come meanwhile.
  void fail_all(std::exception_ptr const& failure, std::uint64_t last = UINT64_MAX) noexcept {
    shared_list all;
    {
      lock const held{ground_.mutex};
      for (shared_list* const list : {&posted_, &queue_, &alone_}) {
        for (shared_statement* next = list->first(); next != nullptr;) {
          shared_statement& each = *std::exchange(next, next->behind);
          if (each.number <= last) {
            list->remove(each);
            all.push_back(each);
          }
        }
      }
    }
    while (shared_statement* const each = all.take_first()) {
      each->failure =
          each->answer
              ? std::make_exception_ptr(connection_lost(
                    "the statement has been carried out, but there is no connection to ask "
                    "what the types of its columns are",
                    each->text.where))
              : failure;
      complete(*each);
    }
  }

  shared_ground& ground_;
  std::shared_ptr<fiber> fiber_;

  // with the mutex
  shared_list queue_{};                    // not sent yet
  shared_list posted_{};                   // under way
  shared_list alone_{};                    // need the connection for themselves
  shared_statement* alone_now_ = nullptr;  // has it
  std::optional<std::stop_source> acquiring_{};
  std::size_t load_ = 0;
  bool runs_ = false;              // it has its fiber at work, or about to be
  bool told_ = false;              // it will look at its queue
  bool serves_ = false;            // it has a connection
  bool lacks_connection_ = false;  // it waits for one
  bool any_interrupted_ = false;

  // the fiber's
  clock::time_point since_{};
  clock::time_point look_at_{};
  patient_watch watch_{};
  unwanted_watch unwanted_{};
  bool gives_back_ = false;
  relay* through_ = nullptr;  // while a cancel is waited for
};

}  // namespace pqscope::async::detail

#endif
