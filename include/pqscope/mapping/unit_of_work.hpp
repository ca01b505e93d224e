#ifndef PQSCOPE_MAPPING_UNIT_OF_WORK_HPP
#define PQSCOPE_MAPPING_UNIT_OF_WORK_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/error/most_derived.hpp>
#include <pqscope/error/stale_row.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/mapping/text_writer.hpp>
#include <pqscope/mapping/tracked.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// A struct that a column of another one refers to.
struct entity_target {
  struct_key key;
  bool is_needed;  ///< the column is NOT NULL
};

/// The objects of one struct in a session.
class entity_set_base {
 public:
  entity_set_base(entity_set_base const&) = delete;
  entity_set_base& operator=(entity_set_base const&) = delete;
  virtual ~entity_set_base() = default;

  struct_key key() const noexcept { return key_; }
  /// The structs that its columns refer to.
  std::vector<entity_target> const& targets() const noexcept { return targets_; }

  virtual bool has_changes() const = 0;
  /// Whether an object was changed or removed whose INSERT was queued, and its key is not known.
  virtual bool has_awaited_changes() const = 0;
  /// Queues INSERT for the new objects whose references are known; answers how many have to wait.
  virtual std::size_t queue_inserts(connection_core& core, std::source_location const& where) = 0;
  virtual void queue_updates(connection_core& core, std::source_location const& where) = 0;
  virtual void queue_deletes(connection_core& core, std::source_location const& where) = 0;
  /// Takes back what was done at that depth of nesting, or deeper.
  virtual void restore(int depth) noexcept = 0;
  /// What was done at that depth belongs to the one above it.
  virtual void release(int depth) noexcept = 0;
  /// The session has ended.
  virtual void detach() noexcept = 0;

 protected:
  entity_set_base(struct_key key, std::vector<entity_target> targets)
      : key_{key}, targets_{std::move(targets)} {}

 private:
  struct_key key_;
  std::vector<entity_target> targets_;
};

/// The objects of a session and of those nested in it, and what a flush sends for them.
///
/// A flush inserts parents before children, updates the columns that have changed, and deletes
/// children before parents. Statements are deferred, so that BEGIN, all of them and what comes next
/// share a round trip; only an object that refers to a new one, whose key the server makes, waits
/// for one.
class unit_of_work {
 public:
  unit_of_work() = default;
  unit_of_work(unit_of_work const&) = delete;
  unit_of_work& operator=(unit_of_work const&) = delete;
  ~unit_of_work() { detach(); }

  /// The objects of a struct; null where there are none.
  entity_set_base* find(struct_key key) const noexcept {
    for (auto const& each : sets_) {
      if (each->key() == key) {
        return each.get();
      }
    }
    return nullptr;
  }
  entity_set_base& add(std::unique_ptr<entity_set_base> set) {
    sets_.push_back(std::move(set));
    ordered_.clear();
    return *sets_.back();
  }

  /// Whether a flush would send anything.
  bool has_changes() const {
    return any_of(sets_, [](auto const& each) { return each->has_changes(); });
  }

  /// Queues all that has changed; sends it, but for the last part.
  void queue_changes(connection_core& core, std::source_location const& where) {
    require_intact(where);
    if (flushing_ || !has_changes()) {
      return;
    }
    flushing_ = true;
    try {
      std::size_t waiting = queue_inserts(core, where);
      while (waiting > 0) {
        std::size_t left = queue_inserts(core, where);
        if (left == waiting) {  // for what the server makes
          core.send_deferred(where);
          require_answers();
          left = queue_inserts(core, where);
          if (left == waiting && !core.has_deferred()) {
            throw usage_error("new objects refer to each other in a circle", where);
          }
        }
        waiting = left;
      }
      sort();
      if (any_of(ordered_, [](auto const* each) { return each->has_awaited_changes(); })) {
        core.send_deferred(where);
        require_answers();
      }
      for (entity_set_base* each : ordered_) {
        each->queue_updates(core, where);
      }
      for (std::size_t i = ordered_.size(); i > 0; --i) {
        ordered_[i - 1]->queue_deletes(core, where);
      }
    } catch (...) {
      flushing_ = false;
      fail(core);
      throw;
    }
    flushing_ = false;
  }

  /// Sends what was queued.
  void send(connection_core& core, std::source_location const& where) {
    try {
      core.send_deferred(where);
      require_answers();
    } catch (...) {
      fail(core);
      throw;
    }
  }

