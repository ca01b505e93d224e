#ifndef PQSCOPE_ASYNC_FIBER_HPP
#define PQSCOPE_ASYNC_FIBER_HPP

#include <pqscope/async/asio.hpp>
#include <pqscope/async/completion.hpp>
#include <pqscope/async/fiber_context.hpp>
#include <pqscope/async/fiber_service.hpp>
#include <pqscope/libpq/waiter.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace pqscope::async::detail {

/// Thrown into what a fiber is in the middle of where nobody will ever go on with it, so that it
/// lets go of all it has. Not an `error`: nobody is to deal with it, or to try again.
struct fiber_abandoned {};

/// What a fiber is to do: a function that stays with who asked for it. Does not throw.
struct fiber_task {
  void (*call)(void*) noexcept = nullptr;
  void* on = nullptr;
};

/// Who has something to see to at times of its own, whatever its fiber waits for.
class fiber_chores {
 public:
  /// Does what is due, on the fiber, in the middle of a wait; when there will be something to do
  /// next, if nobody has the fiber look before.
  virtual libpq::clock::time_point see_to() noexcept = 0;

 protected:
  ~fiber_chores() = default;
};

/// Runs blocking code so that it does not block: where that waits, the fiber is left, and gone on
/// with once Asio says that the socket is ready or the time has come.
///
/// It carries out one task after another. A task can itself have others carried out in its middle:
/// by `serve()`, which is where the work of a session takes place. It begins in the thread that
/// asks for the task, and goes on in those of its executor, in one at a time. A fiber whose owner
/// goes in the middle of something is unwound at once: each wait that it meets on its way is over
/// immediately. Asio's objects are not touched on the fiber's own stack.
class fiber final : public libpq::waiter,
                    public listed_fiber,
                    public std::enable_shared_from_this<fiber> {
 public:
  /// \param executor where it runs
  explicit fiber(asio::any_io_executor const& executor)
      : executor_{executor},
        fibers_{fiber_service::of(executor)},
        socket_{executor},
        timer_{executor} {
    fibers_->add(*this);
  }
  ~fiber() {
    abandon();
    fibers_->remove(*this);
  }

  /// Reserves it for a task; false if it has one. `async_run` comes next.
  bool reserve() noexcept {
    std::lock_guard const held{mutex_};
    return !std::exchange(reserved_, true);
  }
  /// The same, where it serves so deep.
  bool reserve_at(unsigned depth) noexcept {
    std::lock_guard const held{mutex_};
    return !reserved_ && depth_ == depth && (reserved_ = true);
  }
  /// Completes when it has been reserved, where it serves so deep, once its tasks have completed.
  /// \param interrupts the one that it has
  template <class Token>
  auto async_reserve_at(unsigned depth, bool interrupts, Token&& token) {
    return asio::async_initiate<Token, void()>(
        [self = shared_from_this(), depth, interrupts](auto handler) {
          self->queue({depth, make_completion(self->executor_, std::move(handler))}, interrupts);
        },
        token);
  }

  /// There will be none after all.
  void unreserve() noexcept {
    completion_ptr next;
    {
      std::lock_guard const held{mutex_};
      next = take_next();
      reserved_ = next != nullptr;
    }
    if (next != nullptr) {
      next.release()->complete();
    }
  }
  /// Has its waits see to something; null for nothing. Not those of `park`.
  void set_chores(fiber_chores* chores) noexcept { chores_ = chores; }
  /// How deep it serves. On the fiber.
  unsigned depth() const noexcept { return depth_; }
  /// How many tasks there have been.
  std::uint64_t issued() const noexcept { return issued_; }

  /// Has a task carried out; completes when that has returned or serves. The task, and all it
  /// refers to, stays until then, or until `abandon`. It has been reserved before.
  ///
  /// A cancellation, of any type, interrupts what the task waits for, as a stop token would.
  template <class Token>
  auto async_run(fiber_task task, Token&& token) {
    return asio::async_initiate<Token, void()>(
        [self = shared_from_this(), task](auto handler) {
          auto slot = asio::get_associated_cancellation_slot(handler);
          std::uint64_t const number = ++self->issued_;
          if (slot.is_connected()) {
            // stays there when the task has completed: only the handler's executor may touch the
            // slot
            slot.assign([of = self->weak_from_this(), number](asio::cancellation_type) {
              if (auto const still = of.lock(); still != nullptr) {
                asio::post(still->executor_, [still, number] { still->interrupt(number); });
              }
            });
          }
          self->begin(number, task, make_completion(self->executor_, std::move(handler)));
        },
        token);
  }

  /// On the fiber: completes the task, and carries out those that follow until one has asked for
  /// the end of that by `end_serving`. \throws fiber_abandoned if nobody will go on with it
  void serve() {
    deeper const here{depth_};
    for (serving_ = true; serving_;) {
      leave_completed();
      if (abandoned_) {
        throw fiber_abandoned{};
      }
      task_.call(task_.on);
    }
    serving_ = true;  // whoever called the task that called this does
  }
  /// On the fiber, in a task: this was the last one that the innermost `serve` carries out.
  void end_serving() noexcept { serving_ = false; }

  /// Whether nobody will go on with it.
  bool is_abandoned() const noexcept { return abandoned_; }
  /// Whether nobody would go on with it, or will.
  bool is_over() const noexcept { return abandoned_ || fibers_->is_over(); }
  /// Nobody will go on with it: unwinds what it is in the middle of, at once. Not while it runs.
  void abandon() noexcept {
    if (!context_) {
      return;
    }
    abandoned_ = true;
    disarm(turn_);
    while (!context_->ended()) {
      enter_context();
    }
    fibers_->keep_stack(context_->take_stack());
    context_.reset();
  }
  void forget_completion() noexcept override {
    auto const self = weak_from_this().lock();
    completion_ptr const waiting = std::move(completion_);
    std::vector<in_turn> const queue = std::move(queue_);
  }

  libpq::drive_result wait(libpq::wait_for const& request,
                           libpq::limit const& bound) noexcept override {
    using libpq::drive_result;
    bool const heeds = bound.stop.stop_possible();
    for (;;) {
      if (abandoned_ || (heeds && (interrupted_ || bound.stop.stop_requested()))) {
        return heeds ? drive_result::stopped : drive_result::deadline;
      }
      request_ = request;
      request_.until = request.until < bound.deadline ? request.until : bound.deadline;
      auto const due = chores_ != nullptr ? chores_->see_to() : libpq::never;
      request_.until = due < request_.until ? due : request_.until;
      heeds_ = heeds;
      {
        std::stop_callback const on_stop{bound.stop, [this] { unpark(); }};
        suspend();
      }
      if (ready_) {
        return drive_result::done;
      }
      auto const now = libpq::clock::now();
      if (starved_ || now >= bound.deadline) {
        return drive_result::deadline;
      }
      if (now >= request.until) {
        return drive_result::done;
      }
    }
  }

  bool park(libpq::wait_for const& also, bool heeds) noexcept override {
    if (!abandoned_ && !(heeds && interrupted_)) {
      request_ = also;
      heeds_ = heeds;
      suspend();
    }
    return !abandoned_ && !(heeds && interrupted_);
  }

  /// Has it look at what it waits for, from anywhere.
  void unpark() noexcept override {
    if (auto self = weak_from_this().lock(); self != nullptr) {
      asio::post(executor_, [self] { self->nudge(); });
    }
  }

 private:
  /// Who waits for it to be reserved.
  struct in_turn {
    unsigned depth;
    completion_ptr waiting;
  };
  /// Counts while it serves.
  struct deeper {
    explicit deeper(unsigned& of) noexcept : depth{of} { ++depth; }
    deeper(deeper const&) = delete;
    deeper& operator=(deeper const&) = delete;
    ~deeper() { --depth; }
    unsigned& depth;
  };

  void queue(in_turn who, bool interrupts) {
    completion_ptr next;
    std::uint64_t number = 0;
    {
      std::lock_guard const held{mutex_};
      number = number_;
      queue_.push_back(std::move(who));
      if (!reserved_) {
        next = take_next();
        reserved_ = next != nullptr;
      }
    }
    if (next != nullptr) {
      next.release()->complete();
    } else if (interrupts) {
      interrupt(number);
    }
  }
  completion_ptr take_next() noexcept {
    for (auto each = queue_.begin(); each != queue_.end(); ++each) {
      if (each->depth == depth_) {
        completion_ptr next = std::move(each->waiting);
        queue_.erase(each);
        return next;
      }
    }
    return nullptr;
  }

  static void run(void* self) noexcept { static_cast<fiber*>(self)->run_tasks(); }
  void run_tasks() noexcept {
    while (!abandoned_) {
      task_.call(task_.on);
      if (!abandoned_) {
        leave_completed();
      }
    }
  }

  /// On the fiber: leaves it with its task completed, until there is another one.
  void leave_completed() noexcept {
    completed_ = true;
    context_->leave();
  }
  /// On the fiber: leaves it until `request_` is met, or for no reason.
  void suspend() noexcept {
    ready_ = starved_ = false;
    context_->leave();
  }

  void begin(std::uint64_t number, fiber_task task, completion_ptr waiting) {
    if (!context_) {
      context_.emplace(fibers_->take_stack(), &fiber::run, this);
    }
    {
      std::lock_guard const held{mutex_};
      number_ = number;
      interrupted_ = false;
    }
    task_ = task;
    completion_ = std::move(waiting);
    go_on();
  }

  void interrupt(std::uint64_t number) {
    {
      std::lock_guard const held{mutex_};
      if (number != number_) {
        return;
      }
      interrupted_ = true;
      if (!armed_ || !heeds_) {
        return;
      }
      stop_waiting();
    }
    go_on();
  }

  void nudge() {
    {
      std::lock_guard const held{mutex_};
      if (!armed_) {
        nudged_ = true;  // it is about to wait
        return;
      }
      stop_waiting();
    }
    go_on();
  }

  void wake(std::uint64_t turn, bool ready) {
    if (disarm(turn)) {
      ready_ = ready;
      go_on();
    }
  }

  /// Ends a wait; false if it has ended before.
  bool disarm(std::uint64_t turn) noexcept {
    std::lock_guard const held{mutex_};
    if (!armed_ || turn != turn_) {
      return false;
    }
    stop_waiting();
    return true;
  }

  /// What was begun by `arm` is not of interest any more. The socket is libpq's again, which can
  /// close it.
  void stop_waiting() noexcept {
    armed_ = false;
    ++turn_;
    if (socket_.is_open()) {
      socket_.release();
    }
    if (request_.until != libpq::never) {
      timer_.cancel();
    }
    busy_.reset();
  }

  void enter_context() noexcept {
    libpq::waiter* const outer = current();
    set_current(this);
    context_->enter();
    set_current(outer);
  }

  /// Goes on with it, until it completes its task or waits. Throws what the handler throws. The
  /// last thing that is done: others may go on with it at once.
  void go_on() {
    do {
      enter_context();
      if (completed_) {
        completed_ = false;
        completion* const waiting = completion_.release();
        unreserve();
        waiting->complete();
        return;
      }
      if (context_->ended()) {  // it was unwound, for nothing can be waited for any more
        completion_ptr const dropped = std::move(completion_);
        return;
      }
    } while (!arm());
  }

  /// Has Asio wait for what the fiber waits for; false if that is over already.
  bool arm() noexcept {
    if (fibers_->is_over()) {
      abandoned_ = true;
      return false;
    }
    std::lock_guard const held{mutex_};
    if (std::exchange(nudged_, false) || (heeds_ && interrupted_)) {
      return false;
    }
    armed_ = true;
    completion_->at_once = false;
    try {
      if (request_.socket >= 0) {
        await_socket();
      }
      if (request_.until != libpq::never) {
        timer_.expires_at(request_.until);
        timer_.async_wait([self = shared_from_this(), turn = turn_](error_code const& error) {
          if (!error) {
            self->wake(turn, false);
          }
        });
      } else if (request_.socket < 0) {
        busy_ = asio::prefer(executor_, asio::execution::outstanding_work.tracked);
      }
      return true;
    } catch (...) {  // no memory for it
      stop_waiting();
      starved_ = true;
      return false;
    }
  }

  void await_socket() {
    auto const on_ready = [self = shared_from_this(), turn = turn_](error_code const& error) {
      if (error != asio::error::operation_aborted) {
        self->wake(turn, true);
      }
    };
    auto const wants = static_cast<unsigned>(request_.what);
    error_code error;
    socket_.assign(request_.socket, error);
    if (error) {  // libpq finds the reason when it is resumed
      asio::post(executor_, [on_ready, error] { on_ready(error); });
      return;
    }
    if ((wants & 1U) != 0) {
      socket_.async_wait(asio::posix::stream_descriptor::wait_read, on_ready);
    }
    if ((wants & 2U) != 0) {
      socket_.async_wait(asio::posix::stream_descriptor::wait_write, on_ready);
    }
  }

  asio::any_io_executor executor_;
  std::shared_ptr<fiber_list> fibers_;
  asio::posix::stream_descriptor socket_;  // assigned while waiting for it only
  asio::steady_timer timer_;
  std::optional<fiber_context> context_;
  fiber_chores* chores_ = nullptr;
  fiber_task task_;
  completion_ptr completion_;
  libpq::wait_for request_;  // of the wait
  bool heeds_ = false;       // it ends with an interruption
  bool ready_ = false;       // what was waited for has come
  bool starved_ = false;     // it could not be waited for
  bool completed_ = false;   // the task is
  bool serving_ = false;
  bool abandoned_ = false;
  unsigned depth_ = 0;                    // of `serve`; changes while it is reserved
  std::atomic<bool> interrupted_{false};  // the task is
  std::uint64_t issued_ = 0;              // tasks so far; whoever asks for them counts

  std::mutex mutex_;          // of what follows, and of the sockets' and timer's waits
  std::uint64_t number_ = 0;  // of the task
  std::uint64_t turn_ = 0;    // of the wait
  bool armed_ = false;        // Asio waits
  bool nudged_ = false;       // it is not to wait
  bool reserved_ = false;     // it has a task, or will
  std::vector<in_turn> queue_{};
  std::optional<asio::any_io_executor> busy_{};  // while nothing but others can end the wait
};

/// What whoever waits for a task has beside it. Gives the fiber up if it goes before the task has
/// completed.
class fiber_guard {
 public:
  /// \param of one that has been reserved
  explicit fiber_guard(fiber& of) noexcept : of_{&of}, issued_{of.issued()} {}
  fiber_guard(fiber_guard const&) = delete;
  fiber_guard& operator=(fiber_guard const&) = delete;
  ~fiber_guard() {
    if (of_ == nullptr) {
      return;
    }
    if (of_->issued() == issued_) {
      of_->unreserve();  // it was cancelled before it began
    } else {
      of_->abandon();
    }
  }

  /// The task has completed.
  void dismiss() noexcept { of_ = nullptr; }

 private:
  fiber* of_;
  std::uint64_t issued_;
};

}  // namespace pqscope::async::detail

#endif