  /// Refuses to go on after a flush that failed.
  void require_intact(std::source_location const& where) {
    require_answers();
    if (failed_) {
      throw transaction_rolled_back(first_ ? most_derived(*first_) : nullptr, where);
    }
  }
  /// Takes note of what was queued and has failed on its way with something else.
  void look_at(connection_core& core) {
    if (unanswered_ > 0 && libpq::state_of(core.handle()) == libpq::transaction_state::failed) {
      fail(core);
    }
  }
  /// Whether an answer that has not come has values for objects.
  bool awaits_values() const noexcept { return awaits_values_; }
  /// What was wrong with an answer that came with that to COMMIT; null if nothing was.
  std::exception_ptr take_problem() noexcept { return std::exchange(problem_, nullptr); }

  /// Makes somebody who waits for an answer; kept until the session ends.
  template <class Sink, class... Args>
  answer_sink* keep(Args&&... args) {
    // a std::make_unique<Sink> would be compiled for each kind and each struct
    sinks_.push_back(std::unique_ptr<answer_sink>{new Sink(std::forward<Args>(args)...)});
    ++unanswered_;
    awaits_values_ = awaits_values_ || Sink::reads_values;
    return sinks_.back().get();
  }
  /// An answer has come.
  void note_answer() noexcept {
    unanswered_ -= unanswered_ > 0 ? 1U : 0U;
    awaits_values_ = awaits_values_ && unanswered_ > 0;
  }
  /// An answer could not be read.
  void note_problem(std::exception_ptr problem) noexcept {
    if (!problem_) {
      problem_ = std::move(problem);
    }
  }

  int depth() const noexcept { return depth_; }
  /// What is done from here on belongs to the session at that depth.
  void enter(int depth) noexcept { depth_ = depth; }
  /// Leaves the nested session at that depth, with or without effect.
  void leave(int depth, bool keeps) noexcept {
    if (!keeps) {
      problem_ = nullptr;  // what it is about was undone
    }
    for (auto const& each : sets_) {
      keeps ? each->release(depth) : each->restore(depth);
    }
    if (!keeps) {
      failed_ = false;
      unanswered_ = 0;
      awaits_values_ = false;
    }
    depth_ = depth - 1;
  }
  /// The whole session ends without effect.
  void undo() noexcept {
    for (auto const& each : sets_) {
      each->restore(0);
    }
  }

  /// The whole session has ended: its objects belong to none.
  void detach() noexcept {
    for (auto const& each : sets_) {
      each->detach();
    }
  }

  bool autoflush = true;  ///< whether statements flush first

 private:
  std::size_t queue_inserts(connection_core& core, std::source_location const& where) {
    sort();
    std::size_t waiting = 0;
    for (entity_set_base* each : ordered_) {
      waiting += each->queue_inserts(core, where);
    }
    return waiting;
  }

  void require_answers() {
    if (problem_) {
      give_up();
      std::rethrow_exception(take_problem());
    }
  }

  void fail(connection_core& core) noexcept {
    give_up();
    try {
      first_ = core.first_error;
    } catch (...) {
      first_.reset();
    }
    core.drop_deferred();
  }
  void give_up() noexcept {
    failed_ = true;
    unanswered_ = 0;
    awaits_values_ = false;
    for (auto const& each : sets_) {
      each->restore(depth_);
    }
  }

  /// Brings the structs that others refer to ahead of those. In a circle it looks for one that
  /// needs no other, and else takes the first.
  void sort() {
    if (!ordered_.empty()) {
      return;
    }
    std::vector<entity_set_base*> left;
    for (auto const& each : sets_) {
      left.push_back(each.get());
    }
    while (!left.empty()) {
      std::size_t next = find_free(left, false);
      next = next == left.size() ? find_free(left, true) : next;
      next = next == left.size() ? 0 : next;
      ordered_.push_back(left[next]);
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(next));
    }
  }
  /// The first that refers to no other of them; with `only_needed` references that can be NULL do
  /// not count.
  static std::size_t find_free(std::vector<entity_set_base*> const& among, bool only_needed) {
    std::size_t at = 0;
    auto const refers = [&](entity_set_base const& from) {
      return any_of(from.targets(), [&](entity_target const& target) {
        return (target.is_needed || !only_needed) && any_of(among, [&](auto const* other) {
                 return other != &from && other->key() == target.key;
               });
      });
    };
    while (at < among.size() && refers(*among[at])) {
      ++at;
    }
    return at;
  }

  std::vector<std::unique_ptr<entity_set_base>> sets_;
  std::vector<entity_set_base*> ordered_;
  std::vector<std::unique_ptr<answer_sink>> sinks_;
  std::exception_ptr problem_;
  std::optional<server_error> first_;
  std::size_t unanswered_ = 0;
  bool awaits_values_ = false;  // an answer that has not come has values for objects
  int depth_ = 0;
  bool flushing_ = false;
  bool failed_ = false;
};

/// Where a session and those nested in it find their objects; none until there are some, and after
/// the outermost has ended.
struct shared_objects {
  std::shared_ptr<unit_of_work> unit{};
};

}  // namespace pqscope::detail

#endif
